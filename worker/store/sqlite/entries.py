"""The ledger: admission, dispatch, claims and what operators ask."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from worker.models import Admission, Claim, DueRow, EntryState, OutcomeKind, PageRow, Wait
from worker.store.known import MOST_AT_PAGE
from worker.store.records import decode, from_ms, to_ms
from worker.store.sqlite import feeds_away
from worker.store.sqlite.admit import admit_entry
from worker.store.sqlite.connection import PAGE, Database
from worker.store.sqlite.rows import DUE_UNLESS_HELD, SELECT_ROW, find_row, read_row
from worker.store.sqlite.settle import settle_one

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from worker.clock import Clock
    from worker.models import Entry, LedgerRow, Settled, Settlement

_HOSTS_DUE = """WITH RECURSIVE host (domain) AS (
    SELECT min(domain) FROM entry INDEXED BY entry_due WHERE due_at IS NOT NULL AND domain {start} :start
    UNION ALL
    SELECT (SELECT min(domain) FROM entry INDEXED BY entry_due
            WHERE due_at IS NOT NULL AND domain > host.domain)
    FROM host WHERE host.domain IS NOT NULL
)
SELECT domain FROM host WHERE domain {end} AND EXISTS (
    SELECT 1 FROM entry INDEXED BY entry_due WHERE entry.domain = host.domain AND due_at <= :now)
