"""The archive's files: their names, the folder they lie in, and what can be wrong with it.

A file that is being written has `.open` at the end of its name, and its writer holds a lock on it
(flock) that ends with the process. Everybody else knows it by its final name.
"""

from __future__ import annotations

import errno
import os
import re
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

from worker.errors import ArchiveMissingError, ArchiveUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from worker.archive.bucket import Bucket

SUFFIX = ".warc.gz"
OPEN = ".open"

_SAID = {
    errno.ENOSPC: "the disk is full: free some space, nothing was lost",
    errno.EDQUOT: "the disk quota is used up: free some space, nothing was lost",
    errno.ENOENT: "the folder is gone: put it back, nothing was lost",
    errno.EACCES: "cannot be written: check its permissions",
    errno.EEXIST: "is no folder: name one",
    errno.ENOTDIR: "is no folder: name one",
    errno.ENOLCK: "its file system has no locks: name a folder on another",
    errno.EROFS: "cannot be written: its file system is read-only",
}
_NAME = re.compile(r"[\w.-]+\.warc(?:\.gz)?\Z", re.ASCII)
_BEGAN = re.compile(r"feedmill-(\d{8}T\d{6})-", re.ASCII)


def file_name(at: datetime, host: str, pid: int, token: str, serial: int) -> str:
    """Return the name of a worker's next file: sorted by time, and nobody else's.

    Two containers may share host name and process number, so `token` (random, once per process) is in it.
    """
    short = re.sub(r"[^A-Za-z0-9-]", "-", host)[:40] or "host"
    return f"feedmill-{at:%Y%m%dT%H%M%S}-{short}-{pid}-{token}-{serial:05d}{SUFFIX}"


def is_name(name: str) -> bool:
    """Return whether a file of the archive may be called so."""
    return bool(_NAME.match(name))


def find_beginning(name: str) -> datetime | None:
    """Return when a worker began the file of that name, None where the name is not one of a worker's."""
    began = _BEGAN.match(name)
    try:
        return datetime.strptime(began[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC) if began else None
    except ValueError:
        return None


@contextmanager
def archive_errors(folder: Path) -> Iterator[None]:
    """Turn what the system says of the archive in `folder` into a leaf of the error tree."""
    try:
        yield
    except OSError as error:
        said = _SAID.get(error.errno or 0, f"writing failed: {error.strerror}")
        raise ArchiveUnavailableError(detail=f"archive {folder}: {said}") from error


class Folder:
    """Where the files lie, for readers: they find one that is still being written, too.

    `bucket` is the object store that closed files move to, None where they stay.
    """

    bucket: Bucket | None = None

    def __init__(self, path: Path) -> None:
        self.path = path

    def files(self) -> list[Path]:
        """Return all files by name, those that are open or were left open among them; none of no folder."""
        try:
            found = [each for each in self.path.iterdir() if is_name(each.name.removesuffix(OPEN))]
        except FileNotFoundError:
            return []
        return sorted(found, key=lambda path: path.name)

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Return up to `length` bytes of a file.

        Raises:
            ArchiveMissingError: there is no such file, or it ends before the offset.
        """
        with self.opened(name) as file:
            return part_of(file, name, offset, length)

    def opened(self, name: str) -> BinaryIO:
        """Open a file for reading.

        Raises:
            ArchiveMissingError: it can't be.
        """
        reason = "is not the name of a file in the archive"
        # Open, closed, and closed between the two looks.
        for suffix in ("", OPEN, "") if is_name(name) else ():
            try:
                return (self.path / (name + suffix)).open("rb")
            except OSError as error:
                reason = str(error.strerror)
        raise ArchiveMissingError(detail=f"{name}: {reason}")

    def require(self) -> None:
        """Pass if files can be read, as far as can be said beforehand.

        Raises:
            ArchiveUnavailableError: the object store is away, or refuses.
        """


def part_of(file: BinaryIO, name: str, offset: int, length: int) -> bytes:
    """Return up to `length` bytes of a file of that name.

    Raises:
        ArchiveMissingError: it ends before the offset.
    """
    file.seek(offset)
    found = file.read(length)
    if not found:
        raise ArchiveMissingError(detail=f"{name} ends before {offset}")
    return found


def sync_folder(folder: Path) -> None:
    """Make durable which files a folder has."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
