"""The record of the latest rebuild: one row, and one for each of its slices."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from worker.models import Phase, Rebuild, Slice
from worker.store.rebuilds import claimed, is_free, is_under_way, released, saved
from worker.store.records import decode, encoded_fields, to_json

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from worker.store.sqlite.connection import Database

_KEEP = "INSERT OR REPLACE INTO rebuild (id, record) VALUES (1, ?)"
_KEEP_SLICE = "INSERT OR REPLACE INTO slice (slice_id, record) VALUES (?, ?)"


class SqliteRebuilds:
    """`RebuildStore` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self) -> Rebuild | None:
        with self._database.read() as db:
            return _find(db)

    def begin(self, rebuild: Rebuild, slices: Sequence[Slice]) -> bool:
        with self._database.write() as db:
            if is_under_way(_find(db)):
                return False
            _keep(db, rebuild)
            db.execute("DELETE FROM slice")
            for part in slices:
                _keep_slice(db, part)
        return True

    def update(self, rebuild_id: str, changes: Mapping[str, Any], *, if_phase: Phase) -> bool:
        with self._database.write() as db:
            rebuild = _find(db)
            if rebuild is None or (rebuild.rebuild_id, rebuild.phase) != (rebuild_id, if_phase):
                return False
            _keep(db, replace(rebuild, **changes))
        return True

    def slices(self) -> list[Slice]:
        with self._database.read() as db:
            return _find_slices(db)

    def claim_slice(self, now: datetime, lease_s: float, token: str) -> Slice | None:
        with self._database.write() as db:
            part = next((each for each in _find_slices(db) if is_free(each, now)), None)
            if part is None or not _is_copying(db):
                return None
            part = claimed(part, now, lease_s, token)
            _keep_slice(db, part)
        return part

    def save_slice(self, part: Slice, now: datetime, lease_s: float) -> bool:
        with self._database.write() as db:
            row = db.execute("SELECT record FROM slice WHERE slice_id = ?", (part.slice_id,)).fetchone()
            kept = saved(_slice_of(row), part, now, lease_s) if row and _is_copying(db) else None
            if kept is None:
                return False
            _keep_slice(db, kept)
        return True

    def release(self) -> int:
        with self._database.write() as db:
            held = [each for each in _find_slices(db) if each.claim and _is_copying(db)]
            for part in held:
                _keep_slice(db, released(part))
        return len(held)


def _find(db: sqlite3.Connection) -> Rebuild | None:
    row = db.execute("SELECT record FROM rebuild").fetchone()
    return decode(Rebuild, json.loads(row["record"])) if row else None


def _find_slices(db: sqlite3.Connection) -> list[Slice]:
    rows = db.execute("SELECT record FROM slice ORDER BY slice_id").fetchall()
    return list(map(_slice_of, rows))


def _slice_of(row: sqlite3.Row) -> Slice:
    return decode(Slice, json.loads(row["record"]))


def _is_copying(db: sqlite3.Connection) -> bool:
    rebuild = _find(db)
    return rebuild is not None and rebuild.phase is Phase.COPYING


def _keep(db: sqlite3.Connection, rebuild: Rebuild) -> None:
    db.execute(_KEEP, (to_json(encoded_fields(rebuild)),))


def _keep_slice(db: sqlite3.Connection, part: Slice) -> None:
    db.execute(_KEEP_SLICE, (part.slice_id, to_json(encoded_fields(part))))
