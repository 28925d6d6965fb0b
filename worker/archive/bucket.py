"""The object store that closed files go to, through fsspec: the one place that speaks to it.

Whatever its library raises becomes a leaf of the error tree here. Credentials and endpoint are the
library's own business: it reads them from its environment and files, and nothing here prints them.
"""

from __future__ import annotations

import hashlib
import io
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from fsspec.core import url_to_fs

from worker.archive.files import is_name
from worker.archive.refusals import code_of, is_bucket_missing, is_refusal, missing_package, raised, said
from worker.errors import (
    ArchiveMissingError,
    ArchiveNotUploadedError,
    ArchiveRefusedError,
    ArchiveUnavailableError,
    OperationError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from typing_extensions import Buffer

    from worker.clock import Clock

AWAY_S = 10.0
"""After a failed read no other is tried for so long: each would hold a thread for some ten seconds."""
ABSENT_S = 10.0
"""How long it is remembered that a file is not there: its pages are asked for one after the other."""
PIECE = 8_388_608
"""Bytes of an object that are in memory at once while it is read through."""
MARKER = "feedmill-archive.txt"
"""What a start writes, to know at once whether it may: the first file comes a quarter of an hour later."""
_NOTE = b"Feedmill keeps WARC files here: pages and feeds as they were fetched.\n"
_WRITTEN_AT = ("LastModified", "last_modified", "mtime", "created")
"""What S3, Azure, Google and memory call it."""
_PUT_OPTIONS: dict[str, dict[str, int]] = {"s3": {"chunksize": 16_777_216, "max_concurrency": 1}}
"""By protocol, what bounds an upload's memory: s3fs would hold ten parts of 50 MB."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file in the object store: its bytes, and when it was put there, if its kind of store tells."""

    size: int
    written_at: datetime | None


class Bucket:
    """Files in an object store, by name, side by side under `place`, its URL. For many threads at once."""

    def __init__(self, url: str, clock: Clock) -> None:
        """Connect to nothing yet.

        Raises:
            OperationError: there is no such kind of store, its package is missing, or its set-up is wrong.
        """
        self.place = url.rstrip("/")
        self._clock = clock
        self._away: tuple[float, str] = (float("-inf"), "")
        self._absent: dict[str, float] = {}
        try:
            self._store, root = url_to_fs(self.place, use_listings_cache=False)
        except ImportError as error:
            raise OperationError(f"FEEDMILL_ARCHIVE_URL: {missing_package(url, error)}") from error
        except (ValueError, TypeError) as error:
            raise OperationError(f"FEEDMILL_ARCHIVE_URL: {self.place}: {error}") from error
        self._root = root.rstrip("/")
        protocol = self._store.protocol
        kind = protocol if isinstance(protocol, str) else protocol[0]
        self._put_options = _PUT_OPTIONS.get(kind, {})

    def try_out(self) -> None:
        """Write a small object beside the files.

        Raises:
            ArchiveRefusedError: that is refused. ArchiveUnavailableError: nothing answers.
        """
        with self._errors():
            self._store.pipe_file(self._path(MARKER), _NOTE)

    def look(self) -> None:
        """Pass if the object store can be read.

        Raises:
            ArchiveRefusedError: that is refused. ArchiveUnavailableError: nothing answers.
        """
        with self._errors():
            try:
                self._store.cat_file(self._path(MARKER), start=0, end=1)
            except FileNotFoundError as error:
                if is_bucket_missing(error):
                    raise

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Return up to `length` bytes of a file, in one request.

        Raises:
            ArchiveNotUploadedError: there is no such file. ArchiveMissingError: it ends before the offset.
            ArchiveUnavailableError: the object store is away, or was a moment ago.
        """
        now = self._clock.monotonic()
        away_at, detail = self._away
        if now < away_at + AWAY_S:
            raise ArchiveUnavailableError(detail=detail)
        if now < self._absent.get(name, float("-inf")) + ABSENT_S:
            raise _not_uploaded(name)
        try:
            return self.piece(name, offset, length)
        except ArchiveNotUploadedError:
            self._absent[name] = now
            raise
        except ArchiveUnavailableError as error:
            self._away = self._clock.monotonic(), error.detail
            raise

    def opened(self, name: str) -> BinaryIO:
        """Open a file for reading it through: one request for each `PIECE`. Its reads raise `ArchiveError`.

        Raises:
            ArchiveNotUploadedError: there is no such file. ArchiveUnavailableError: the store is away.
        """
        size = self.find_size(name)
        if size is None:
            raise _not_uploaded(name)
        return io.BufferedReader(_Object(partial(self.piece, name), size), PIECE)

    def files(self) -> dict[str, Uploaded]:
        """Return the files by name, in order.

        Raises:
            ArchiveUnavailableError: the object store is away.
        """
        with self._errors():
            found = self._store.find(self._root, maxdepth=1, detail=True)
        named = {path.rpartition("/")[2]: _uploaded(each) for path, each in found.items()}
        return {name: each for name, each in sorted(named.items()) if is_name(name)}

    def delete(self, names: Sequence[str]) -> int:
        """Delete files; return how many there were.

        Raises:
            ArchiveUnavailableError: the object store is away, or refuses.
        """
        deleted = 0
        for name in names:
            try:
                with self._errors(name):
                    self._store.rm_file(self._path(name))
            except ArchiveNotUploadedError:
                continue
            deleted += 1
        return deleted

    def find_size(self, name: str) -> int | None:
        """Return how many bytes a file has, None where there is none.

        Raises:
            ArchiveUnavailableError: the object store is away.
        """
        try:
            with self._errors(name):
                return int(self._store.info(self._path(name))["size"])
        except ArchiveNotUploadedError:
            return None

    def sha256(self, name: str, size: int) -> str:
        """Read all of a file, `size` bytes long, and return its digest as hex.

        Raises:
            ArchiveError: it can't be read, or is shorter.
        """
        digest = hashlib.sha256()
        for start in range(0, size, PIECE):
            digest.update(self.piece(name, start, min(PIECE, size - start)))
        return digest.hexdigest()

    def put(self, path: Path) -> None:
        """Upload a file under its own name. What was there is replaced, at once or not at all.

        Raises:
            ArchiveUnavailableError: it is not there.
        """
        with self._errors():
            self._store.put_file(str(path), self._path(path.name), **self._put_options)

    def piece(self, name: str, offset: int, length: int) -> bytes:
        """Return up to `length` bytes of a file, whatever was known of it or of the store before.

        Raises:
            ArchiveError: as `read` does.
        """
        with self._errors(name, offset):
            found: bytes = self._store.cat_file(self._path(name), start=offset, end=offset + length)
        if not found:
            raise ArchiveMissingError(detail=f"{name} ends before {offset}")
        return found

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _errors(self, name: str = "", offset: int = 0) -> Iterator[None]:
        """Turn what a backend raises into a leaf of the error tree; `name` is the file that is read."""
        try:
            yield
        except raised() as error:
            if name and isinstance(error, FileNotFoundError) and not is_bucket_missing(error):
                raise _not_uploaded(name) from error
            if code_of(error) == "InvalidRange":
                raise ArchiveMissingError(detail=f"{name} ends before {offset}") from error
            leaf = ArchiveRefusedError if is_refusal(error) else ArchiveUnavailableError
            raise leaf(detail=f"archive {self.place}: {said(error)}") from error


class _Object(io.RawIOBase):
    """An object as a file: `piece` returns what lies at an offset."""

    def __init__(self, piece: Callable[[int, int], bytes], size: int) -> None:
        super().__init__()
        self._piece = piece
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, into: Buffer) -> int:
        view = memoryview(into)
        length = min(len(view), self._size - self._at)
        if length <= 0:
            return 0
        found = self._piece(self._at, length)
        view[: len(found)] = found
        self._at += len(found)
        return len(found)


def _uploaded(said: Mapping[str, Any]) -> Uploaded:
    at = next((said[name] for name in _WRITTEN_AT if isinstance(said.get(name), datetime)), None)
    return Uploaded(size=int(said["size"]), written_at=at if at and at.tzinfo else None)


def _not_uploaded(name: str) -> ArchiveNotUploadedError:
    return ArchiveNotUploadedError(detail=f"{name} is neither in the spool here nor in the object store")
