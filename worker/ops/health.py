"""What is wrong with a feed, for the people who follow it. Pure: from the feed's own record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from worker.feeds.rhythm import usual_gap_s
from worker.models import FeedState
from worker.ops.text import when

if TYPE_CHECKING:
    from datetime import datetime

    from worker.models import Feed

FAILURES = 3
"""Failed polls in a row before a feed counts as failing: one or two are a restart or a bad minute."""

SILENT_GAPS = 5.0
SILENT_LEAST = timedelta(days=3)
"""A feed is silent after five times its usual gap between entries; a newspaper is not on a long weekend."""

NEVER = timedelta(days=30)
"""A feed without a rhythm (it never listed two entries with times) is silent after a month without one."""

LATELY = timedelta(days=7)
"""Missed entries are a problem for a week: polls come sooner after a miss, and then it is over."""

SLOW_MS = 10_000
"""Mean time of a poll: a hundred times Media Cloud's mean of 109 ms, half of miniflux's time limit."""


class Trouble(StrEnum):
    """What may be wrong, worst first."""

    GONE = "gone"
    FAILING = "failing"
    SILENT = "silent"
    MISSING = "missing"
    SLOW = "slow"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, and a sentence on it (foreign text in it is not made harmless yet)."""

    trouble: Trouble
    said: str


def find_problems(feed: Feed, now: datetime) -> tuple[Problem, ...]:
    """Return what is wrong with a feed, worst first. Nobody asks paused feeds and imports: they are well."""
    if feed.state in (FeedState.PAUSED, FeedState.IMPORTED):
        return ()
    if feed.state is FeedState.GONE:
        return (
            Problem(trouble=Trouble.GONE, said="answered 410 (gone) for good; `feeds resume` revives it"),
        )
    found = {
        Trouble.FAILING: _failing(feed),
        Trouble.SILENT: _silent(feed, now),
        Trouble.MISSING: _missing(feed, now),
        Trouble.SLOW: _slow(feed),
        Trouble.MOVED: _moved(feed),
    }
    return tuple(Problem(trouble=trouble, said=said) for trouble, said in found.items() if said)


def _failing(feed: Feed) -> str | None:
    if feed.consecutive_failures < FAILURES:
        return None
    since = f"since {when(feed.last_success_at)}" if feed.last_success_at else "never worked"
    return f"{feed.consecutive_failures} failures in a row, {since}: {feed.error or feed.last_outcome}"


def _silent(feed: Feed, now: datetime) -> str | None:
    """Return a sentence if its entries are overdue. A feed that fails is no silent one."""
    if feed.consecutive_failures or feed.last_success_at is None:
        return None
    last = feed.last_new_entry_at or feed.added_at
    silence, gap_s = now - last, usual_gap_s(feed.rhythm) if feed.rhythm else None
    patience = NEVER if gap_s is None else max(SILENT_LEAST, timedelta(seconds=SILENT_GAPS * gap_s))
    if silence < patience:
        return None
    usual = f", usually every {_span(gap_s)}" if gap_s else ""
    return f"nothing new for {_span(silence.total_seconds())}{usual}"


def _missing(feed: Feed, now: datetime) -> str | None:
    if feed.last_missed_at is None or now - feed.last_missed_at >= LATELY:
        return None
    return (
        f"some {feed.missed_entries:,} entries came and went between polls, last {when(feed.last_missed_at)}"
    )


def _slow(feed: Feed) -> str | None:
    if feed.fetch_ms is None or feed.fetch_ms < SLOW_MS:
        return None
    return f"a poll takes {feed.fetch_ms / 1000:.0f} s"


def _moved(feed: Feed) -> str | None:
    # A temporary redirect is how many feeds are served for good.
    if feed.redirect_url is None or not feed.redirect_count:
        return None
    times = f", {feed.redirect_count} polls in a row" if feed.redirect_count > 1 else ""
    return f"answers from {feed.redirect_url}{times}"


def _span(seconds: float) -> str:
    """Return a duration in the unit that suits it."""
    hours = seconds / 3600
    if hours >= 48:
        return f"{hours / 24:.0f} days"
    return f"{hours:.0f} hours" if hours >= 2 else f"{seconds / 60:.0f} minutes"
