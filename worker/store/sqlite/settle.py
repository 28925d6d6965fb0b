"""Settling an attempt: its document, then its outcome, inside the caller's one transaction."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from worker.models import EntryState, Outcome, OutcomeKind, Settled, SettledState, Wait
from worker.store.decide import BOILERPLATE, body_hash, decide
from worker.store.ledger import LONGEST_DETAIL
from worker.store.records import encoded_fields, to_json, to_ms
from worker.store.sqlite import boilerplate
from worker.store.sqlite.articles import find_document, write_document, write_facts
from worker.store.sqlite.faults import REFUSALS
from worker.store.sqlite.level import add_feed, level
from worker.store.sqlite.rows import DUE_UNLESS_HELD
from worker.store.sqlite.tables import find_versions

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from worker.models import Candidate, Settlement
    from worker.store.decide import Decision
    from worker.store.sqlite.tables import Versions

NOT_STORABLE = "index: not storable"

_FINISH = """UPDATE entry SET state = :state, outcome = :outcome, reason = :reason, done_at = :now,
    wait = :wait, claim = NULL, due_at = NULL, content = NULL, article_id = coalesce(:article_id, article_id),
    page_key = :page_key, body_hash = :body_hash, ended = :ended
    WHERE id = :id RETURNING article_id"""
_REQUEUE = f"""UPDATE entry SET claim = NULL, wait = :wait, attempts = 0, reason = NULL,
    due_at = {DUE_UNLESS_HELD}, article_id = coalesce(:article_id, article_id)
    WHERE id = :id"""


def settle_one(db: sqlite3.Connection, settlement: Settlement, now: datetime) -> Settled:
    """Write the candidate (if any) and finish its row; nothing at all where the claim is stale."""
    claim = settlement.claim
    row = db.execute(
        "SELECT id, generation, forced FROM entry WHERE entry_id = ? AND claim = ?",
        (claim.entry_id, claim.token),
    ).fetchone()
    if row is None:
        return Settled(state=SettledState.STALE)
    outcome, candidate, versions = settlement.outcome, settlement.candidate, find_versions(db)
    text = body_hash(candidate.document) if candidate and not row["forced"] else None
    if candidate and text and (seen := boilerplate.withdraw(db, row["id"], text, candidate, now)):
        outcome = replace(
            outcome, kind=OutcomeKind.REJECTED, reason=BOILERPLATE, detail=seen, article_id=None
        )
    elif candidate:
        outcome = _place(db, versions, _with_all_feeds(db, row["id"], candidate), outcome, now)
    elif outcome.article_id and not _joined(db, versions, row["id"], outcome.article_id):
        return Settled(state=SettledState.REFUSED, error="the article is gone")
    if row["generation"] > claim.generation:
        values = {"id": row["id"], "wait": Wait.NONE, "due_at": to_ms(now), "article_id": outcome.article_id}
        db.execute(_REQUEUE, values)
        return Settled(state=SettledState.REQUEUED)
    article_id = _finish(db, row["id"], outcome, text, now)
    return Settled(state=SettledState.FINISHED, outcome=replace(outcome, article_id=article_id))


def _joined(db: sqlite3.Connection, versions: Versions, row_id: int, article_id: str) -> bool:
    """Let an article know the row's feeds; return whether it is there."""
    for feed_id in _feeds_of(db, row_id):
        add_feed(db, article_id, feed_id)
    return find_document(db, versions.live, article_id) is not None


def _feeds_of(db: sqlite3.Connection, row_id: int) -> list[str]:
    return [row[0] for row in db.execute("SELECT feed_id FROM listing WHERE entry = ?", (row_id,)).fetchall()]


def _with_all_feeds(db: sqlite3.Connection, row_id: int, candidate: Candidate) -> Candidate:
    """Add the feeds that have come to list the row since its worker read it."""
    document = candidate.document
    feed_ids = tuple(sorted({*document.feed_ids, *_feeds_of(db, row_id)}))
    return replace(candidate, document=replace(document, feed_ids=feed_ids))


def _place(
    db: sqlite3.Connection, versions: Versions, candidate: Candidate, hoped: Outcome, now: datetime
) -> Outcome:
    """Write the candidate's document where `decide` says, and return the outcome that made of it."""
    decision = decide(find_document(db, versions.live, candidate.document.article_id), candidate, now)
    if decision.candidate:
        return _place(db, versions, decision.candidate, hoped, now)
    try:
        _write(db, versions, decision)
    except REFUSALS as error:
        detail = f"{type(error).__name__}: {error}"
        return replace(hoped, kind=OutcomeKind.REJECTED, reason=NOT_STORABLE, detail=detail, article_id=None)
    assert decision.document and decision.outcome  # noqa: PT018 - decide gives both or a candidate
    return replace(hoped, kind=decision.outcome, reason=None, article_id=decision.document.article_id)


def _write(db: sqlite3.Connection, versions: Versions, decision: Decision) -> None:
    """Write a decision's document, or nothing of it: others in the same transaction stay unharmed."""
    if decision.document is None:
        return
    db.execute("SAVEPOINT document")
    try:
        if decision.action != "keep":
            write = write_facts if decision.action == "merge" else write_document
            write(db, versions.live, decision.document)
        level(db, versions, decision.document.article_id)
    except REFUSALS:
        db.execute("ROLLBACK TO document")
        raise
    finally:
        if db.in_transaction:
            db.execute("RELEASE document")


def _finish(
    db: sqlite3.Connection, row_id: int, outcome: Outcome, text: str | None, now: datetime
) -> str | None:
    """Write the outcome, and return the article that the row ended at, now or in an earlier generation."""
    values = encoded_fields(outcome)
    ended = {name: values[name] for name in ("http_status", "archive", "fetched_at")}
    ended["detail"] = (values["detail"] or "")[:LONGEST_DETAIL] or None
    timings = {name: value for name, value in values["timings"].items() if value is not None}
    finished = db.execute(
        _FINISH,
        {
            "id": row_id,
            "state": EntryState.DONE,
            "outcome": outcome.kind,
            "reason": values["reason"],
            "now": to_ms(now),
            "wait": Wait.NONE,
            "article_id": values["article_id"],
            "page_key": values["page_key"],
            "body_hash": text,
            "ended": to_json({**ended, "timings": timings}),
        },
    ).fetchone()
    return finished["article_id"] if finished else None
