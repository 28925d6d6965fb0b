"""What `feedmill status` tells: the whole service at a glance, from the store alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.enrich.tags import tagger_version
from worker.extract.version import extractor_version
from worker.models import FeedState, OutcomeKind
from worker.ops.health import Trouble, find_problems

if TYPE_CHECKING:
    from datetime import datetime

    from worker.models import Feed
    from worker.ops.health import Problem
    from worker.store.base import Store

WORST = 5
"""Feeds named for each kind of trouble; `feedmill feeds list --problem` shows all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubled:
    """A feed and one thing that is wrong with it."""

    feed: Feed
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Counts of feeds, entries and articles.

    `problems` counts feeds by what is wrong with them, `troubled` names some of each, worst kind first.
    `reasons` are (outcome, reason, rows), most frequent first. `stale` are articles that another extractor
    or tagger made than the present one: `feedmill reindex start --stale` makes them anew.
    """

    feeds: dict[str, int]
    problems: dict[str, int]
    troubled: tuple[Troubled, ...]
    overdue_feeds: int
    next_poll_at: datetime | None
    entries: dict[str, int]
    waiting: dict[str, int]
    reasons: tuple[tuple[str, str, int], ...]
    articles: int
    stale: int

    @property
    def seen(self) -> int:
        """Every entry ever listed: the sum of all outcomes and what is pending."""
        return sum(self.entries.values())


def collect_status(store: Store, now: datetime) -> Status:
    """Read the status; a feed is overdue a minute after its time."""
    states: Counter[str] = Counter()
    troubled: dict[Trouble, list[Troubled]] = {trouble: [] for trouble in Trouble}
    problems: Counter[str] = Counter()
    due: list[datetime] = []
    for feed in store.feeds.all():
        states[feed.state.value] += 1
        for problem in find_problems(feed, now):
            problems[problem.trouble.value] += 1
            if problems[problem.trouble.value] <= WORST:
                troubled[problem.trouble].append(Troubled(feed=feed, problem=problem))
        if feed.state is FeedState.ACTIVE:
            due.append(feed.next_poll_at)
    counts = store.entries.counts()
    reasons = sorted(store.entries.reasons().items(), key=lambda item: -item[1])
    return Status(
        feeds={state.value: states[state.value] for state in FeedState},
        problems={trouble.value: problems[trouble.value] for trouble in Trouble},
        troubled=tuple(each for some in troubled.values() for each in some),
        overdue_feeds=sum((now - at).total_seconds() > 60 for at in due),
        next_poll_at=min(due, default=None),
        entries={kind: counts.get(kind, 0) for kind in (*(kind.value for kind in OutcomeKind), "pending")},
        waiting=store.entries.waiting(),
        reasons=tuple((outcome, reason, rows) for (outcome, reason), rows in reasons),
        articles=store.articles.count(),
        stale=_stale(store),
    )


def _stale(store: Store) -> int:
    present = (extractor_version(), tagger_version())
    return sum(count for made_by, count in store.articles.made_by().items() if made_by != present)
