"""One poll of one feed: fetch if changed, parse in a child, admit, remember.

Validators and body hash are saved only after the listing was admitted, so a crash in between costs
a second fetch and never an entry. What an answer means is decided in `worker.feeds`: `learned` what a
success changes and when to come again (`schedule`, `hints`), `overlap` and `rhythm` what the listing
teaches, `health` what becomes of the feed and what its failure means for its site.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog

from worker.archive.records import Subject
from worker.errors import BugError, FetchError, HostBusyError, WorkError
from worker.feeds import health
from worker.feeds.hints import after_skipped, hint_s
from worker.feeds.learned import answered, hash_of, kept_of_body, scheduled, taught
from worker.feeds.overlap import nothing_new
from worker.feeds.schedule import LONGEST_BACKOFF_S, after_failure, deferred, interval_s
from worker.fetch.policy import FEED
from worker.models import FeedState
from worker.ops.bounds import bounds_of
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
        put_off_site(mill, feed, error)
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
    mill.archive.keep(page, Subject(feed_id=feed.feed_id))  # first: what can't be read is worth a look, too
    parsed = _listed(page, feed, mill)
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


def _listed(page: FeedPage, feed: Feed, mill: Mill) -> ParsedFeed:
    try:
        return read_listing(page, feed.feed_id, mill.fetcher, mill.pool, mill.clock)
    except HostBusyError as busy:
        # The index itself was asked for: it is not before its time again, however soon its files may be.
        least_s = bounds_of(feed, mill.settings).floor_s
        raise HostBusyError(busy.host, max(busy.wait_s, least_s)) from busy


def put_off_site(mill: Mill, feed: Feed, error: WorkError) -> None:
    """Stop the site that a throttle came from: its other feeds and its pages share what it allows us."""
    if stop_s := health.site_stop_s(feed, error):
        site = site_of(error.url or feed.url)
        log.info("site put off", site=site, seconds=round(stop_s), feed=feed.url, error=str(error))
        mill.gate.stop(site, stop_s)


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
    bounds = bounds_of(feed, mill.settings)
    return changes | scheduled(feed, after, page.headers, bounds, now, mill.clock.jitter())


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


def failed(feed: Feed, error: WorkError, mill: Mill) -> dict[str, Any]:
    """Return what a failed poll changes: the next try comes later, and it always comes."""
    now = mill.clock.now()
    failures = feed.consecutive_failures + 1
    planned_s = interval_s(feed.rhythm, now, bounds_of(feed, mill.settings))
    least_s = max(health.least_wait_s(feed, error), hint_s(feed.hints, {}, now))
    retry_at = after_failure(now, planned_s, failures, least_s, mill.clock.jitter())
    log.warning("poll failed", feed=feed.url, reason=error.reason, error=str(error), failures=failures)
    return {
        **health.gone_changes(feed, error),
        "last_polled_at": now,
        "last_outcome": health.outcome_of(feed, error),
        "http_status": error.http_status if isinstance(error, FetchError) else None,
        "consecutive_failures": failures,
        "error": str(error),
        # What the feed asks for holds while it fails, too, but never beyond the weekly try.
        "next_poll_at": min(
            after_skipped(feed.hints, retry_at, mill.clock.jitter()),
            now + timedelta(seconds=LONGEST_BACKOFF_S),
        ),
    }
