"""Opening the archive that the settings name: is it usable, and what did a killed worker leave open?"""

from __future__ import annotations

import fcntl
import os
import tempfile
from typing import TYPE_CHECKING

from worker.archive.base import NoArchive
from worker.archive.files import Folder, archive_errors, sync_folder
from worker.archive.recovery import recover
from worker.archive.writing import WarcArchive
from worker.errors import ArchiveUnavailableError, OperationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from worker.archive.base import Archive
    from worker.archive.writing import Rotation
    from worker.clock import Clock


def open_archive(
    path: Path | None,
    rotation: Rotation,
    clock: Clock,
    met: Callable[[ArchiveUnavailableError], object],
) -> Archive:
    """Return the archive in that folder, which is made as needed; one that keeps nothing of None.

    What a killed worker left open there is closed first.

    Raises:
        OperationError: the folder cannot be used.
    """
    if path is None:
        return NoArchive()
    folder = Folder(path)
    try:
        with archive_errors(path):
            path.mkdir(parents=True, exist_ok=True)
            sync_folder(path.parent)
            _try_out(path)
    except ArchiveUnavailableError as error:
        raise OperationError(f"{error.detail} (FEEDMILL_ARCHIVE_URL; `off` keeps no pages)") from error
    recover(folder)
    archive = WarcArchive(folder, rotation, clock, met)
    archive.start_upkeep()
    return archive


def _try_out(path: Path) -> None:
    """Write a file, durably and locked, and delete it: whatever forbids that would forbid keeping a page."""
    with tempfile.TemporaryFile(dir=path) as file:
        file.write(b"feedmill")
        file.flush()
        os.fsync(file.fileno())
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
