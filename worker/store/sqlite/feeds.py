"""The feeds table."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from worker.models import Feed, FeedState
from worker.store.records import decode, encoded_fields, to_json, to_ms
from worker.store.sqlite.connection import PAGE, Database
from worker.store.turns import EVERYTHING, LOOKED_AT, DueFeed, take_turns
from worker.urls import feed_id_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from worker.store.turns import Share

_COLUMNS = ("feed_id", "url", "title", "state", "next_poll_at", "interval_s")
_STORE = """INSERT OR REPLACE INTO feed
    (feed_id, url, title, state, next_poll_at, interval_s, url_key, redirect_key, record)
    VALUES (:feed_id, :url, :title, :state, :next_poll_at, :interval_s, :url_key, :redirect_key, :record)"""
_BY_KEYS = """SELECT * FROM feed
    WHERE feed_id = :key OR url_key = :key OR redirect_key = :key ORDER BY feed_id = :key DESC"""

_DUE = """SELECT feed_id, coalesce(json_extract(record, '$.domain'), '') FROM feed
    WHERE state = 'active' AND next_poll_at <= ? ORDER BY next_poll_at LIMIT ?"""
_CLAIM = "UPDATE feed SET next_poll_at = ? + min(interval_s * 1000, ?) WHERE feed_id = ?"
_PUT_OFF = "UPDATE feed SET next_poll_at = ? + ? WHERE feed_id = ?"


class SqliteFeeds:
    """`FeedStore` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, feeds: Iterable[Feed]) -> list[str]:
        added = self._database.write_each(feeds, _add)
        return [feed_id for feed_id in added if feed_id]

    def get(self, feed_id: str) -> Feed | None:
        with self._database.read() as db:
            return _find(db, feed_id)

    def find(self, url: str) -> Feed | None:
        with self._database.read() as db:
            return _find_by_key(db, _key(url))

    def all(self) -> Iterator[Feed]:
        with self._database.read() as db:
            ids = [
                row[0]
                for row in db.execute(
                    "SELECT feed_id FROM feed ORDER BY coalesce(title, url) COLLATE NOCASE, url, feed_id"
                )
            ]
        for start in range(0, len(ids), PAGE):
            with self._database.read() as db:
                found = [_find(db, feed_id) for feed_id in ids[start : start + PAGE]]
            yield from filter(None, found)

    def claim_due(self, now: datetime, limit: int, lease_s: float, share: Share = EVERYTHING) -> list[Feed]:
        now_ms = to_ms(now)
        with self._database.write() as db:
            due = [DueFeed(*row) for row in db.execute(_DUE, (now_ms, LOOKED_AT)).fetchall()]
            taken, put_off = take_turns(due, limit, share, lease_s)
            db.executemany(_CLAIM, [(now_ms, round(lease_s * 1000), feed_id) for feed_id in taken])
            db.executemany(_PUT_OFF, [(now_ms, round(s * 1000), feed_id) for feed_id, s in put_off.items()])
            return [feed for feed_id in taken if (feed := _find(db, feed_id))]

    def update(self, feed_id: str, changes: Mapping[str, Any]) -> bool:
        with self._database.write() as db:
            feed = _find(db, feed_id)
            if feed is None:
                return False
            _store(db, replace(feed, **changes))
            return True

    def remove(self, feed_id: str) -> bool:
        with self._database.write() as db:
            return db.execute("DELETE FROM feed WHERE feed_id = ?", (feed_id,)).rowcount == 1

    def poll_now(self, now: datetime) -> int:
        self._database.write_pages(lambda db: _make_due(db, to_ms(now)))
        with self._database.read() as db:
            count = db.execute("SELECT count(*) FROM feed WHERE state = ?", (FeedState.ACTIVE,))
            return int(count.fetchone()[0])


def _key(url: str | None) -> str | None:
    """Return what two spellings of one feed's URL share, None where it is no URL at all."""
    try:
        return feed_id_of(url) if url else None
    except ValueError:
        return None


def _add(db: sqlite3.Connection, feed: Feed) -> str | None:
    if any(_find_by_key(db, key) for key in (feed.feed_id, _key(feed.url), _key(feed.redirect_url))):
        return None
    _store(db, feed)
    return feed.feed_id


def _find_by_key(db: sqlite3.Connection, key: str | None) -> Feed | None:
    row = db.execute(_BY_KEYS, {"key": key}).fetchone() if key else None
    return _feed(row) if row else None


def _find(db: sqlite3.Connection, feed_id: str) -> Feed | None:
    row = db.execute("SELECT * FROM feed WHERE feed_id = ?", (feed_id,)).fetchone()
    return _feed(row) if row else None


def _store(db: sqlite3.Connection, feed: Feed) -> None:
    values = encoded_fields(feed)
    rest = {name: value for name, value in values.items() if name not in _COLUMNS}
    keys = {"url_key": _key(feed.url) or feed.feed_id, "redirect_key": _key(feed.redirect_url)}
    db.execute(_STORE, {**{name: values[name] for name in _COLUMNS}, **keys, "record": to_json(rest)})


def _feed(row: sqlite3.Row) -> Feed:
    return decode(Feed, {**json.loads(row["record"]), **{name: row[name] for name in _COLUMNS}})


def _make_due(db: sqlite3.Connection, now: int) -> list[str]:
    rows = db.execute(
        """UPDATE feed SET next_poll_at = :now WHERE feed_id IN (
            SELECT feed_id FROM feed WHERE state = 'active' AND next_poll_at > :now LIMIT :page
        ) RETURNING feed_id""",
        {"now": now, "page": PAGE},
    )
    return [row[0] for row in rows.fetchall()]
