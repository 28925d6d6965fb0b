"""Files that a killed worker left open: read to their last whole record, cut there, closed."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from worker.archive.contents import Contents, contents_of
from worker.archive.files import OPEN, sync_folder

if TYPE_CHECKING:
    from pathlib import Path

    from worker.archive.files import Folder

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """A file that was left open: its final name, what it holds, and how many bytes were cut off behind that.

    A file without a page is deleted.
    """

    name: str
    contents: Contents
    cut: int


def recover(folder: Folder) -> list[Recovered]:
    """Close every file that nobody holds open any more; one line in the log for each.

    One that can't be closed, since another user owns it for instance, is said and left as it is.
    """
    closed = []
    for path in folder.files():
        try:
            found = _recovered(path) if path.name.endswith(OPEN) else None
        except OSError as error:
            log.warning("archive file cannot be closed", file=path.name, error=error.strerror)
            continue
        closed += [found] if found else []
    return closed


def is_held(path: Path) -> bool:
    """Return whether a process holds this file open for writing."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def _recovered(path: Path) -> Recovered | None:
    try:
        file = path.open("r+b")
    except FileNotFoundError:
        return None  # another worker was faster
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        if not path.exists() or not os.path.samestat(path.stat(), os.fstat(file.fileno())):
            return None
        contents = contents_of(file)
        cut = os.fstat(file.fileno()).st_size - contents.length
        file.truncate(contents.length)
        os.fsync(file.fileno())
        final = path.with_name(path.name.removesuffix(OPEN))
        if contents.pages:
            path.rename(final)
        else:
            path.unlink()
        sync_folder(path.parent)
    log.warning("archive file was left open", file=final.name, pages=contents.pages, cut_bytes=cut)
    return Recovered(name=final.name, contents=contents, cut=cut)
