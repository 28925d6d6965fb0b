"""One poll of one feed: fetch if changed, parse in a child, admit, remember.

Validators and body hash are saved only after the listing was admitted, so a crash in between costs
a second fetch and never an entry.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import structlog

from worker.errors import BugError, FetchError, HostBusyError, WorkError
from worker.feeds.parse import parse_feed
from worker.feeds.schedule import next_poll_at
from worker.fetch.policy import FEED
from worker.models import Admission, FeedState

if TYPE_CHECKING:
    from datetime import datetime

    from worker.mill import Mill
    from worker.models import Feed, FeedPage, ParsedFeed

log = structlog.get_logger()


def poll_feed(mill: Mill, feed_id: str) -> None:
    """Poll one active feed and save what came of it; every failure ends in the feed's own record."""
    feed = mill.store.feeds.get(feed_id)
    if feed is None or feed.state is not FeedState.ACTIVE:
        return
    try:
        changes = _poll(mill, feed)
    except HostBusyError as busy:
        changes = {"next_poll_at": _later(mill, busy.wait_s)}
    except WorkError as error:
        changes = failed(feed, error, mill)
    mill.store.feeds.update(feed_id, changes)


def poll_hit_a_bug(mill: Mill, feed_id: str, error: Exception) -> None:
    """Record an error outside the tree: the feed stays scheduled and the traceback is logged."""
    feed = mill.store.feeds.get(feed_id)
    if feed is not None:
        mill.store.feeds.update(feed_id, failed(feed, BugError.of(error), mill))


def _poll(mill: Mill, feed: Feed) -> dict[str, Any]:
    page = mill.fetcher.fetch(feed.url, FEED, validators(feed))
    body_hash = hashlib.sha256(page.body).hexdigest()
    if page.status == 304 or body_hash == feed.body_hash:
        outcome = "not_modified" if page.status == 304 else "unchanged"
        log.info("polled", feed=feed.url, outcome=outcome)
        return polled(feed, page, outcome, mill)
    parsed = mill.pool.run(
        parse_feed,
        page.body,
        feed_id=feed.feed_id,
        url=page.final_url,
        headers=page.headers,
        now=page.fetched_at,
    )
    admission = mill.store.entries.admit(feed.feed_id, parsed.entries, mill.clock.now())
    log.info(
        "polled",
        feed=feed.url,
        outcome="parsed",
        new=len(admission.new),
        changed=len(admission.changed),
        known=admission.known,
    )
    return {
        **polled(feed, page, "parsed", mill),
        **described(feed, parsed),
        **counted(feed, admission, page.fetched_at),
        "body_hash": body_hash,
    }


def validators(feed: Feed) -> dict[str, str]:
    """Return the conditional headers: what the server gave, byte for byte, each on its own."""
    headers = {"If-None-Match": feed.etag, "If-Modified-Since": feed.last_modified}
    return {name: value for name, value in headers.items() if value is not None}


def polled(feed: Feed, page: FeedPage, outcome: str, mill: Mill) -> dict[str, Any]:
    """Return what every successful poll changes. A 304 that repeats no validator leaves the old one."""
    now = mill.clock.now()
    kept = (feed.etag, feed.last_modified) if page.status == 304 else (None, None)
    return {
        "etag": page.headers.get("etag", kept[0]),
        "last_modified": page.headers.get("last-modified", kept[1]),
        "last_polled_at": now,
        "last_success_at": now,
        "last_outcome": outcome,
        "http_status": page.status,
        "consecutive_failures": 0,
        "error": None,
        "redirect_url": page.final_url if page.redirects else None,
        "redirect_count": feed.redirect_count + 1 if page.redirects else 0,
        "next_poll_at": next_poll_at(now, feed.interval_s, 0, mill.clock.jitter()),
    }


def described(feed: Feed, parsed: ParsedFeed) -> dict[str, Any]:
    """Return what the feed says of itself; what the operator or an import already said stays."""
    return {
        "title": feed.title or parsed.title,
        "site_url": parsed.site_url or feed.site_url,
        "language": feed.language or parsed.language,
        "hub_url": parsed.hub_url,
    }


def counted(feed: Feed, admission: Admission, now: datetime) -> dict[str, Any]:
    """Return what the admission changes in the feed's own counts."""
    last_new = now if admission.new else feed.last_new_entry_at
    return {"entries_seen": feed.entries_seen + len(admission.new), "last_new_entry_at": last_new}


def failed(feed: Feed, error: WorkError, mill: Mill) -> dict[str, Any]:
    """Return what a failed poll changes: the next try comes later, and it always comes."""
    now = mill.clock.now()
    failures = feed.consecutive_failures + 1
    log.warning("poll failed", feed=feed.url, reason=error.reason, error=str(error), failures=failures)
    return {
        "last_polled_at": now,
        "last_outcome": error.reason,
        "http_status": error.http_status if isinstance(error, FetchError) else None,
        "consecutive_failures": failures,
        "error": str(error),
        "next_poll_at": next_poll_at(now, feed.interval_s, failures, mill.clock.jitter()),
    }


def _later(mill: Mill, wait_s: float) -> datetime:
    return next_poll_at(mill.clock.now(), wait_s, 0, mill.clock.jitter())
