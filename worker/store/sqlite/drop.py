"""Taking a version's tables away without holding up others: emptied in many short transactions, then dropped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.store.sqlite.connection import PAGE
from worker.store.sqlite.tables import FIRST, find_versions, tables_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from worker.store.sqlite.connection import Database
    from worker.store.sqlite.tables import Tables

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
    for table, key in _to_empty(tables):
        database.write_pages(lambda db, table=table, key=key: _delete_page(db, table, key))
    with database.write() as db:
        for name in (tables.fts, tables.text, tables.label, tables.article):
            db.execute(f"DROP TABLE IF EXISTS {name}")


def _to_empty(tables: Tables) -> Iterator[tuple[str, str]]:
    yield tables.text, "id"
    yield tables.label, "kind, value, article"
    yield tables.article, "id"


def _delete_page(db: sqlite3.Connection, table: str, key: str) -> Sequence[sqlite3.Row]:
    page = f"SELECT {key} FROM {table} LIMIT {PAGE}"
    return db.execute(f"DELETE FROM {table} WHERE ({key}) IN ({page}) RETURNING 1").fetchall()
