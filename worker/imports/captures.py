"""What a captured page is to the ledger: an entry, and whether a fetch would have taken its answer. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from worker import urls
from worker.errors import ConnectionCutError, NoArticleError, TooLargeError
from worker.fetch.answer import NOT_MODIFIED, REDIRECTS, check_type, find_status_error
from worker.fetch.policy import PAGE
from worker.models import Entry, Feed, FeedState

if TYPE_CHECKING:
    from datetime import datetime

    from worker.archive.foreign import Capture
    from worker.models import Page

CUT_AT_LENGTH = "length"
"""Crawlers cut bodies at a megabyte or so, where the article has long ended; other cuts are accidents."""


def import_feed(name: str, now: datetime, interval_s: int) -> Feed:
    """Return the feed that the entries of an import belong to. The same name gives the same one."""
    url = f"urn:feedmill:import:{quote(name, safe='')}"
    return Feed(
        feed_id=urls.feed_id_of(url),
        url=url,
        title=name,
        state=FeedState.IMPORTED,
        added_at=now,
        next_poll_at=now,
        interval_s=interval_s,
    )


def is_redirect(page: Page) -> bool:
    """Return whether the page is at another place, or where it was: a fetch does not end there."""
    return page.status in REDIRECTS or page.status == NOT_MODIFIED


def entry_of(page: Page, feed_id: str) -> Entry:
    """Return the entry that a feed which links the page would list, with no more than that."""
    return Entry(
        entry_id=urls.article_id_of(page.url),
        feed_id=feed_id,
        url=page.url,
        canonical_url=urls.canonical_url(page.url),
        domain=urls.site_of(page.url),
    )


def require_usable(capture: Capture) -> None:
    """Pass if a fetch that got this answer would have gone on to extract it.

    Raises:
        FetchError: the answer is none, no page, or not whole.
        NoArticleError: it is a site's home page.
    """
    page = capture.page
    if error := find_status_error(page.url, page.status, None):
        raise error
    check_type(page.url, page.headers.get("content-type", ""), PAGE)
    if len(page.body) > PAGE.max_bytes:
        raise TooLargeError(page.url, f"the body has more than {PAGE.max_bytes} bytes")
    if capture.cut not in (None, CUT_AT_LENGTH):
        raise ConnectionCutError(page.url, f"its crawler cut it off: {capture.cut}"[:100])
    if urls.is_home(page.url):
        raise NoArticleError(page.url, "the home page of a site")
