"""What a fetched feed lists; of a sitemap index what its latest files list, each fetched for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.errors import HostBusyError, ParseError, WorkError
from worker.feeds.parse import parse_listing
from worker.feeds.sitemapindex import SitemapIndex, joined
from worker.fetch.policy import FEED
from worker.fetch.robots import LONGEST_CRAWL_DELAY_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.clock import Clock
    from worker.extract.pool import WorkerPool
    from worker.feeds.sitemapindex import SitemapFile
    from worker.fetch.client import Fetcher
    from worker.models import FeedPage, ParsedFeed


def read_listing(
    page: FeedPage, feed_id: str, fetcher: Fetcher, pool: WorkerPool, clock: Clock
) -> ParsedFeed:
    """Return what the page lists, parsed in a child process.

    A sitemap index costs up to three requests more, each granted by the gate. A file that can't be had
    is noted; what an index lists is then the rest. A delay between requests, up to a crawl-delay, is
    slept: who defers has to ask for the index again, and meets the same delay at its first file.

    Raises:
        ParseError: it is no feed, or an index none of whose latest files is a news sitemap.
        FetchError, HostBusyError: none of the files can be fetched.
    """
    listed = _parse(page, feed_id, pool)
    if isinstance(listed, SitemapIndex):
        return _follow(listed.files, feed_id, fetcher, pool, clock)
    return listed


def _follow(
    files: Sequence[SitemapFile], feed_id: str, fetcher: Fetcher, pool: WorkerPool, clock: Clock
) -> ParsedFeed:
    lists: list[ParsedFeed] = []
    notes: list[str] = []
    failures: list[WorkError | HostBusyError] = []
    for file in files:
        try:
            lists.append(_read_file(_fetch_file(file.url, fetcher, clock), feed_id, pool))
        except (WorkError, HostBusyError) as error:
            failures.append(error)
            notes.append(f"not read: {file.url} ({error})")
    if not lists:
        raise failures[0]
    return joined(lists, notes)


def _fetch_file(url: str, fetcher: Fetcher, clock: Clock) -> FeedPage:
    try:
        return fetcher.fetch(url, FEED)
    except HostBusyError as busy:
        if busy.wait_s > LONGEST_CRAWL_DELAY_S:
            raise
        clock.sleep(busy.wait_s)
        return fetcher.fetch(url, FEED)


def _read_file(page: FeedPage, feed_id: str, pool: WorkerPool) -> ParsedFeed:
    listed = _parse(page, feed_id, pool)
    if isinstance(listed, SitemapIndex):
        raise ParseError(page.url, "an index in an index")
    return listed


def _parse(page: FeedPage, feed_id: str, pool: WorkerPool) -> ParsedFeed | SitemapIndex:
    listed: ParsedFeed | SitemapIndex = pool.run(
        parse_listing,
        page.body,
        feed_id=feed_id,
        url=page.final_url,
        headers=page.headers,
        now=page.fetched_at,
    )
    return listed
