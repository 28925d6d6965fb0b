"""Ledger rows: how one is read, and the conditions that several statements share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from worker.models import Entry, LedgerRow
from worker.store.known import link_key
from worker.store.ledger import HOLDING
from worker.store.records import decode, encoded_fields, to_json

if TYPE_CHECKING:
    import sqlite3

_ENTRY_COLUMNS = ("entry_id", "feed_id", "url", "canonical_url", "domain", "entry_hash", "content")

SELECT_ROW = """SELECT *,
    (SELECT group_concat(feed_id) FROM listing WHERE listing.entry = entry.id) AS feed_ids FROM entry"""

_LISTED_BY = """EXISTS (
    SELECT 1 FROM listing JOIN feed ON feed.feed_id = listing.feed_id
    WHERE listing.entry = entry.id AND feed.state IN ({states}))"""
LISTED_BY_ACTIVE = _LISTED_BY.format(states="'active'")
_LISTED_BY_HOLDING = _LISTED_BY.format(states=", ".join(f"'{state.value}'" for state in HOLDING))
IS_HELD = f"({_LISTED_BY_HOLDING} AND NOT {LISTED_BY_ACTIVE})"
"""As `ledger.is_held`."""
DUE_UNLESS_HELD = f"CASE WHEN {IS_HELD} THEN NULL ELSE :due_at END"


def read_row(row: sqlite3.Row) -> LedgerRow:
    """Return the ledger row that `SELECT_ROW` found."""
    columns = {name: row[name] for name in row.keys()}  # noqa: SIM118 - iterating a Row gives its values
    said, ended = json.loads(columns.pop("said")), json.loads(columns.pop("ended"))
    nested = {
        "entry": {**said, **{name: columns[name] for name in _ENTRY_COLUMNS}},
        "feed_ids": sorted(filter(None, (columns["feed_ids"] or "").split(","))),
    }
    return decode(LedgerRow, {**ended, **columns, **nested})


def find_row(db: sqlite3.Connection, entry_id: str) -> LedgerRow | None:
    """Return the row of an entry, None where the ledger has none."""
    row = db.execute(f"{SELECT_ROW} WHERE entry_id = ?", (entry_id,)).fetchone()
    return read_row(row) if row else None


def entry_values(entry: Entry) -> dict[str, Any]:
    """Return an entry as its columns, `link_key` too, and `said`, the JSON of what else its feed says."""
    values = encoded_fields(entry)
    said = {name: value for name, value in values.items() if name not in _ENTRY_COLUMNS}
    columns = {name: values[name] for name in _ENTRY_COLUMNS}
    return {**columns, "link_key": link_key(entry), "said": to_json(said)}
