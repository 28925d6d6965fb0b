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
from worker.errors import ArchiveRefusedError, ArchiveUnavailableError, OperationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from worker.archive.base import Archive
    from worker.archive.spool import Spool
    from worker.archive.writing import Rotation
    from worker.clock import Clock


def open_files(path: Path, bucket_url: str | None, clock: Clock) -> Folder:
    """Return the archive's files for reading: a folder, or one before the object store of that URL.

    Raises:
        OperationError: there is no such kind of object store, or the package for it is missing.
    """
    return _spool(path, bucket_url, clock) if bucket_url else Folder(path)


def open_archive(
    path: Path | None,
    rotation: Rotation,
    clock: Clock,
    met: Callable[[ArchiveUnavailableError], object],
    bucket_url: str | None = None,
) -> Archive:
    """Return the archive in that folder, which is made as needed; one that keeps nothing of None.

    What a killed worker left open there is closed first. With a `bucket_url` the folder is a spool: closed
    files go on to that object store, also those that an earlier worker left. One that is away at the
    start is told and waited for.

    Raises:
        OperationError: the folder cannot be used, or the object store refuses.
    """
    if path is None:
        return NoArchive()
    spool = _spool(path, bucket_url, clock) if bucket_url else None
    folder = spool or Folder(path)
    setting = "FEEDMILL_ARCHIVE_SPOOL" if spool else "FEEDMILL_ARCHIVE_URL; `off` keeps no pages"
    try:
        with archive_errors(path):
            path.mkdir(parents=True, exist_ok=True)
            sync_folder(path.parent)
            _try_out(path)
    except ArchiveUnavailableError as error:
        raise OperationError(f"{error.detail} ({setting})") from error
    recover(folder)
    if spool is None:
        archive = WarcArchive(folder, rotation, clock, met)
    else:
        archive = _spooled(spool, rotation, clock, met)
    archive.start_upkeep()
    return archive


def _spool(path: Path, bucket_url: str, clock: Clock) -> Spool:
    from worker.archive.bucket import Bucket  # noqa: PLC0415 - fsspec and its backends take a second to load
    from worker.archive.spool import Spool  # noqa: PLC0415

    return Spool(path, Bucket(bucket_url, clock))


def _spooled(
    spool: Spool, rotation: Rotation, clock: Clock, met: Callable[[ArchiveUnavailableError], object]
) -> WarcArchive:
    from worker.archive.uploading import SpooledArchive  # noqa: PLC0415 - as in `_spool`

    try:
        spool.bucket.try_out()
    except ArchiveRefusedError as error:
        raise OperationError(f"{error.detail} (FEEDMILL_ARCHIVE_URL)") from error
    except ArchiveUnavailableError as error:
        met(error)
    return SpooledArchive(spool, rotation, clock, met)


def _try_out(path: Path) -> None:
    """Write a file, durably and locked, and delete it: whatever forbids that would forbid keeping a page."""
    with tempfile.TemporaryFile(dir=path) as file:
        file.write(b"feedmill")
        file.flush()
        os.fsync(file.fileno())
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
