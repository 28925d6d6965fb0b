"""Opening: what is refused and how it is said, migration, and two processes at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import sqlite3
import threading
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.store.builders import NOW, A, document, entry, feed, ingest, later
from worker.clock import Clock
from worker.errors import StoreCorruptError, StoreError, StoreUnavailableError, StoreVersionError
from worker.models import Carried, OutcomeKind
from worker.store.query import make_request
from worker.store.sqlite import open_sqlite
from worker.store.sqlite.connection import Database, connect
from worker.store.sqlite.schema import MIGRATIONS, migrate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "feedmill.db"


def make(path: Path) -> None:
    store = open_sqlite(path)
    store.feeds.add([feed()])
    store.entries.admit(A, [entry()], NOW)
    ingest(store, document())
    store.close()


def no_folder(path: Path) -> Path:
    return path / "deeper" / "feedmill.db"


def a_folder(path: Path) -> Path:
    path.mkdir()
    return path


def another_programs(path: Path) -> Path:
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE theirs (x)")
    db.close()
    return path


def no_database(path: Path) -> Path:
    path.write_bytes(b"<html>not a database at all</html>" * 100)
    return path


def cut(path: Path) -> Path:
    make(path)
    with path.open("r+b") as file:
        file.truncate(10_000)
    return path


def newer(path: Path) -> Path:
    make(path)
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()
    return path


@pytest.mark.parametrize(
    ("arrange", "error", "said"),
    [
        (no_folder, StoreUnavailableError, "create it first"),
        (a_folder, StoreUnavailableError, "is a folder"),
        (another_programs, StoreCorruptError, "another program's"),
        (no_database, StoreCorruptError, "is not a database"),
        (cut, StoreCorruptError, "damaged"),
        (newer, StoreVersionError, "upgrade Feedmill"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_refused_in_one_line(path: Path, arrange, error: type[StoreError], said: str) -> None:
    arranged = arrange(path)
    with pytest.raises(error, match=re.escape(said)) as caught:
        store = open_sqlite(arranged)
        list(store.feeds.all())
        store.entries.counts()
    assert str(caught.value).startswith(f"{arranged}: ")
    assert "\n" not in str(caught.value)


def test_a_reader_makes_no_new_file(path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="no such database"):
        open_sqlite(path, create=False)
    assert not path.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_permissions(path: Path) -> None:
    make(path)
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        with pytest.raises(StoreUnavailableError, match="permissions"):
            open_sqlite(path).feeds.add([feed("new")])
    finally:
        path.parent.chmod(0o755)


def test_a_lock_that_never_ends(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(path)
    monkeypatch.setattr("worker.store.sqlite.connection.BUSY_TIMEOUT_S", 0.05)
    store = open_sqlite(path)
    other = connect(path)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match="kept it locked"):
        store.feeds.add([feed("new")])
    other.execute("ROLLBACK")
    assert store.feeds.add([feed("new")])
    other.close()
    store.close()


def test_a_write_locks_before_it_reads(path: Path) -> None:
    """Else it fails at once where another writes between its reading and its writing."""
    make(path)
    database, other = Database(path, Clock()), connect(path)
    other.execute("PRAGMA busy_timeout = 0")
    with database.write() as db:
        db.execute("SELECT count(*) FROM feed").fetchone()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.close()
    database.close()


def test_a_new_file_is_set_up_and_says_so(path: Path) -> None:
    db = connect(path)
    assert migrate(db, path) == [f"{path}: schema version {n}" for n in range(1, len(MIGRATIONS) + 1)]
    assert migrate(db, path) == []
    assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    db.close()


NEXT = (*MIGRATIONS, ("ALTER TABLE entry ADD COLUMN note TEXT", "UPDATE entry SET note = 'migrated'"))


def test_an_older_file_is_migrated_and_keeps_its_rows(path: Path) -> None:
    make(path)
    db = connect(path)
    assert migrate(db, path, NEXT) == [f"{path}: schema version {len(NEXT)}"]
    assert [row[0] for row in db.execute("SELECT note FROM entry")] == ["migrated"]
    db.close()
    with pytest.raises(StoreVersionError):
        open_sqlite(path)


def make_version_1(path: Path) -> None:
    """A file as version 1 wrote it: one indexed row and one that was rejected."""
    db = connect(path)
    migrate(db, path, MIGRATIONS[:1])
    db.executemany(
        """INSERT INTO entry (entry_id, feed_id, url, domain, entry_hash, state, wait, generation, outcome,
            reason, attempts, first_seen_at, listed_at, admitted_at, done_at, article_id, said, ended)
        VALUES (?, 'f', ?, 'news.example', 'h', 'done', 'none', 1, ?, ?, 0, 1, 2, 3, 4, ?, ?, ?)""",
        [
            ("e1", "https://news.example/1", "indexed", None, "a1", '{"title":"One"}', '{"http_status":200}'),
            ("e2", "https://news.example/2", "rejected", "no_article", None, '{"title":"Two"}', "{}"),
        ],
    )
    db.close()


def test_a_file_of_version_1_is_brought_to_this_one(path: Path) -> None:
    make_version_1(path)
    store = open_sqlite(path)
    first, second = store.entries.get("e1"), store.entries.get("e2")
    assert first and second
    assert (first.entry.title, first.article_id, first.http_status) == ("One", "a1", 200)
    for row in (first, second):
        assert (row.body_hash, row.forced, row.detail) == (None, False, None)
    assert store.entries.counts()["rejected"] == 1
    assert store.entries.admit_anyway(["e2"], later(1)) == 1
    assert store.setup() == []
    store.close()
    db = connect(path)
    assert db.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
    db.close()


def test_a_file_of_version_1_has_the_same_tables_as_a_new_one(path: Path, tmp_path: Path) -> None:
    make_version_1(path)
    open_sqlite(path).close()
    open_sqlite(tmp_path / "new.db").close()
    schemas = []
    for each in (path, tmp_path / "new.db"):
        db = connect(each)
        schemas.append(
            [tuple(row) for row in db.execute("SELECT name, sql FROM sqlite_schema ORDER BY name")]
        )
        db.close()
    assert schemas[0] == schemas[1]


def test_a_migration_that_fails_leaves_the_old_version(path: Path) -> None:
    make(path)
    db = connect(path)
    with pytest.raises(sqlite3.OperationalError):
        migrate(db, path, (*NEXT[:-1], (*NEXT[-1], "nonsense")))
    assert db.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
    db.close()
    open_sqlite(path).close()


def open_and_count(path: Path) -> int:
    store = open_sqlite(path)
    count = store.articles.count()
    store.close()
    return count


@pytest.mark.slow
def test_processes_race_for_a_new_file(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, multiprocessing.get_context("forkserver")) as pool:
        for turn in range(10):
            assert list(pool.map(open_and_count, [tmp_path / f"{turn}.db"] * 4)) == [0] * 4


def test_the_text_index_agrees_with_its_content_after_a_revision(path: Path) -> None:
    make(path)
    store = open_sqlite(path)
    store.entries.admit(A, [entry(title="New")], later(60))
    edited = replace(document(body="Other words"), title="Changed", summary="New", fetched_at=later(60))
    assert ingest(store, edited, now=later(60)).kind is OutcomeKind.REVISED
    store.close()
    db = connect(path)
    db.execute("INSERT INTO article_fts (article_fts, rank) VALUES ('integrity-check', 1)")
    assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    db.close()


def test_connections_of_ended_threads_are_closed(path: Path) -> None:
    make(path)
    database = Database(path, Clock())
    for _ in range(3):
        thread = threading.Thread(target=database.read().__enter__)
        thread.start()
        thread.join()
    with database.read():
        assert len(database._connections) == 1
    database.close()


def test_a_file_of_version_4_has_one_version_of_its_articles(path: Path) -> None:
    db = connect(path)
    migrate(db, path, MIGRATIONS[:4])
    db.execute(
        """INSERT INTO article (article_id, url, canonical_url, domain, language, published_at, record)
        VALUES ('a1', 'u', 'u', 'news.example', 'en', 1, ?)""",
        (json.dumps({"feed_id": "f", "feed_ids": ["f"], "published_source": "feed", "first_seen_at": 1,
                     "fetched_at": 1, "content_hash": "h", "raw_digest": "d"}),),
    )  # fmt: skip
    db.execute("INSERT INTO article_text VALUES (1, 'Old title', NULL, 'Old body', '', '')")
    db.close()
    store = open_sqlite(path)
    assert (store.versions.live(), store.versions.twin(), store.rebuilds.get()) == ("1", None, None)
    (before,) = store.versions.page("", "", 10, "live")
    into = store.versions.create()
    store.versions.carry([Carried(before=before, after=replace(before, title="New title"))], into)
    store.versions.swap()
    assert store.articles.search(make_request("new title")).total == 1
    assert (store.versions.drop(), store.versions.live()) == ("1", into)
    store.close()
    reopened = open_sqlite(path)
    assert reopened.articles.get("a1") == replace(before, title="New title")
    reopened.close()
