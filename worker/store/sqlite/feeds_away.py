"""What removing, pausing and resuming a feed does to its rows, a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.models import EntryState, OutcomeKind, Wait
from worker.store.ledger import FEED_REMOVED
from worker.store.sqlite.connection import PAGE
from worker.store.sqlite.rows import IS_HELD, LISTED_BY_ACTIVE

if TYPE_CHECKING:
    import sqlite3

_NEXT_OWNER = """UPDATE entry SET feed_id = coalesce(
        (SELECT min(feed_id) FROM listing WHERE listing.entry = entry.id), feed_id)
    WHERE id = :id AND feed_id = :feed_id"""
_END = f"""UPDATE entry SET state = :state, outcome = :outcome, reason = :reason, done_at = :now,
    wait = :wait, claim = NULL, due_at = NULL, content = NULL
    WHERE id = :id AND state = 'pending' AND NOT {LISTED_BY_ACTIVE}"""
_LISTED = "SELECT entry FROM listing WHERE feed_id = :feed_id"
# A claimed row is held, too: its worker may finish it, but its lease brings it back no more.
_HOLD = f"""UPDATE entry SET due_at = NULL WHERE id IN (
        SELECT id FROM entry WHERE id IN ({_LISTED}) AND due_at IS NOT NULL AND {IS_HELD} LIMIT :page)
    RETURNING id"""
_RELEASE = f"""UPDATE entry SET due_at = :now, wait = :wait, claim = NULL WHERE id IN (
        SELECT id FROM entry
        WHERE id IN ({_LISTED}) AND state = 'pending' AND due_at IS NULL AND NOT {IS_HELD} LIMIT :page)
    RETURNING id"""


def forget_page(db: sqlite3.Connection, feed_id: str, now: int) -> list[bool]:
    """Take `feed_id` out of a page of rows; return for each whether that ended it."""
    rows = db.execute(f"{_LISTED} LIMIT :page", {"feed_id": feed_id, "page": PAGE}).fetchall()
    return [_forget(db, row[0], feed_id, now) for row in rows]


def hold_page(db: sqlite3.Connection, feed_id: str) -> list[sqlite3.Row]:
    """Hold a page of pending rows that only paused feeds list; return their ids."""
    return db.execute(_HOLD, {"feed_id": feed_id, "page": PAGE}).fetchall()


def release_page(db: sqlite3.Connection, feed_id: str, now: int) -> list[sqlite3.Row]:
    """Make a page of held rows due; return their ids."""
    values = {"feed_id": feed_id, "now": now, "wait": Wait.NONE, "page": PAGE}
    return db.execute(_RELEASE, values).fetchall()


def _forget(db: sqlite3.Connection, row_id: int, feed_id: str, now: int) -> bool:
    values = {"id": row_id, "feed_id": feed_id}
    db.execute("DELETE FROM listing WHERE entry = :id AND feed_id = :feed_id", values)
    db.execute(_NEXT_OWNER, values)
    ended = {"state": EntryState.DONE, "outcome": OutcomeKind.REJECTED, "reason": FEED_REMOVED}
    return db.execute(_END, {**values, **ended, "now": now, "wait": Wait.NONE}).rowcount == 1
