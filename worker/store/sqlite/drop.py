"""Taking a version's tables away without holding up others: emptied in short transactions, then dropped."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from worker.store.sqlite.connection import PAGE
from worker.store.sqlite.tables import FIRST, find_versions, tables_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from worker.store.sqlite.connection import Database
    from worker.store.sqlite.tables import Tables

PAUSE_S = 0.01
"""Between two transactions: another process waits by trying again, and would never meet a gap."""
_FTS_RECORDS = 10
"""FTS5 keeps its averages and its structure in the rows 1 and 10 of its data, and pages of words above."""
_NAME = re.compile(r"article(?:_(\d+))?")


def leftovers(db: sqlite3.Connection) -> list[Tables]:
    """Return the tables that are no version's any more."""
    names = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()]
    found = [tables_of(int(name[1] or FIRST)) for name in map(_NAME.fullmatch, names) if name]
    return [tables for tables in found if tables not in find_versions(db).all()]


def clear(database: Database, tables: Tables) -> None:
    """Delete what the tables hold, and then the tables; what was begun before goes on."""
    with database.write() as db:
        # Taking words out of the text index one by one costs as much as putting them in.
        for event in ("insert", "update", "delete"):
            db.execute(f"DROP TRIGGER IF EXISTS {tables.text}_{event}")
    for statement in _pages(tables):
        database.write_pages(partial(_run, statement), pause_s=PAUSE_S)
    with database.write() as db:
        for name in (tables.fts, tables.text, tables.label, tables.article):
            db.execute(f"DROP TABLE IF EXISTS {name}")


def _pages(tables: Tables) -> Iterator[str]:
    """Yield statements that each delete a page of rows, to be run until they find none."""
    parts = {
        # The text index is in tables of its own; without its first records it could not even be dropped.
        f"{tables.fts}_data": ("id", f"WHERE id > {_FTS_RECORDS}"),
        f"{tables.fts}_docsize": ("id", ""),
        f"{tables.fts}_idx": ("segid, term", ""),
        tables.text: ("id", ""),
        tables.label: ("kind, value, article", ""),
        tables.article: ("id", ""),
    }
    for table, (key, where) in parts.items():
        page = f"SELECT {key} FROM {table} {where} LIMIT {PAGE}"
        yield f"DELETE FROM {table} WHERE ({key}) IN ({page}) RETURNING 1"


def _run(statement: str, db: sqlite3.Connection) -> Sequence[sqlite3.Row]:
    return db.execute(statement).fetchall()
