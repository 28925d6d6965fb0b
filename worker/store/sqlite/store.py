"""The SQLite store: one file, opened, migrated, and shared by threads and processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.clock import Clock
from worker.errors import StoreUnavailableError
from worker.store.sqlite.articles import SqliteArticles
from worker.store.sqlite.connection import Database
from worker.store.sqlite.entries import SqliteLedger
from worker.store.sqlite.feeds import SqliteFeeds
from worker.store.sqlite.hosts import SqliteHosts
from worker.store.sqlite.rebuilds import SqliteRebuilds
from worker.store.sqlite.schema import migrate
from worker.store.sqlite.versions import SqliteVersions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from worker.models import Settled, Settlement


class SqliteStore:
    """`Store` on one SQLite file."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self.feeds = SqliteFeeds(database)
        self.entries = SqliteLedger(database, clock)
        self.articles = SqliteArticles(database)
        self.hosts = SqliteHosts(database)
        self.versions = SqliteVersions(database)
        self.rebuilds = SqliteRebuilds(database)

    def settle(self, settlements: Sequence[Settlement], now: datetime) -> list[Settled]:
        """Write documents and outcomes together, in order; see `Store.settle`.

        More than one transaction's worth is written in several: after a StoreUnavailableError what
        an earlier one holds is settled for good, and settling it again answers `stale`.
        """
        return self.entries.finish(settlements, now)

    def setup(self) -> list[str]:
        with self._database.read() as db:
            return migrate(db, self._database.path)

    def close(self) -> None:
        self._database.close()


def open_sqlite(path: Path, *, create: bool = True, clock: Clock | None = None) -> SqliteStore:
    """Return the store in the file at `path`, migrated to the newest schema.

    `create` False refuses to make a new file: for commands that only make sense with one.

    Raises:
        StoreUnavailableError: no such file or folder, no permission, a full disk.
        StoreCorruptError: the file is damaged or is not Feedmill's.
        StoreVersionError: a newer Feedmill wrote it.
    """
    _check_place(path, create=create)
    clock = clock or Clock()
    store = SqliteStore(Database(path, clock), clock)
    try:
        store.setup()
    except BaseException:
        store.close()
        raise
    return store


def _check_place(path: Path, *, create: bool) -> None:
    """Say more clearly than SQLite's 'unable to open' what is missing."""
    if path.is_dir():
        raise StoreUnavailableError(f"{path}: is a folder: name a file in it")
    if not path.parent.is_dir():
        raise StoreUnavailableError(f"{path}: there is no folder {path.parent}: create it first")
    if not create and not path.exists():
        raise StoreUnavailableError(
            f"{path}: no such database: `feedmill run` or `feedmill feeds add` makes one"
        )
