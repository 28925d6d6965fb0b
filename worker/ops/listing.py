"""What a fetched feed lists; of a sitemap index what its latest files list, each fetched for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.errors import HostBusyError, ParseError, WorkError
from worker.feeds.parse import parse_listing
from worker.feeds.sitemapindex import SitemapIndex, joined
from worker.fetch.policy import FEED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.extract.pool import WorkerPool
    from worker.feeds.sitemapindex import SitemapFile
    from worker.fetch.client import Fetcher
    from worker.models import FeedPage, ParsedFeed


def read_listing(page: FeedPage, feed_id: str, fetcher: Fetcher, pool: WorkerPool) -> ParsedFeed:
    """Return what the page lists, parsed in a child process.

    A sitemap index costs up to three requests more, each granted by the gate. A file that can't be had
    is noted; what an index lists is then the rest.

    Raises:
        ParseError: it is no feed, or an index none of whose latest files is a news sitemap.
        FetchError, HostBusyError: none of the files can be fetched.
    """
    listed = _parse(page, feed_id, pool)
    if isinstance(listed, SitemapIndex):
        return _follow(listed.files, feed_id, fetcher, pool)
    return listed


def _follow(files: Sequence[SitemapFile], feed_id: str, fetcher: Fetcher, pool: WorkerPool) -> ParsedFeed:
    lists: list[ParsedFeed] = []
    notes: list[str] = []
    failures: list[WorkError | HostBusyError] = []
    for file in files:
        try:
            lists.append(_read_file(file, feed_id, fetcher, pool))
        except (WorkError, HostBusyError) as error:
            failures.append(error)
            notes.append(f"not read: {file.url} ({error})")
    if not lists:
        raise failures[0]
    return joined(lists, notes)


def _read_file(file: SitemapFile, feed_id: str, fetcher: Fetcher, pool: WorkerPool) -> ParsedFeed:
    listed = _parse(fetcher.fetch(file.url, FEED), feed_id, pool)
    if isinstance(listed, SitemapIndex):
        raise ParseError(file.url, "an index in an index")
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
