"""The tables of what hosts asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from worker.models import Robots
from worker.store.records import decode, encoded_fields, from_ms, to_json, to_ms

if TYPE_CHECKING:
    from datetime import datetime

    from worker.store.sqlite.connection import Database


class SqliteHosts:
    """`HostStore` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stop(self, site: str, until: datetime) -> None:
        with self._database.write() as db:
            db.execute(
                """INSERT INTO stop (host, stopped_until) VALUES (?, ?) ON CONFLICT (host)
                DO UPDATE SET stopped_until = max(stopped_until, excluded.stopped_until)""",
                (site, to_ms(until)),
            )

    def stops(self, now: datetime) -> dict[str, datetime]:
        with self._database.read() as db:
            rows = db.execute("SELECT * FROM stop WHERE stopped_until > ?", (to_ms(now),)).fetchall()
        return {row["host"]: from_ms(row["stopped_until"]) for row in rows}

    def robots(self, origin: str) -> Robots | None:
        with self._database.read() as db:
            row = db.execute("SELECT record FROM robots WHERE host = ?", (origin,)).fetchone()
        return decode(Robots, json.loads(row["record"])) if row else None

    def keep_robots(self, robots: Robots) -> None:
        values = encoded_fields(robots)
        with self._database.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO robots (host, asked_at, record) VALUES (?, ?, ?)",
                (values["host"], values["asked_at"], to_json(values)),
            )

    def prune(self, before: datetime) -> int:
        with self._database.write() as db:
            stops = db.execute("DELETE FROM stop WHERE stopped_until < ?", (to_ms(before),)).rowcount
            return stops + db.execute("DELETE FROM robots WHERE asked_at < ?", (to_ms(before),)).rowcount