LIMIT :limit"""
_AFTER = _HOSTS_DUE.format(start=">", end="IS NOT NULL")
_UP_TO = _HOSTS_DUE.format(start=">=", end="<= :end")
_DUE_OF_HOST = """SELECT entry_id, domain, first_seen_at FROM entry INDEXED BY entry_due
    WHERE domain = ? AND due_at IS NOT NULL AND due_at <= ? ORDER BY first_seen_at DESC LIMIT ?"""
_CLAIM = """UPDATE entry SET claim = :token, wait = :wait, due_at = :due_at
    WHERE entry_id = :entry_id AND due_at <= :now RETURNING generation"""
_TAKE = f"""UPDATE entry SET state = 'pending', outcome = NULL, reason = NULL, done_at = NULL,
    body_hash = NULL, ended = json_remove(ended, '$.detail'),
    generation = generation + (state = 'done'),
    admitted_at = CASE WHEN state = 'done' THEN :now ELSE admitted_at END,
    claim = :token, wait = :wait, attempts = 0, due_at = {DUE_UNLESS_HELD}
    WHERE entry_id = :entry_id AND (state = 'done' OR due_at IS NULL) RETURNING generation"""
_FILES = """SELECT DISTINCT json_extract(ended, '$.archive.file') FROM entry INDEXED BY entry_pending
    WHERE state = 'pending' AND generation > 1"""
_DEFER = f"""UPDATE entry SET claim = NULL, wait = :wait, attempts = :attempts, reason = :reason,
    due_at = {DUE_UNLESS_HELD}
    WHERE entry_id = :entry_id AND claim = :token"""
_UNCLAIM = f"""UPDATE entry SET claim = NULL, wait = :wait, due_at = {DUE_UNLESS_HELD}
    WHERE entry_id = :entry_id AND claim = :token"""
_RELEASE_CLAIMS = """UPDATE entry SET claim = NULL, wait = :wait,
    due_at = CASE WHEN due_at IS NULL THEN NULL ELSE :now END
    WHERE id IN (SELECT id FROM entry WHERE claim IS NOT NULL LIMIT :page) RETURNING id"""
# A forced row stays forced.
_RETRY = f"""UPDATE entry SET state = 'pending', outcome = NULL, reason = NULL, done_at = NULL,
    body_hash = NULL, ended = json_remove(ended, '$.detail'), forced = max(forced, :forced),
    generation = generation + 1, admitted_at = :due_at, attempts = 0, wait = :wait, due_at = {DUE_UNLESS_HELD}
    WHERE entry_id = :entry_id AND state = 'done'"""
# The inner query sorts index entries, not rows: 20,000 dead rows take 8 ms instead of 80.
_DEAD = f"""{SELECT_ROW} WHERE id IN (
        SELECT id FROM entry WHERE outcome IN ('rejected', 'gave_up')
        AND (:reason IS NULL OR reason = :reason)
        AND (:feed_id IS NULL OR id IN (SELECT entry FROM listing WHERE feed_id = :feed_id))
        ORDER BY done_at DESC, id DESC LIMIT :limit)
    ORDER BY done_at DESC, id DESC"""

_MANY = f"{SELECT_ROW} WHERE entry_id IN (SELECT value FROM json_each(?))"
_AT_PAGE = """SELECT entry_id, feed_id, wait, due_at, attempts, done_at, article_id,
        json_extract(ended, '$.http_status') AS http_status FROM entry
    WHERE (entry_id = :key OR link_key = :key OR page_key = :key) AND entry_id <> :besides
    ORDER BY article_id IS NULL, first_seen_at DESC, entry_id LIMIT :limit"""


class SqliteLedger:
    """`EntryLedger` on SQLite."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def admit(self, feed_id: str, entries: Sequence[Entry], now: datetime) -> Admission:
        verdicts = self._database.write_each(entries, lambda db, entry: admit_entry(db, feed_id, entry, now))
        ids = {
            kind: tuple(
                entry.entry_id for entry, verdict in zip(entries, verdicts, strict=True) if verdict == kind
            )
            for kind in ("new", "changed")
        }
        return Admission(new=ids["new"], changed=ids["changed"], known=verdicts.count("known"))

    def get(self, entry_id: str) -> LedgerRow | None:
        with self._database.read() as db:
            return find_row(db, entry_id)

    def get_many(self, entry_ids: Collection[str]) -> dict[str, LedgerRow]:
        with self._database.read() as db:
            rows = db.execute(_MANY, (json.dumps(list(entry_ids)),)).fetchall()
        return {row["entry_id"]: read_row(row) for row in rows}

    def find_by_url(self, url: str) -> list[LedgerRow]:
        with self._database.read() as db:
            rows = db.execute(
                f"{SELECT_ROW} WHERE url = :url OR canonical_url = :url "
                "ORDER BY first_seen_at DESC, id LIMIT 20",
                {"url": url},
            )
            return [read_row(row) for row in rows.fetchall()]

    def at_page(self, key: str, besides: str) -> list[PageRow]:
        with self._database.read() as db:
            rows = db.execute(_AT_PAGE, {"key": key, "besides": besides, "limit": MOST_AT_PAGE}).fetchall()
        return [decode(PageRow, dict(row)) for row in rows]

    def due(self, now: datetime, limit: int, per_host: int, after_domain: str = "") -> list[DueRow]:
        found: list[DueRow] = []
        with self._database.read() as db:
            for domain in _hosts_due(db, to_ms(now), limit, after_domain):
                if len(found) >= limit:
                    break
                most = min(per_host, limit - len(found))
                found.extend(map(_due_row, db.execute(_DUE_OF_HOST, (domain, to_ms(now), most)).fetchall()))
        return found

    def claim(self, entry_ids: Sequence[str], now: datetime, lease_s: float) -> list[Claim]:
        until = to_ms(now) + round(lease_s * 1000)
        claims = self._database.write_each(
            entry_ids, partial(self._claim, statement=_CLAIM, now=to_ms(now), until=until)
        )
        return [claim for claim in claims if claim]

    def take(self, entry_ids: Sequence[str], now: datetime, lease_s: float) -> list[Claim]:
        until = to_ms(now) + round(lease_s * 1000)
        claims = self._database.write_each(
            entry_ids, partial(self._claim, statement=_TAKE, now=to_ms(now), until=until)
        )
        return [claim for claim in claims if claim]

    def start(self, claim: Claim) -> LedgerRow | None:
        with self._database.read() as db:
            row = find_row(db, claim.entry_id)
        return row if row and row.claim == claim.token else None

    def defer(self, claim: Claim, *, due_at: datetime, wait: Wait, attempts: int, reason: str | None) -> bool:
        values = {"entry_id": claim.entry_id, "token": claim.token, "due_at": to_ms(due_at)}
        with self._database.write() as db:
            deferred = db.execute(_DEFER, {**values, "wait": wait, "attempts": attempts, "reason": reason})
            return deferred.rowcount == 1

    def unclaim(self, claims: Sequence[Claim], now: datetime) -> int:
        values = {"wait": Wait.NONE, "due_at": to_ms(now)}
        given_back = self._database.write_each(
            claims,
            lambda db, claim: (
                db.execute(_UNCLAIM, {**values, "entry_id": claim.entry_id, "token": claim.token}).rowcount
            ),
        )
        return sum(given_back)

    def finish(self, settlements: Sequence[Settlement], now: datetime) -> list[Settled]:
        return self._database.write_each(settlements, lambda db, each: settle_one(db, each, now))

    def release_claims(self, now: datetime) -> int:
        values = {"wait": Wait.NONE, "now": to_ms(now), "page": PAGE}
        return len(self._database.write_pages(lambda db: db.execute(_RELEASE_CLAIMS, values).fetchall()))

    def counts(self) -> dict[str, int]:
        with self._database.read() as db:
            rows = db.execute("SELECT outcome, count(*) FROM entry GROUP BY outcome").fetchall()
        counts = {kind.value: 0 for kind in OutcomeKind} | {"pending": 0}
        return counts | {row[0] or "pending": row[1] for row in rows}

    def reasons(self) -> dict[tuple[str, str], int]:
        with self._database.read() as db:
            rows = db.execute(
                """SELECT outcome, reason, count(*) FROM entry
                WHERE outcome IS NOT NULL AND reason IS NOT NULL GROUP BY outcome, reason"""
            )
            return {(row[0], row[1]): row[2] for row in rows.fetchall()}

    def waiting(self) -> dict[str, int]:
        with self._database.read() as db:
            rows = db.execute(
                """SELECT wait, due_at IS NULL, count(*) FROM entry INDEXED BY entry_pending
                WHERE state = 'pending' GROUP BY wait, due_at IS NULL"""
            ).fetchall()
        counts = {wait.value: 0 for wait in Wait} | {"held": 0}
        for wait, is_held, count in rows:
            counts["held" if is_held else wait] += count
        return counts

    def dead(
        self, *, reason: str | None = None, feed_id: str | None = None, limit: int = 50
    ) -> list[LedgerRow]:
        with self._database.read() as db:
            rows = db.execute(_DEAD, {"reason": reason, "feed_id": feed_id, "limit": limit}).fetchall()
        return [read_row(row) for row in rows]

    def retry(self, entry_ids: Sequence[str], now: datetime) -> int:
        return self._retry(entry_ids, {"due_at": to_ms(now), "forced": 0})

    def admit_anyway(self, entry_ids: Sequence[str], now: datetime) -> int:
        return self._retry(entry_ids, {"due_at": to_ms(now), "forced": 1})

    def feed_removed(self, feed_id: str, now: datetime) -> int:
        return sum(self._database.write_pages(lambda db: feeds_away.forget_page(db, feed_id, to_ms(now))))

    def hold(self, feed_id: str) -> int:
        return len(self._database.write_pages(lambda db: feeds_away.hold_page(db, feed_id)))

    def release(self, feed_id: str, now: datetime) -> int:
        return len(self._database.write_pages(lambda db: feeds_away.release_page(db, feed_id, to_ms(now))))

    def files(self) -> set[str]:
        with self._database.read() as db:
            return {row[0] for row in db.execute(_FILES).fetchall()} - {None}

    def prune(self, before: datetime) -> int:
        with self._database.read() as db:
            rows = db.execute(
                "SELECT id FROM entry WHERE state = ? AND listed_at < ? AND article_id IS NULL",
                (EntryState.DONE, to_ms(before)),
            ).fetchall()
        return sum(self._database.write_each(rows, lambda db, row: _delete(db, row[0], to_ms(before))))

    def _retry(self, entry_ids: Sequence[str], how: Mapping[str, int]) -> int:
        values = {**how, "wait": Wait.NONE}
        return sum(
            self._database.write_each(
                entry_ids, lambda db, each: db.execute(_RETRY, {**values, "entry_id": each}).rowcount
            )
        )

    def _claim(
        self, db: sqlite3.Connection, entry_id: str, *, statement: str, now: int, until: int
    ) -> Claim | None:
        token = self._clock.token()
        values = {"entry_id": entry_id, "token": token, "wait": Wait.LEASE, "now": now, "due_at": until}
        won = db.execute(statement, values).fetchone()
        return Claim(entry_id=entry_id, token=token, generation=won[0]) if won else None


def _hosts_due(db: sqlite3.Connection, now: int, limit: int, after_domain: str) -> list[str]:
    """Return domains with due rows, in order from the one after `after_domain`, wrapping around."""
    later = db.execute(_AFTER, {"start": after_domain, "now": now, "limit": limit}).fetchall()
    first = {"start": "", "end": after_domain, "now": now, "limit": limit - len(later)}
    return [row[0] for row in (*later, *db.execute(_UP_TO, first).fetchall())]


def _due_row(row: sqlite3.Row) -> DueRow:
    return DueRow(entry_id=row["entry_id"], domain=row["domain"], first_seen_at=from_ms(row["first_seen_at"]))


def _delete(db: sqlite3.Connection, row_id: int, before: int) -> int:
    """Delete a row that still is done and unlisted; it may have been listed since it was found."""
    still = "id = ? AND state = 'done' AND listed_at < ? AND article_id IS NULL"
    db.execute(f"DELETE FROM listing WHERE entry IN (SELECT id FROM entry WHERE {still})", (row_id, before))
    return db.execute(f"DELETE FROM entry WHERE {still}", (row_id, before)).rowcount
