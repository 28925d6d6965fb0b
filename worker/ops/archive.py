"""The archive looked at by hand: what is in its files, and whether all of it is whole."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Literal

from worker.archive.contents import contents_of, find_said_contents
from worker.archive.files import OPEN, Folder
from worker.archive.opening import open_files
from worker.archive.recovery import is_held
from worker.clock import Clock
from worker.errors import ArchiveError, ArchiveUnavailableError, OperationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from worker.archive.bucket import Bucket
    from worker.archive.contents import Contents
    from worker.settings import Settings

State = Literal["closed", "open", "left open", "to upload", "uploaded"]
"""Of a file: `open` while a process writes to it, `left open` by one that was killed.

Before an object store a closed one is `to upload`, in the spool here, or `uploaded`.
"""
_AT_ONCE = 8
"""Requests to an object store at a time: one of some 50 ms for each of 35,000 files a year and worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFile:
    """A file by its final name, its size in bytes now, and what is in it."""

    file: str
    state: State
    size: int
    contents: Contents


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSize:
    """How many files there are, how many of them are written to, and the bytes of all.

    Where they go on to the object store `bucket`, those that wait in the spool here.
    """

    files: int
    open: int
    size: int
    bucket: str | None = None


def folder_of(settings: Settings) -> Folder:
    """Return the archive's folder, with the object store behind it.

    Raises:
        OperationError: no pages are kept, or they can't be read.
    """
    if settings.archive_folder is None:
        raise OperationError("no pages are kept: FEEDMILL_ARCHIVE_URL is `off`")
    return open_files(settings.archive_folder, settings.archive_bucket, Clock())


def readable_folder(settings: Settings) -> Folder:
    """Return the archive's folder, after a look whether its object store may be read.

    Raises:
        OperationError: no pages are kept, or they can't be read.
    """
    folder = folder_of(settings)
    try:
        folder.require()
    except ArchiveUnavailableError as error:
        raise OperationError(f"{error.detail} (FEEDMILL_ARCHIVE_URL)") from error
    return folder


def size_of(settings: Settings) -> ArchiveSize | None:
    """Look at the folder; None where no pages are kept."""
    if settings.archive_folder is None:
        return None
    sizes = {}
    for path in Folder(settings.archive_folder).files():
        try:
            sizes[path.name] = path.stat().st_size
        except FileNotFoundError:  # it was closed just now
            continue
    return ArchiveSize(
        files=len(sizes),
        open=sum(name.endswith(OPEN) for name in sizes),
        size=sum(sizes.values()),
        bucket=settings.archive_bucket,
    )


def list_files(folder: Folder) -> Iterator[ArchiveFile]:
    """Yield all files by name; only those without a record at their end are read through.

    Raises:
        OperationError: one can't be read.
    """
    return _looked_at(
        folder, folder.files(), None, lambda file: find_said_contents(file) or contents_of(file)
    )


def check_files(
    folder: Folder, paths: Iterable[Path], uploaded: Iterable[str] | None
) -> Iterator[ArchiveFile]:
    """Read files through, those at `paths`, and of the uploaded ones those named, or all where it is None.

    `contents.damages` is all that is wrong with each.

    Raises:
        OperationError: one can't be read.
    """
    return _looked_at(folder, paths, uploaded, contents_of)


def _looked_at(
    folder: Folder,
    paths: Iterable[Path],
    uploaded: Iterable[str] | None,
    count: Callable[[BinaryIO], Contents],
) -> Iterator[ArchiveFile]:
    seen = set()
    for path in paths:
        if each := _look_at(path, folder, count):
            seen.add(each.file)
            yield each
    if folder.bucket is None:
        return
    try:
        names = [name for name in folder.bucket.files() if name not in seen] if uploaded is None else uploaded
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            yield from threads.map(partial(_look_there, folder.bucket, count), names)
    except ArchiveError as error:
        raise OperationError(error.detail) from error


def _look_there(bucket: Bucket, count: Callable[[BinaryIO], Contents], name: str) -> ArchiveFile:
    with bucket.opened(name) as file:
        contents = count(file)
        return ArchiveFile(file=name, state="uploaded", size=file.seek(0, 2), contents=contents)


def look_at(path: Path, count: Callable[[BinaryIO], Contents]) -> ArchiveFile:
    """Return a file of a folder with what `count` finds in it.

    Raises:
        OperationError: it can't be read.
    """
    name, state = path.name.removesuffix(OPEN), _state(path)
    try:
        with _opened(path, name) as file:
            contents = count(file)
            size = file.seek(0, 2)
    except OSError as error:
        raise OperationError(f"cannot read {path}: {error.strerror}") from error
    if state == "open":  # what stands behind the last whole record is being written
        whole = tuple(damage for damage in contents.damages if damage.offset < contents.length)
        contents = replace(contents, damages=whole)
    return ArchiveFile(file=name, state=state, size=size, contents=contents)


def _look_at(path: Path, folder: Folder, count: Callable[[BinaryIO], Contents]) -> ArchiveFile | None:
    """Return a file of the archive, None of one that has just been moved to the object store."""
    if folder.bucket is None or path.parent != folder.path:
        return look_at(path, count)
    try:
        found = look_at(path, count)
    except OperationError:
        if _is_gone(path):
            return None
        raise
    return replace(found, state="to upload") if found.state == "closed" else found


def _is_gone(path: Path) -> bool:
    return not (path.exists() or path.with_name(path.name.removesuffix(OPEN)).exists())


def _opened(path: Path, name: str) -> BinaryIO:
    """Open a file, also one that was closed, and so renamed, since it was looked for."""
    try:
        return path.open("rb")
    except FileNotFoundError:
        try:
            return Folder(path.parent).opened(name)
        except ArchiveError as error:
            raise OperationError(f"cannot read {error.detail}") from error


def _state(path: Path) -> State:
    if not path.name.endswith(OPEN):
        return "closed"
    return "open" if is_held(path) else "left open"
