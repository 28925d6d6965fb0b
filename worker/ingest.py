"""One attempt at one entry: fetch its page, build its document, hand it to the writer.

Every way out is one of three: a settlement for the writer, a later `due_at`, or nothing at all
because the claim is gone. A failure is classified once, by the error that carries it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from worker import urls
from worker.clock import milliseconds
from worker.errors import BugError, FetchError, HostBusyError, HttpStatusError, WorkError
from worker.fetch.policy import PAGE
from worker.models import Outcome, OutcomeKind, Settlement, Timings, Wait
from worker.pipeline import build_candidate, build_from_feed

if TYPE_CHECKING:
    from worker.mill import Mill
    from worker.models import Claim, LedgerRow, Settled
    from worker.pipeline import Built

log = structlog.get_logger()

LONGEST_RETRY_S = 86_400.0
"""A day: an entry that fails for longer than its attempts last is gone for its readers too."""


Submit = Callable[["Settlement"], object]
"""Where a settlement goes: the writer's queue, or (from the writer's own thread) the store itself."""


def ingest_entry(mill: Mill, submit: Submit, claim: Claim) -> None:
    """Work on a claimed entry, if the claim still holds it."""
    row = mill.store.entries.start(claim)
    if row is None:
        log.debug("claim is gone", entry_id=claim.entry_id)
        return
    try:
        settlement = attempt(mill, claim, row)
    except HostBusyError as busy:
        _defer_for_slot(mill, claim, row, busy.wait_s)
    except WorkError as error:
        give_back(mill, submit, claim, row, error)
    else:
        submit(settlement)


def attempt(mill: Mill, claim: Claim, row: LedgerRow) -> Settlement:
    """Fetch and build; return what is to be settled.

    Raises:
        WorkError: the attempt failed. HostBusyError: the host grants no request now.
    """
    started = mill.clock.monotonic()
    feed = mill.store.feeds.get(row.entry.feed_id)
    about = {"feed_title": feed.title if feed else None, "tick": mill.clock.monotonic}
    if row.entry.url is None or urls.is_home(row.entry.url):
        where = {"feed_url": feed.url if feed else None, "now": mill.clock.now()}
        built = mill.pool.run(build_from_feed, row, **where, **about)
        return _settlement(claim, built, Timings(), None, milliseconds(started, mill.clock.monotonic()))
    page = mill.fetcher.fetch(row.entry.url, PAGE)
    built = mill.pool.run(build_candidate, page, row, **about)
    timings = Timings(wait_ms=page.wait_ms, fetch_ms=page.fetch_ms)
    return _settlement(claim, built, timings, page.status, milliseconds(started, mill.clock.monotonic()))


def give_back(mill: Mill, submit: Submit, claim: Claim, row: LedgerRow, error: WorkError) -> None:
    """Retry later, or end the row: `rejected` where trying again can't help, at last `gave_up`."""
    attempts = row.attempts + 1
    if error.retryable and attempts < mill.settings.max_attempts:
        wait_s = retry_wait_s(
            attempts, mill.settings.retry_base_s, _retry_after_s(error), mill.clock.jitter()
        )
        due_at = mill.clock.now() + timedelta(seconds=wait_s)
        log.info("will retry", reason=error.reason, error=str(error), attempts=attempts, wait_s=round(wait_s))
        mill.store.entries.defer(
            claim, due_at=due_at, wait=Wait.RETRY, attempts=attempts, reason=error.reason
        )
        return
    kind = OutcomeKind.GAVE_UP if error.retryable else OutcomeKind.REJECTED
    status = error.http_status if isinstance(error, FetchError) else None
    outcome = Outcome(kind=kind, reason=error.reason, detail=error.detail or None, http_status=status)
    submit(Settlement(claim=claim, outcome=outcome))


def ingest_hit_a_bug(mill: Mill, submit: Submit, claim: Claim, error: Exception) -> None:
    """Treat an error outside the tree like a retryable failure, under its own reason."""
    row = mill.store.entries.start(claim)
    if row is not None:
        give_back(mill, submit, claim, row, BugError.of(error, row.entry.url))


def retry_wait_s(attempts: int, base_s: float, retry_after_s: float | None, jitter: float) -> float:
    """Return seconds until the next attempt: doubling, spread over ±25 %, never before Retry-After."""
    backoff = min(base_s * 2 ** (attempts - 1), LONGEST_RETRY_S) * (0.75 + 0.5 * jitter)
    return float(max(backoff, min(retry_after_s or 0.0, LONGEST_RETRY_S)))


def say_settled(settlement: Settlement, settled: Settled) -> None:
    """Log one line for an outcome that reached the ledger."""
    outcome = settled.outcome
    if outcome is None:
        log.info("not finished", entry_id=settlement.claim.entry_id, state=settled.state.value)
        return
    said = {"title": _title(settlement), "reason": outcome.reason, "detail": outcome.detail}
    log.info(
        outcome.kind.value,
        **{name: value for name, value in said.items() if value},
        total_ms=outcome.timings.total_ms,
        entry_id=settlement.claim.entry_id,
    )


def _settlement(
    claim: Claim, built: Built, timings: Timings, status: int | None, total_ms: int
) -> Settlement:
    timings = replace(timings, extract_ms=built.extract_ms, tag_ms=built.tag_ms, total_ms=total_ms)
    article_id = built.candidate.document.article_id
    outcome = Outcome(kind=OutcomeKind.INDEXED, article_id=article_id, http_status=status, timings=timings)
    return Settlement(claim=claim, outcome=outcome, candidate=built.candidate)


def _defer_for_slot(mill: Mill, claim: Claim, row: LedgerRow, wait_s: float) -> None:
    due_at = mill.clock.now() + timedelta(seconds=wait_s)
    mill.store.entries.defer(claim, due_at=due_at, wait=Wait.SLOT, attempts=row.attempts, reason=None)


def _retry_after_s(error: WorkError) -> float | None:
    return error.retry_after_s if isinstance(error, HttpStatusError) else None


def _title(settlement: Settlement) -> str | None:
    return settlement.candidate.document.title if settlement.candidate else None
