"""The tables of a version: all alike, gone when it is dropped, and never pulled away under a reader."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from tests.store.builders import NOW, A, document, entry, feed, ingest
from worker.models import Carried
from worker.store.query import make_request
from worker.store.sqlite import SqliteStore, drop, open_sqlite
from worker.store.sqlite.connection import Database, connect
from worker.store.sqlite.tables import tables_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "feedmill.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    """A store with three articles."""
    made = open_sqlite(path)
    made.feeds.add([feed()])
    made.entries.admit(A, [entry(name) for name in "123"], NOW)
    for name in "123":
        ingest(made, document(name), f"entry-{name}")
    yield made
    made.close()


def copy_all(store: SqliteStore) -> str:
    into = store.versions.create()
    store.versions.carry(
        [Carried(before=each, after=each) for each in store.versions.page("", "", 9, "live")], into
    )
    return into


def schema(path: Path) -> dict[str, str]:
    db = connect(path)
    rows = db.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
    db.close()
    return {row["name"]: row["sql"] for row in rows}


def test_a_version_is_made_of_what_the_first_is_made_of(store: SqliteStore, path: Path) -> None:
    before = schema(path)
    copy_all(store)
    made = {name: sql for name, sql in schema(path).items() if name not in before}
    first, second = tables_of(1), tables_of(2)
    for mine, other in (("fts", "fts"), ("text", "text"), ("article", "article"), ("label", "label")):
        old, new = getattr(first, other), getattr(second, mine)
        made = {name.replace(new, old): sql.replace(new, old) for name, sql in made.items()}
    assert made.items() <= before.items()
    assert {first.article, first.label, first.text, first.fts, "article_text_update", "label_article"} <= set(
        made
    )


@pytest.mark.parametrize("dropped", [1, 2], ids=["the first", "a later one"])
def test_a_dropped_version_leaves_nothing(store: SqliteStore, path: Path, dropped: int) -> None:
    before = set(schema(path))
    copy_all(store)
    if dropped == 1:
        store.versions.swap()
    assert store.versions.drop() == str(dropped)
    left = set(schema(path))
    if dropped == 2:
        assert left == before
    else:
        assert len(left) == len(before)
        assert tables_of(1).article not in left
    db = connect(path)
    assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    db.close()


@pytest.mark.parametrize("kill_at", range(10))
def test_a_drop_that_was_killed_is_finished_by_the_next(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch, kill_at: int
) -> None:
    before = set(schema(path))
    copy_all(store)
    statements = iter(range(99))

    def run(statement: str, db: sqlite3.Connection) -> list[sqlite3.Row]:
        if next(statements) == kill_at:
            raise KeyboardInterrupt
        return db.execute(statement).fetchall()

    monkeypatch.setattr(drop, "_run", run)
    with pytest.raises(KeyboardInterrupt):
        store.versions.drop()
    monkeypatch.undo()
    assert (store.versions.twin(), store.articles.count()) == (None, 3)
    assert store.versions.drop() is None
    assert set(schema(path)) == before
    assert store.versions.create() == "3"


def test_a_search_that_is_running_sees_its_version_whole(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where that is no longer live, and dropped, before the search is done."""
    copy_all(store)
    begun, go_on = Event(), Event()
    snapshot = Database.snapshot

    def slow(database: Database):
        manager = snapshot(database)
        db = manager.__enter__()
        db.execute("SELECT live FROM article_version").fetchone()
        begun.set()
        assert go_on.wait(10)
        return _Entered(manager, db)

    monkeypatch.setattr(Database, "snapshot", slow)
    with ThreadPoolExecutor(1) as pool:
        search = pool.submit(store.articles.search, make_request("body"))
        assert begun.wait(10)
        monkeypatch.setattr(Database, "snapshot", snapshot)
        store.versions.swap()
        assert store.versions.drop() == "1"
        go_on.set()
        assert search.result().total == 3
    assert store.articles.search(make_request("body")).total == 3


class _Entered:
    """A context that was entered already."""

    def __init__(self, manager, db: sqlite3.Connection) -> None:
        self._manager, self._db = manager, db

    def __enter__(self) -> sqlite3.Connection:
        return self._db

    def __exit__(self, *error) -> None:
        self._manager.__exit__(*error)
