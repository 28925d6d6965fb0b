"""What a successful answer changes in a feed's record, at a poll and at the look before it is added. Pure."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from worker.feeds import sitemapindex
from worker.feeds.hints import after_skipped, hint_s
from worker.feeds.overlap import see
from worker.feeds.rhythm import per_day
from worker.feeds.schedule import FIRST_SPREAD, SPREAD, after_success, interval_s

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from worker.feeds.schedule import Bounds
    from worker.models import Admission, Feed, FeedPage, ParsedFeed


def answered(feed: Feed, page: FeedPage, outcome: str, now: datetime) -> dict[str, Any]:
    """Return what the answer itself changes. A 304 that repeats no validator leaves the old one."""
    is_304 = page.status == 304
    kept = (feed.etag, feed.last_modified) if is_304 else (None, None)
    return {
        "etag": page.headers.get("etag", kept[0]),
        "last_modified": page.headers.get("last-modified", kept[1]),
        "last_polled_at": now,
        "last_success_at": now,
        "last_full_at": feed.last_full_at or now if is_304 else now,
        "last_outcome": outcome,
        "http_status": page.status,
        "fetch_ms": mean_ms(feed.fetch_ms, page.fetch_ms),
        "consecutive_failures": 0,
        "gone_count": 0,
        "error": None,
    }


def taught(feed: Feed, parsed: ParsedFeed, admission: Admission, now: datetime) -> dict[str, Any]:
    """Return what a listing says of the feed and its rhythm; what the operator or an import said stays."""
    seen = see(feed.rhythm, parsed.entries, frozenset(admission.new), feed.last_success_at or now, now)
    return {
        "title": feed.title or parsed.title,
        "site_url": parsed.site_url or feed.site_url,
        "language": feed.language or parsed.language,
        "hub_url": parsed.hub_url,
        "hints": parsed.hints,
        "rhythm": seen.rhythm,
        "missed_entries": feed.missed_entries + seen.missed,
        "last_missed_at": now if seen.missed else feed.last_missed_at,
        "entries_seen": feed.entries_seen + len(admission.new),
        "last_new_entry_at": now if admission.new else feed.last_new_entry_at,
    }


def scheduled(
    before: Feed, feed: Feed, headers: Mapping[str, str], bounds: Bounds, now: datetime, jitter: float
) -> dict[str, Any]:
    """Return when to come again, as the feed (`before` and after the answer) and its server want it.

    `headers` are the answer's, `jitter` a random fraction in [0, 1).
    """
    planned_s = interval_s(feed.rhythm, now, bounds)
    spread = SPREAD if before.last_success_at else FIRST_SPREAD
    due_at = after_success(now, planned_s, bounds, hint_s(feed.hints, headers, now), jitter, spread)
    daily = per_day(feed.rhythm, now) if feed.rhythm else None
    return {
        "interval_s": round(planned_s),
        "entries_per_day": None if daily is None else round(daily, 2),
        "next_poll_at": after_skipped(feed.hints, due_at, jitter),
    }


def hash_of(body: bytes) -> str:
    """Return what tells one body of a feed from another."""
    return hashlib.sha256(body).hexdigest()


def kept_of_body(parsed: ParsedFeed, body_hash: str) -> dict[str, Any]:
    """Return what spares reading the same body again. An index may stay the same while its files change."""
    if parsed.format == sitemapindex.FORMAT:
        return dict.fromkeys(("etag", "last_modified", "body_hash"))
    return {"body_hash": body_hash}


def mean_ms(known: int | None, measured: int) -> int:
    """Return the running mean of a feed's poll times: a fifth of it is the latest poll."""
    return measured if known is None else round(0.8 * known + 0.2 * measured)
