"""Connections and transactions: one connection per thread, short writes, no cursor left open."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from worker.store.sqlite.faults import store_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from worker.clock import Clock

Item = TypeVar("Item")
Result = TypeVar("Result")

BUSY_TIMEOUT_S = 30.0
"""How long a write waits for another process's; theirs end within `TRANSACTION_S`, too."""
TRANSACTION_S = 0.2
PAGE = 500
"""Most rows in one transaction or read; with TRANSACTION_S, others wait a fraction of a second at most."""


class Database:
    """One SQLite file, used by any number of threads."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._lock = threading.Lock()
        # Threads queue here: in SQLite's own busy handler each would sleep up to 100 ms a try.
        self._writing = threading.Lock()
        self._connections: dict[threading.Thread, sqlite3.Connection] = {}

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Yield this thread's connection; every statement sees what was committed before it."""
        with store_errors(self.path):
            yield self._connection()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Yield this thread's connection inside one reading transaction: all of it sees one moment."""
        with self.read() as db:
            db.execute("BEGIN")
            try:
                yield db
            finally:
                if db.in_transaction:
                    db.execute("COMMIT")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Yield this thread's connection inside one transaction, committed at the end.

        IMMEDIATE, since a transaction that starts by reading and then writes fails at once when
        another has written in between, whatever the busy timeout.
        """
        with store_errors(self.path), self._writing:
            db = self._connection()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            finally:
                # SQLite itself has already rolled back where the disk was full.
                if db.in_transaction:
                    db.execute("ROLLBACK")

    def write_each(
        self, items: Iterable[Item], write: Callable[[sqlite3.Connection, Item], Result]
    ) -> list[Result]:
        """Write the items in order, in as many transactions as their size and time ask for."""
        left = deque(items)
        results: list[Result] = []
        while left:
            with self.write() as db:
                ends_at = self._clock.monotonic() + TRANSACTION_S
                for _ in range(min(PAGE, len(left))):
                    results.append(write(db, left.popleft()))
                    if self._clock.monotonic() > ends_at:
                        break
        return results

    def write_pages(
        self, page: Callable[[sqlite3.Connection], Sequence[Item]], pause_s: float = 0.0
    ) -> list[Item]:
        """Run `page`, which writes up to PAGE rows and returns them, until it finds none left."""
        done: list[Item] = []
        while True:
            with self.write() as db:
                found = page(db)
            if not found:
                return done
            done.extend(found)
            if pause_s:
                self._clock.sleep(pause_s)

    def close(self) -> None:
        """Close every thread's connection; a thread that comes later opens a new one."""
        with self._lock:
            for connection in self._connections.values():
                connection.close()
            self._connections.clear()

    def _connection(self) -> sqlite3.Connection:
        thread = threading.current_thread()
        with self._lock:
            if thread not in self._connections:
                self._close_orphans()
                self._connections[thread] = connect(self.path)
            return self._connections[thread]

    def _close_orphans(self) -> None:
        for thread in [thread for thread in self._connections if not thread.is_alive()]:
            self._connections.pop(thread).close()


def connect(path: Path) -> sqlite3.Connection:
    """Return a new connection, which leaves transactions to its user and may be closed by any thread."""
    db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    db.row_factory = sqlite3.Row
    # In WAL mode NORMAL keeps the file sound through a power cut and may lose its last transactions,
    # each whole: what they held is listed and fetched again.
    db.execute("PRAGMA synchronous = NORMAL")
    return db
