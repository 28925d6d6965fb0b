"""One file of the archive while it is being written, and made durable."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from worker.archive.files import OPEN, sync_folder

if TYPE_CHECKING:
    from pathlib import Path


class OpenFile:
    """A file while it is being written by this process. `size` bytes of it are records.

    Appending is for one thread at a time; another may sync meanwhile.
    """

    def __init__(self, folder: Path, name: str, since: float) -> None:
        """Create the file and lock it; `since` is the monotonic time.

        Raises:
            OSError: it can't be created. BlockingIOError: somebody took it for one left behind.
        """
        self.name = name
        self.since = since
        self.size = 0
        self.has_pages = False
        self._path = folder / (name + OPEN)
        self._unsynced: list[tuple[int, bytes]] = []
        self._must_rewrite = self._is_named = self.is_closed = False
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not self.is_there():
                raise BlockingIOError(errno.EAGAIN, "deleted by another process")
        except OSError:
            os.close(self._file)
            raise

    def append(self, packed: bytes) -> int:
        """Write at the end and return where that was; nothing at all where it fails.

        Raises:
            OSError: a full disk, for instance.
        """
        offset = self.size
        try:
            self._write(offset, packed)
        except OSError:
            with suppress(OSError):  # what stands behind the records is overwritten by the next ones
                os.ftruncate(self._file, offset)
            raise
        self.size += len(packed)
        self._unsynced.append((offset, packed))
        return offset

    def is_there(self) -> bool:
        """Return whether the file still has its name: a folder may be deleted under a running service."""
        return os.fstat(self._file).st_nlink > 0

    def sync(self) -> None:
        """Make durable what was appended before the call.

        A system that failed to write forgets what it was to write, and says yes the next time: after a
        failure everything since the last success is written again, from memory.

        Raises:
            OSError: it is not durable.
        """
        count = len(self._unsynced)
        if not count:
            return
        try:
            if self._must_rewrite:
                for offset, packed in self._unsynced[:count]:
                    self._write(offset, packed)
            os.fsync(self._file)
            if not self._is_named:
                sync_folder(self._path.parent)
        except OSError:
            self._must_rewrite = True
            raise
        self._is_named, self._must_rewrite = True, False
        del self._unsynced[:count]

    def finish(self) -> None:
        """Give the file its final name, durably; one without a page is deleted. Safe to call again.

        Raises:
            OSError: it has not got it yet.
        """
        if self.is_closed:
            return
        if not self.has_pages:
            self.remove()
            return
        os.ftruncate(self._file, self.size)
        self.sync()
        os.fsync(self._file)
        final = self._path.with_name(self.name)
        if self._path.exists():
            self._path.rename(final)
        sync_folder(final.parent)
        self.abandon()

    def remove(self) -> None:
        """Close and delete the file: there is no page in it."""
        with suppress(OSError):
            self._path.unlink()
        self.abandon()

    def abandon(self) -> None:
        """Close the file as it is."""
        if not self.is_closed:
            self.is_closed = True
            os.close(self._file)

    def _write(self, offset: int, packed: bytes) -> None:
        view = memoryview(packed)
        while view:
            written = os.pwrite(self._file, view, offset)
            view, offset = view[written:], offset + written
