"""One poll of one feed: fetch if changed, parse in a child, admit, remember.

Validators and body hash are saved only after the listing was admitted, so a crash in between costs
a second fetch and never an entry. What an answer means is decided in `worker.feeds`: `learned` what a
success changes, `overlap` and `rhythm` what the listing teaches, `health` what becomes of the feed,
`schedule` and `hints` when to come again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog

from worker.errors import BugError, FetchError, HostBusyError, WorkError
from worker.feeds import health
from worker.feeds.hints import after_skipped, hint_s
from worker.feeds.learned import answered, hash_of, kept_of_body, taught
from worker.feeds.overlap import nothing_new
from worker.feeds.rhythm import per_day
from worker.feeds.schedule import (
    FIRST_SPREAD,
    SPREAD,
    Bounds,
    after_failure,
    after_success,
    deferred,
    interval_s,
)
from worker.fetch.policy import FEED
from worker.models import FeedState
from worker.ops.listing import read_listing
from worker.urls import site_of

if TYPE_CHECKING:
    from worker.mill import Mill
    from worker.models import Admission, Feed, FeedPage, ParsedFeed

log = structlog.get_logger()


def poll_feed(mill: Mill, feed_id: str) -> None:
    """Poll one active feed and save what came of it; every failure ends in the feed's own record."""
    feed = mill.store.feeds.get(feed_id)
    if feed is None or feed.state is not FeedState.ACTIVE:
        return
    headers = {} if health.should_ask_in_full(feed, mill.clock.now()) else validators(feed)
    try:
        changes = _poll(mill, feed, headers)
    except HostBusyError as busy:
        changes = {"next_poll_at": deferred(mill.clock.now(), busy.wait_s, mill.clock.jitter())}
    except WorkError as error:
        # Asked in full once is enough, whatever came of it.
        in_full = {} if headers else {"last_full_at": mill.clock.now()}
        changes = {**failed(feed, error, mill), **in_full}
    mill.store.feeds.update(feed_id, changes)


def poll_hit_a_bug(mill: Mill, feed_id: str, error: Exception) -> None:
    """Record an error outside the tree: the feed stays scheduled and the traceback is logged."""
    feed = mill.store.feeds.get(feed_id)
    if feed is not None:
        mill.store.feeds.update(feed_id, failed(feed, BugError.of(error), mill))


def _poll(mill: Mill, feed: Feed, headers: dict[str, str]) -> dict[str, Any]:
    page = mill.fetcher.fetch(feed.url, FEED, headers)
    body_hash = hash_of(page.body)
    if page.status == 304 or body_hash == feed.body_hash:
        outcome = "not_modified" if page.status == 304 else "unchanged"
        log.info("polled", feed=feed.url, outcome=outcome)
        return polled(feed, page, outcome, mill)
    parsed = read_listing(page, feed.feed_id, mill.fetcher, mill.pool)
    admission = mill.store.entries.admit(feed.feed_id, parsed.entries, mill.clock.now())
    changes = polled(feed, page, "parsed", mill, parsed, admission) | kept_of_body(parsed, body_hash)
    log.info(
        "polled",
        feed=feed.url,
        outcome="parsed",
        new=len(admission.new),
        changed=len(admission.changed),
        known=admission.known,
        missed=changes["missed_entries"] - feed.missed_entries,
    )
    return changes


def validators(feed: Feed) -> dict[str, str]:
    """Return the conditional headers: what the server gave, byte for byte, each on its own."""
    headers = {"If-None-Match": feed.etag, "If-Modified-Since": feed.last_modified}
    return {name: value for name, value in headers.items() if value is not None}


def polled(
    feed: Feed,
    page: FeedPage,
    outcome: str,
    mill: Mill,
    parsed: ParsedFeed | None = None,
    admission: Admission | None = None,
) -> dict[str, Any]:
    """Return what a successful poll changes; with `parsed` and `admission` where the listing was read."""
    now = mill.clock.now()
    changes = {
        **answered(feed, page, outcome, now),
        **health.redirect_changes(feed, page, now, parsed),
        **(
            taught(feed, parsed, admission, now)
            if parsed and admission
            else {"rhythm": nothing_new(feed.rhythm, feed.last_success_at, now)}
        ),
    }
    after = replace(feed, **changes)
    if page.status != 304 and health.has_moved(after, now):
        changes |= moved(after, mill)
    return changes | scheduled(feed, after, page, mill)


def moved(feed: Feed, mill: Mill) -> dict[str, Any]:
    """Return the changes that make the redirect's target the feed's URL, none where another feed has it."""
    target = feed.redirect_url or feed.url
    other = mill.store.feeds.find(target)
    if other and other.feed_id != feed.feed_id:
        return {}
    log.info("feed moved", feed=feed.url, to=target)
    return {
        "url": target,
        "domain": site_of(target),
        "redirect_url": None,
        "redirect_count": 0,
        "redirect_since": None,
    }


def scheduled(before: Feed, feed: Feed, page: FeedPage, mill: Mill) -> dict[str, Any]:
    """Return when to come again, as the feed (`before` and after the poll) and its server want it."""
    now, jitter, bounds = mill.clock.now(), mill.clock.jitter(), bounds_of(feed, mill)
    planned_s = interval_s(feed.rhythm, now, bounds)
    spread = SPREAD if before.last_success_at else FIRST_SPREAD
    asked_s = hint_s(feed.hints, page.headers, now)
    due_at = after_success(now, planned_s, bounds, asked_s, jitter, spread)
    daily = per_day(feed.rhythm, now) if feed.rhythm else None
    return {
        "interval_s": round(planned_s),
        "entries_per_day": None if daily is None else round(daily, 2),
        "next_poll_at": after_skipped(feed.hints, due_at, jitter),
    }


def failed(feed: Feed, error: WorkError, mill: Mill) -> dict[str, Any]:
    """Return what a failed poll changes: the next try comes later, and it always comes."""
    now = mill.clock.now()
    failures = feed.consecutive_failures + 1
    planned_s = interval_s(feed.rhythm, now, bounds_of(feed, mill))
    least_s = health.least_wait_s(feed, error)
    log.warning("poll failed", feed=feed.url, reason=error.reason, error=str(error), failures=failures)
    return {
        **health.gone_changes(feed, error),
        "last_polled_at": now,
        "last_outcome": health.outcome_of(feed, error),
        "http_status": error.http_status if isinstance(error, FetchError) else None,
        "consecutive_failures": failures,
        "error": str(error),
        "next_poll_at": after_failure(now, planned_s, failures, least_s, mill.clock.jitter()),
    }


def bounds_of(feed: Feed, mill: Mill) -> Bounds:
    """Return how often the operator wants this feed polled."""
    settings = mill.settings
    bounds = Bounds(
        first_s=settings.poll_interval_s,
        floor_s=settings.poll_min_s,
        ceiling_s=settings.poll_max_s,
        patience=settings.poll_patience,
    )
    return bounds.for_feed(feed.min_interval_s)
