"""The versions of the article tables: made, filled, swapped in one transaction, and dropped bit by bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.errors import StoreError
from worker.models import CarryResult, CarryState
from worker.store.sqlite.articles import delete_document, find_document, find_page
from worker.store.sqlite.drop import clear, leftovers
from worker.store.sqlite.faults import REFUSALS
from worker.store.sqlite.level import write_over
from worker.store.sqlite.tables import article_tables, find_versions
from worker.store.versions import carrying

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime

    from worker.models import Carried, Document
    from worker.store.rebuilding import Which
    from worker.store.sqlite.connection import Database
    from worker.store.sqlite.tables import Tables, Versions

_FILES = """SELECT json_extract(record, '$.archive.file') AS file, count(*) AS documents FROM {article}
    WHERE file IS NOT NULL GROUP BY file"""


class SqliteVersions:
    """`ArticleVersions` on SQLite, where a version is a set of tables, named by its number."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def live(self) -> str:
        with self._database.read() as db:
            return str(find_versions(db).live.version)

    def twin(self) -> str | None:
        with self._database.read() as db:
            twin = find_versions(db).twin
        return str(twin.version) if twin else None

    def create(self) -> str:
        with self._database.write() as db:
            if twin := find_versions(db).twin:
                raise StoreError(
                    f"{self._database.path}: version {twin.version} is there already: drop it first"
                )
            changed = "UPDATE article_version SET latest = latest + 1, twin = latest + 1 RETURNING twin"
            version: int = db.execute(changed).fetchone()[0]
            for statement in article_tables(version):
                db.execute(statement)
        return str(version)

    def page(self, after: str, before: str, limit: int, version: Which) -> list[Document]:
        with self._database.snapshot() as db:
            versions = find_versions(db)
            tables = versions.live if version == "live" else self._twin_of(versions)
            return find_page(db, tables, after, before, limit)

    def carry(self, rebuilt: Sequence[Carried], into: str) -> list[CarryResult]:
        return self._database.write_each(rebuilt, lambda db, each: self._carry(db, each, into))

    def amend(self, changes: Sequence[Carried]) -> list[CarryResult]:
        return self._database.write_each(changes, _amended)

    def level(self, since: datetime) -> None:
        """Do nothing: one transaction writes to both versions."""

    def swap(self) -> None:
        with self._database.write() as db:
            self._twin_of(find_versions(db))
            db.execute("UPDATE article_version SET live = twin, twin = live")

    def drop(self) -> str | None:
        with self._database.write() as db:
            twin = find_versions(db).twin
            db.execute("UPDATE article_version SET twin = NULL")
        with self._database.read() as db:
            left = leftovers(db)
        for tables in left:
            clear(self._database, tables)
        return str(twin.version) if twin else None

    def files(self) -> dict[str, int]:
        found: dict[str, int] = {}
        with self._database.snapshot() as db:
            for tables in find_versions(db).all():
                for file, documents in db.execute(_FILES.format(article=tables.article)).fetchall():
                    found[file] = found.get(file, 0) + documents
        return found

    def _twin_of(self, versions: Versions) -> Tables:
        if versions.twin is None:
            raise StoreError(f"{self._database.path}: there is one version of the articles only")
        return versions.twin

    def _carry(self, db: sqlite3.Connection, carried: Carried, into: str) -> CarryResult:
        versions = find_versions(db)
        tables = self._twin_of(versions)
        if str(tables.version) != into:
            raise StoreError(f"{self._database.path}: version {into} is not being filled any more")
        article_id = carried.before.article_id
        twin = find_document(db, tables, article_id)
        decided = carrying(carried, find_document(db, versions.live, article_id), twin)
        if decided.document is None:
            delete_document(db, tables, article_id)
        elif decided.document != twin:
            return _written(db, tables, twin, decided.document)
        return CarryResult(state=decided.state)


def _amended(db: sqlite3.Connection, change: Carried) -> CarryResult:
    live = find_versions(db).live
    document = find_document(db, live, change.before.article_id)
    if document is None:
        return CarryResult(state=CarryState.GONE)
    if document != change.before or change.after is None:
        return CarryResult(state=CarryState.CHANGED)
    return _written(db, live, document, change.after)


def _written(db: sqlite3.Connection, tables: Tables, twin: Document | None, wanted: Document) -> CarryResult:
    """Write a document, or nothing of it: others in the same transaction stay unharmed."""
    db.execute("SAVEPOINT document")
    try:
        write_over(db, tables, twin, wanted)
    except REFUSALS as error:
        db.execute("ROLLBACK TO document")
        return CarryResult(state=CarryState.REFUSED, error=f"{type(error).__name__}: {error}")
    finally:
        if db.in_transaction:
            db.execute("RELEASE document")
    return CarryResult(state=CarryState.CARRIED)
