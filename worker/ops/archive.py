"""The archive looked at by hand: what is in its files, and whether all of it is whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, Literal

from worker.archive.contents import contents_of, find_said_contents
from worker.archive.files import OPEN, Folder
from worker.archive.recovery import is_held
from worker.errors import ArchiveError, OperationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from worker.archive.contents import Contents
    from worker.settings import Settings

State = Literal["closed", "open", "left open"]
"""Of a file: `open` while a process writes to it, `left open` by one that was killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFile:
    """A file by its final name, its size in bytes now, and what is in it."""

    file: str
    state: State
    size: int
    contents: Contents


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSize:
    """How many files there are, how many of them are written to, and the bytes of all."""

    files: int
    open: int
    size: int


def folder_of(settings: Settings) -> Folder:
    """Return the archive's folder.

    Raises:
        OperationError: no pages are kept.
    """
    if settings.archive_folder is None:
        raise OperationError("no pages are kept: FEEDMILL_ARCHIVE_URL is `off`")
    return Folder(settings.archive_folder)


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
        files=len(sizes), open=sum(name.endswith(OPEN) for name in sizes), size=sum(sizes.values())
    )


def list_files(folder: Folder) -> Iterator[ArchiveFile]:
    """Yield all files by name; only those without a record at their end are read through."""
    for path in folder.files():
        yield look_at(path, lambda file: find_said_contents(file) or contents_of(file))


def check_files(paths: Iterable[Path]) -> Iterator[ArchiveFile]:
    """Read files through: `contents.damages` is all that is wrong with each.

    Raises:
        OperationError: one can't be read.
    """
    for path in paths:
        yield look_at(path, contents_of)


def look_at(path: Path, count: Callable[[BinaryIO], Contents]) -> ArchiveFile:
    """Return a file with what `count` finds in it.

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
