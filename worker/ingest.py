"""One attempt at one entry: fetch its page, build its document, hand it to the writer.

Every way out is one of three: a settlement for the writer, a later `due_at`, or nothing at all
because the claim is gone. A failure is classified once, by the error that carries it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from worker import urls
from worker.archive.records import Subject, find_place
from worker.clock import milliseconds
from worker.errors import BugError, FetchError, HostBusyError, HttpStatusError, PageKnownError, WorkError
from worker.fetch.client import anything
from worker.fetch.policy import PAGE
from worker.models import Outcome, OutcomeKind, Settlement, Timings, Wait
from worker.pipeline import build_candidate, build_from_feed
from worker.store.known import is_first_look, known_article, wait_s

if TYPE_CHECKING:
    from datetime import datetime

    from worker.mill import Mill
    from worker.models import ArchiveLocation, Claim, Feed, LedgerRow, Page, Settled
    from worker.pipeline import Built

log = structlog.get_logger()

LONGEST_RETRY_S = 86_400.0
"""A day: an entry that fails for longer than its attempts last is gone for its readers too."""
LONGEST_SLOT_WAIT_S = 60.0
"""A host that is busy for longer has been stopped: nobody waits for its turn, as `run --until-idle` would."""
SAME_PAGE = "its page was fetched for another entry"
"""What the operator is told of a row that ended without a request."""

Submit = Callable[["Settlement"], object]
"""Where a settlement goes: the writer's queue, or (from the writer's own thread) the store itself."""


@dataclass(slots=True)
class Attempt:
    """One try at a claimed row, and what it has seen so far: kept whichever way it ends.

    `started` is a reading of the monotonic clock, in seconds.
    """

    claim: Claim
    row: LedgerRow
    started: float
    http_status: int | None = None
    page_key: str | None = None
    fetched_at: datetime | None = None
    archive: ArchiveLocation | None = None
    timings: Timings = field(default_factory=Timings)

    def saw(self, page: Page) -> None:
        self.http_status = page.status
        self.fetched_at = page.fetched_at
        self.page_key = urls.find_page_key(page.url, page.final_url)
        self.timings = replace(self.timings, wait_ms=page.wait_ms, fetch_ms=page.fetch_ms)

    def ended(self, kind: OutcomeKind, now: float, **said: Any) -> Outcome:
        """Return the outcome at `now` (monotonic), with everything that was seen."""
        timings = replace(self.timings, total_ms=milliseconds(self.started, now))
        return Outcome(
            kind=kind,
            http_status=self.http_status,
            page_key=self.page_key,
            fetched_at=self.fetched_at or self.row.fetched_at,
            archive=self.archive or self.row.archive,  # where no page came now, an earlier one still tells
            timings=timings,
            **said,
        )


def ingest_entry(mill: Mill, submit: Submit, claim: Claim) -> None:
    """Work on a claimed entry, if the claim still holds it."""
    row = mill.store.entries.start(claim)
    if row is None:
        log.debug("claim is gone", entry_id=claim.entry_id)
        return
    attempt = Attempt(claim, row, mill.clock.monotonic())
    try:
        built = build(mill, attempt)
    except HostBusyError as busy:
        _defer_for_slot(mill, claim, row, busy.wait_s)
    except PageKnownError as known:
        said = {"article_id": known.article_id, "detail": SAME_PAGE}
        duplicate = attempt.ended(OutcomeKind.DUPLICATE, mill.clock.monotonic(), **said)
        submit(Settlement(claim=claim, outcome=duplicate))
    except WorkError as error:
        give_back(mill, submit, attempt, error)
    else:
        attempt.timings = replace(attempt.timings, extract_ms=built.extract_ms, tag_ms=built.tag_ms)
        hoped = attempt.ended(
            OutcomeKind.INDEXED, mill.clock.monotonic(), article_id=built.candidate.document.article_id
        )
        submit(Settlement(claim=claim, outcome=hoped, candidate=built.candidate))


def build(mill: Mill, attempt: Attempt) -> Built:
    """Fetch the entry's page and build its document; of an entry without one, from the feed's text.

    Raises:
        WorkError: the attempt failed. HostBusyError: the host grants no request now, or another row's
            attempt at the page comes first. PageKnownError: the page is an article already.
    """
    row = attempt.row
    feed = mill.store.feeds.get(row.entry.feed_id)
    about = {
        "feed_title": feed.title if feed else None,
        "publisher": feed.country if feed else None,
        "tick": mill.clock.monotonic,
    }
    if row.entry.url is None or urls.is_home(row.entry.url):
        where = {"feed_url": feed.url if feed else None, "now": mill.clock.now()}
        from_feed: Built = mill.pool.run(build_from_feed, row, **where, **about)
        return from_feed
    mill.archive.require()
    permit = permit_for(mill, feed)
    page = mill.fetcher.fetch(
        row.entry.url, PAGE, permit=unless_known(mill, row, permit) if is_first_look(row) else permit
    )
    attempt.saw(page)
    subject = Subject(feed_id=row.entry.feed_id, entry_id=row.entry.entry_id)
    article = mill.store.articles.get(row.article_id) if row.article_id else None
    attempt.archive = mill.archive.keep(page, subject, find_place(article, page))
    built: Built = mill.pool.run(build_candidate, page, row, archive=attempt.archive, **about)
    return built


def permit_for(mill: Mill, feed: Feed | None) -> Callable[[str], None]:
    """Return who is asked before each request for a page: robots.txt, unless the operator overrides it."""
    if mill.settings.robots == "ignore" or (feed and feed.ignore_robots):
        return anything
    return mill.manners.permit


def unless_known(mill: Mill, row: LedgerRow, permit: Callable[[str], None]) -> Callable[[str], None]:
    """Return `permit`, asked only where no other entry's page is the one to be asked for.

    Where a redirect leads, nobody is waited for: the request for it would be made again.
    """
    looked_at: set[str] = set()

    def ask(url: str) -> None:
        key = urls.article_id_of(url)
        if key not in looked_at:
            others = mill.store.entries.at_page(key, besides=row.entry.entry_id)
            article_id = known_article(row, others)
            # A re-index may have left the article out; then the page is looked at anew.
            if article_id and mill.store.articles.get(article_id):
                raise PageKnownError(url, article_id)
            if not looked_at and (seconds := wait_s(row, others, mill.clock.now())):
                raise HostBusyError(urls.site_of(url), seconds)
            looked_at.add(key)
        permit(url)

    return ask


def give_back(mill: Mill, submit: Submit, attempt: Attempt, error: WorkError) -> None:
    """Retry later, or end the row: `rejected` where trying again can't help, at last `gave_up`."""
    attempts = attempt.row.attempts + 1
    if error.retryable and attempts < mill.settings.max_attempts:
        wait_s = retry_wait_s(
            attempts, mill.settings.retry_base_s, _retry_after_s(error), mill.clock.jitter()
        )
        due_at = mill.clock.now() + timedelta(seconds=wait_s)
        log.info("will retry", reason=error.reason, error=str(error), attempts=attempts, wait_s=round(wait_s))
        mill.store.entries.defer(
            attempt.claim, due_at=due_at, wait=Wait.RETRY, attempts=attempts, reason=error.reason
        )
        return
    if isinstance(error, FetchError):
        attempt.http_status = error.http_status
    kind = OutcomeKind.GAVE_UP if error.retryable else OutcomeKind.REJECTED
    said = {"reason": error.reason, "detail": error.detail or None}
    submit(Settlement(claim=attempt.claim, outcome=attempt.ended(kind, mill.clock.monotonic(), **said)))


def ingest_hit_a_bug(mill: Mill, submit: Submit, claim: Claim, error: Exception) -> None:
    """Treat an error outside the tree like a retryable failure, under its own reason."""
    row = mill.store.entries.start(claim)
    if row is not None:
        attempt = Attempt(claim, row, mill.clock.monotonic())
        give_back(mill, submit, attempt, BugError.of(error, row.entry.url))


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


def _defer_for_slot(mill: Mill, claim: Claim, row: LedgerRow, wait_s: float) -> None:
    due_at = mill.clock.now() + timedelta(seconds=wait_s)
    wait = Wait.SLOT if wait_s <= LONGEST_SLOT_WAIT_S else Wait.RETRY
    mill.store.entries.defer(claim, due_at=due_at, wait=wait, attempts=row.attempts, reason=None)


def _retry_after_s(error: WorkError) -> float | None:
    return error.retry_after_s if isinstance(error, HttpStatusError) else None


def _title(settlement: Settlement) -> str | None:
    return settlement.candidate.document.title if settlement.candidate else None
