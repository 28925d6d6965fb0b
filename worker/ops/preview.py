"""Looking before storing: what a feed would bring, and what a page would become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker import urls
from worker.errors import OperationError, ParseError
from worker.feeds.discover import find_feeds
from worker.fetch.policy import FEED, PAGE
from worker.models import Entry, Page
from worker.ops.listing import read_listing
from worker.pipeline import build_candidate
from worker.store.ledger import first_row

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from worker.clock import Clock
    from worker.extract.pool import WorkerPool
    from worker.feeds.discover import FoundFeed
    from worker.fetch.client import Fetcher
    from worker.models import Document, LedgerRow, ParsedFeed


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A URL looked at: the feed it is, or the feeds its page links."""

    url: str
    page: Page
    feed: ParsedFeed | None = None
    found: tuple[FoundFeed, ...] = ()


def check_url(url: str, fetcher: Fetcher, pool: WorkerPool, clock: Clock) -> Checked:
    """Fetch and parse a feed, storing nothing; of a page, find the feeds it links.

    Raises:
        FetchError, HostBusyError: it can't be fetched. ParseError: it is no feed and links none.
    """
    page = fetcher.fetch(url, FEED)
    try:
        feed = read_listing(page, urls.feed_id_of(url), fetcher, pool, clock)
    except ParseError:
        found = pool.run(find_feeds, page.body, page.final_url)
        if not found:
            raise
        return Checked(url=url, page=page, found=found)
    return Checked(url=url, page=page, feed=feed)


def fetch_page(url: str, fetcher: Fetcher) -> Page:
    """Fetch an article's page as the service would."""
    return fetcher.fetch(url, PAGE)


def read_page(path: Path, url: str | None, now: datetime) -> Page:
    """Return a saved HTML file as a page; `url` is where it is said to come from.

    Raises:
        OperationError: the file can't be read.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise OperationError(f"cannot read {path}: {error.strerror}") from error
    address = url or path.absolute().as_uri()
    return Page(url=address, final_url=address, status=200, headers={}, body=body, fetched_at=now)


def extract_page(page: Page, pool: WorkerPool, clock: Clock) -> Document:
    """Return the document that a page would become, stored nowhere.

    Raises:
        WorkError: it yields none.
    """
    built = pool.run(build_candidate, page, _row_for(page), feed_title=None, tick=clock.monotonic)
    document: Document = built.candidate.document
    return document


def _row_for(page: Page) -> LedgerRow:
    """Return the ledger row of an entry that says nothing but the link."""
    entry = Entry(
        entry_id=urls.entry_id_of(page.url), feed_id="", url=page.url, domain=urls.site_of(page.url)
    )
    return first_row(entry, (), page.fetched_at)
