"""From a capture to what is settled: look whether it is news, keep its page, build its document."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from worker import urls
from worker.archive.records import Subject, find_place
from worker.errors import WorkError
from worker.extract.pool import ChildBugError
from worker.imports.captures import entry_of, require_usable
from worker.imports.standing import Standing, standing
from worker.models import ArchiveLocation, EntryState, Feed, Outcome, OutcomeKind, Timings
from worker.pipeline import build_candidate
from worker.store.ledger import first_row

if TYPE_CHECKING:
    import threading
    from datetime import datetime

    from worker.archive.base import Archive
    from worker.archive.foreign import Capture
    from worker.clock import Clock
    from worker.extract.pool import WorkerPool
    from worker.models import Candidate, Document, Entry, LedgerRow, Page
    from worker.pipeline import Built
    from worker.store.base import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What an import works with.

    `feed` is the one that its entries belong to; `stopping` is set when it is to leave off.
    """

    store: Store
    pool: WorkerPool
    archive: Archive
    clock: Clock
    feed: Feed
    lease_s: float
    threads: int
    stopping: threading.Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A capture's entry, as it may have to be admitted, and what is to be written of it.

    Without an outcome there is nothing to write, as `standing` says: or it hit a bug, told by `bug`.
    """

    entry: Entry
    standing: Standing
    outcome: Outcome | None = None
    candidate: Candidate | None = None
    bug: str | None = None


def prepare(
    bench: Bench, capture: Capture, row: LedgerRow | None, place: ArchiveLocation | None, now: datetime
) -> Prepared:
    """Return what is to be written of a capture whose entry has this row.

    `place` is where it lies, if that is in our own archive.

    Raises:
        ArchiveUnavailableError: its page cannot be kept now. PoolError: it cannot be extracted now.
    """
    page = capture.page
    entry = entry_of(page, bench.feed.feed_id)
    article = _article_of(bench.store, row)
    refused = _find_refusal(capture)
    what = standing(row, article, None if refused else page.fetched_at)
    if what is not Standing.TAKE:
        return Prepared(entry=entry, standing=what)
    row = row or first_row(entry, (entry.feed_id,), now)
    if refused:
        return Prepared(entry=entry, standing=what, outcome=_failed(page, row, refused))
    if place is None:
        place = bench.archive.keep(page, _subject(row), find_place(article, page))
    return _built(bench, page, row, place)


def _built(bench: Bench, page: Page, row: LedgerRow, place: ArchiveLocation | None) -> Prepared:
    entry = entry_of(page, bench.feed.feed_id)
    place_now = place or row.archive
    try:
        built: Built = bench.pool.run(
            build_candidate, page, row, archive=place, feed_title=bench.feed.title, tick=bench.clock.monotonic
        )
    except WorkError as error:
        if error.retryable:
            raise
        outcome = replace(_failed(page, row, error), fetched_at=page.fetched_at, archive=place_now)
        return Prepared(entry=entry, standing=Standing.TAKE, outcome=outcome)
    except ChildBugError as error:
        return Prepared(entry=entry, standing=Standing.TAKE, bug=str(error))
    document, took = built.candidate.document, (built.extract_ms, built.tag_ms)
    outcome = Outcome(
        kind=OutcomeKind.INDEXED,
        article_id=document.article_id,
        page_key=urls.find_page_key(page.url, page.final_url),
        fetched_at=page.fetched_at,
        http_status=page.status,
        archive=place_now,
        timings=Timings(extract_ms=took[0], tag_ms=took[1], total_ms=sum(took)),
    )
    return Prepared(
        # With a title, since texts of one site are told apart by the titles of their entries.
        entry=replace(entry, title=document.title),
        standing=Standing.TAKE,
        outcome=outcome,
        candidate=built.candidate,
    )


def _article_of(store: Store, row: LedgerRow | None) -> Document | None:
    is_done = row is not None and row.state is EntryState.DONE and row.article_id
    return store.articles.get(row.article_id) if row and row.article_id and is_done else None


def _find_refusal(capture: Capture) -> WorkError | None:
    try:
        require_usable(capture)
    except WorkError as error:
        return error
    return None


def _subject(row: LedgerRow) -> Subject:
    return Subject(feed_id=row.entry.feed_id, entry_id=row.entry.entry_id)


def _failed(page: Page, row: LedgerRow, error: WorkError) -> Outcome:
    """Return how an entry ends without an article. What a fetch would try again has given up: nobody can."""
    return Outcome(
        kind=OutcomeKind.GAVE_UP if error.retryable else OutcomeKind.REJECTED,
        reason=error.reason,
        detail=error.detail or None,
        page_key=urls.find_page_key(page.url, page.final_url),
        fetched_at=row.fetched_at,
        http_status=page.status,
        archive=row.archive,
        timings=Timings(total_ms=0),
    )
