"""The archive as a rebuild reads it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from worker.archive.opening import open_files
from worker.archive.reading import read_packed
from worker.archive.uploading import ARRIVAL_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.archive.reading import Packed
    from worker.clock import Clock
    from worker.models import ArchiveLocation
    from worker.settings import Settings

READERS = 8
"""Requests to an object store at once, in each thread of a copy: one after the other, at some 30 ms each,
they would take as long as the extraction."""


def open_pages(settings: Settings, clock: Clock) -> Callable[[ArchiveLocation], Packed]:
    """Return what reads archived pages, packed; where none are kept, it is never to be called.

    Raises:
        OperationError: the archive's object store cannot be spoken to.
    """
    if settings.archive_folder is None:
        return no_page
    return partial(read_packed, open_files(settings.archive_folder, settings.archive_bucket, clock))


def no_page(location: ArchiveLocation) -> Packed:
    """Stand in for the archive where no page is read."""
    raise AssertionError(f"made from the stored text, not from {location.file}")


def arrival_s(settings: Settings) -> float:
    """Return how long after its beginning a file may still be on its way to the object store, in seconds."""
    return settings.archive_file_minutes * 60 + ARRIVAL_S


def readers_of(settings: Settings) -> int:
    """Return how many pages are worth reading at once: from a disk one."""
    return READERS if settings.archive_bucket else 1
