"""Admission: what one listed entry does to the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from worker.models import EntryState, Wait
from worker.store.ledger import LISTED_SPACING, Standing, is_change
from worker.store.records import from_ms, to_ms
from worker.store.sqlite.level import add_feed
from worker.store.sqlite.rows import DUE_UNLESS_HELD, entry_values

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from worker.models import Entry

Verdict = Literal["new", "changed", "known", "ignored"]

_INSERT = """INSERT INTO entry
    (entry_id, feed_id, url, canonical_url, link_key, domain, entry_hash, content, said, state, wait,
     generation, due_at, attempts, first_seen_at, listed_at, admitted_at)
    VALUES (:entry_id, :feed_id, :url, :canonical_url, :link_key, :domain, :entry_hash, :content, :said,
     :state, :wait, 1, NULL, 0, :now, :now, :now) RETURNING id"""
# A claimed row keeps claim and lease: its worker's finish will find that the generation has moved on.
_RENEW = f"""UPDATE entry SET
    url = :url, canonical_url = :canonical_url, link_key = :link_key, domain = :domain,
    entry_hash = :entry_hash, content = :content, said = :said,
    state = :state, outcome = NULL, reason = NULL, done_at = NULL,
    body_hash = NULL, ended = json_remove(ended, '$.detail'),
    generation = generation + 1, admitted_at = :now,
    attempts = CASE WHEN claim IS NULL THEN 0 ELSE attempts END,
    wait = CASE WHEN claim IS NULL THEN :wait ELSE wait END,
    due_at = CASE WHEN claim IS NULL THEN {DUE_UNLESS_HELD} ELSE due_at END
    WHERE id = :id"""
# An import gives way to a feed.
_STAYS = """SELECT 1 FROM listing WHERE entry = :id AND feed_id = :owner AND NOT (
        EXISTS (SELECT 1 FROM feed WHERE feed_id = :owner AND state = 'imported')
        AND NOT EXISTS (SELECT 1 FROM feed WHERE feed_id = :feed_id AND state = 'imported'))"""
_MAKE_DUE = f"UPDATE entry SET due_at = {DUE_UNLESS_HELD} WHERE id = :id"


def admit_entry(db: sqlite3.Connection, feed_id: str, entry: Entry, now: datetime) -> Verdict:
    """Take one listed entry into the ledger and return what it is there.

    A poll that was under way when its feed was removed admits nothing: `ignored`.
    """
    if db.execute("SELECT 1 FROM feed WHERE feed_id = ?", (feed_id,)).fetchone() is None:
        return "ignored"
    row = db.execute("SELECT * FROM entry WHERE entry_id = ?", (entry.entry_id,)).fetchone()
    if row is None:
        _insert(db, feed_id, entry, now)
        return "new"
    owner = _list_again(db, row, feed_id, now)
    if is_change(_standing(row, owner), feed_id, entry, now):
        _renew(db, row, entry, now)
        return "changed"
    if row["state"] == EntryState.PENDING and row["due_at"] is None:
        db.execute(_MAKE_DUE, {"id": row["id"], "due_at": to_ms(now)})
    return "known"


def _standing(row: sqlite3.Row, owner: str) -> Standing:
    return Standing(
        owner,
        row["entry_hash"],
        row["generation"],
        from_ms(row["admitted_at"]),
        row["outcome"],
        row["reason"],
    )


def _insert(db: sqlite3.Connection, feed_id: str, entry: Entry, now: datetime) -> None:
    state = {"feed_id": feed_id, "state": EntryState.PENDING, "wait": Wait.NONE, "now": to_ms(now)}
    row_id = db.execute(_INSERT, {**entry_values(entry), **state}).fetchone()[0]
    db.execute("INSERT INTO listing (entry, feed_id) VALUES (?, ?)", (row_id, feed_id))
    db.execute(_MAKE_DUE, {"id": row_id, "due_at": to_ms(now)})


def _list_again(db: sqlite3.Connection, row: sqlite3.Row, feed_id: str, now: datetime) -> str:
    """Note that `feed_id` lists the row; return the row's own feed, which is the first that still does."""
    listing = "INSERT OR IGNORE INTO listing (entry, feed_id) VALUES (?, ?)"
    if db.execute(listing, (row["id"], feed_id)).rowcount and row["article_id"]:
        add_feed(db, row["article_id"], feed_id)
    if now - from_ms(row["listed_at"]) >= LISTED_SPACING:
        db.execute("UPDATE entry SET listed_at = ? WHERE id = ?", (to_ms(now), row["id"]))
    if db.execute(_STAYS, {"id": row["id"], "owner": row["feed_id"], "feed_id": feed_id}).fetchone():
        return str(row["feed_id"])
    db.execute("UPDATE entry SET feed_id = ? WHERE id = ?", (feed_id, row["id"]))
    return feed_id


def _renew(db: sqlite3.Connection, row: sqlite3.Row, entry: Entry, now: datetime) -> None:
    state = {"id": row["id"], "state": EntryState.PENDING, "wait": Wait.NONE}
    db.execute(_RENEW, {**entry_values(entry), **state, "now": to_ms(now), "due_at": to_ms(now)})
