"""sqlite3's errors, translated once: the path, what is wrong, and what to do about it, in one line."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from worker.errors import StoreCorruptError, StoreError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_UNAVAILABLE = {
    sqlite3.SQLITE_FULL: "the disk is full: free some space, nothing was lost",
    sqlite3.SQLITE_IOERR: "reading or writing failed: check the disk and its free space",
    sqlite3.SQLITE_READONLY: "cannot be written: check the permissions of the file and its folder",
    sqlite3.SQLITE_PERM: "cannot be opened: check the permissions of the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: check that the folder exists and may be written",
    sqlite3.SQLITE_BUSY: "another process kept it locked for too long: try again",
    sqlite3.SQLITE_LOCKED: "another process kept it locked for too long: try again",
}
_CORRUPT = {
    sqlite3.SQLITE_CORRUPT: "the database is damaged: restore a copy, or move it away to start anew",
    sqlite3.SQLITE_NOTADB: "is not a database: name another file, or move this one away",
}
REFUSALS = (ValueError, OverflowError, sqlite3.IntegrityError, sqlite3.DataError)
"""What a document itself can be refused for: text, numbers or a size that the database cannot hold."""


@contextmanager
def store_errors(path: Path) -> Iterator[None]:
    """Turn sqlite3's errors about the file at `path` into leaves of the error tree.

    Errors about a statement (wrong SQL, a broken constraint) are bugs and pass.
    """
    try:
        yield
    except sqlite3.Error as error:
        if fault := _find_fault(error, path):
            raise fault from error
        raise


def _find_fault(error: sqlite3.Error, path: Path) -> StoreError | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary result code
    if said := _UNAVAILABLE.get(code):
        return StoreUnavailableError(f"{path}: {said}")
    if said := _CORRUPT.get(code):
        return StoreCorruptError(f"{path}: {said}")
    return None
