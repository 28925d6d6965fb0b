"""The local folder before an object store: what is in neither is on another machine, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from worker.archive.files import Folder, is_name, part_of
from worker.errors import ArchiveMissingError

if TYPE_CHECKING:
    from pathlib import Path

    from worker.archive.bucket import Bucket


class Spool(Folder):
    """A folder whose closed files move to `bucket`: what is not here any more is read there.

    A file is there before it is gone here, so that looking here first misses none.
    """

    bucket: Bucket

    def __init__(self, path: Path, bucket: Bucket) -> None:
        super().__init__(path)
        self.bucket = bucket

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Return up to `length` bytes of a file.

        Raises:
            ArchiveNotUploadedError: it is in neither place. ArchiveMissingError: it ends before the offset.
            ArchiveUnavailableError: the object store is away.
        """
        file = self._find(name)
        if file is None:
            return self.bucket.read(name, offset, length)
        with file:
            return part_of(file, name, offset, length)

    def opened(self, name: str) -> BinaryIO:
        """Open a file for reading it through.

        Raises:
            ArchiveNotUploadedError: it is in neither place. ArchiveUnavailableError: the store is away.
        """
        return self._find(name) or self.bucket.opened(name)

    def require(self) -> None:
        self.bucket.look()

    def _find(self, name: str) -> BinaryIO | None:
        """Open the file that is here.

        Raises:
            ArchiveMissingError: that is no name of a file.
        """
        try:
            return super().opened(name)
        except ArchiveMissingError:
            if not is_name(name):
                raise
            return None
