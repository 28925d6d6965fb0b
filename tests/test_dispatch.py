"""Which due rows become hints: hosts take turns, the newest of each first, never above the mark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import ManualClock
from worker.app import SKEW_S
from worker.backlog import Backlog
from worker.broker.roll import Load
from worker.dispatch import (
    FEED_TICK_S,
    FEEDS_PER_THREAD,
    EntryDispatcher,
    dispatch_feeds,
    per_host,
    plan_dispatch,
)
from worker.errors import BrokerUnavailableError
from worker.models import DueRow, Entry
from worker.ops.subscriptions import new_feed
from worker.settings import read_settings
from worker.store.sqlite import open_sqlite

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def row(name: str, age_min: int = 0) -> DueRow:
    """`a1` is a row of host a."""
    return DueRow(entry_id=name, domain=name[0], first_seen_at=NOW - timedelta(minutes=age_min))


@pytest.mark.parametrize(
    ("due", "room", "share", "expected"),
    [
        pytest.param([], 10, 4, [], id="nothing due"),
        pytest.param([row("a1")], 0, 4, [], id="no room"),
        pytest.param([row("a1")], -5, 4, [], id="above the mark already"),
        pytest.param([row("a1", 9), row("a2", 1)], 10, 4, ["a2", "a1"], id="newest first"),
        pytest.param([row("a1"), row("a2", 1), row("a3", 2)], 10, 2, ["a1", "a2"], id="at most K of a host"),
        pytest.param(
            [row("a1"), row("a2", 1), row("b1", 60)], 10, 4, ["a1", "b1", "a2"], id="hosts take turns"
        ),
        pytest.param(
            [row(f"a{n}", n) for n in range(100)] + [row("b1", 999), row("c1", 999)],
            3,
            4,
            ["a0", "b1", "c1"],
            id="one host's backlog starves nobody",
        ),
    ],
)
def test_plan(due, room, share, expected):
    assert plan_dispatch(due, room, share) == expected


rows = st.lists(
    st.builds(row, st.text("abc", min_size=1, max_size=6), st.integers(0, 1000)),
    unique_by=lambda r: r.entry_id,
)


@given(rows, st.integers(-2, 50), st.integers(1, 5))
def test_plan_never_exceeds_room_or_host_share_and_wastes_no_room(due, room, share):
    plan = plan_dispatch(due, room, share)
    hosts = [entry_id[0] for entry_id in plan]
    assert len(set(plan)) == len(plan) <= max(0, room)
    assert all(hosts.count(host) <= share for host in hosts)
    possible = sum(min(share, [r.domain for r in due].count(host)) for host in {r.domain for r in due})
    assert len(plan) == min(max(0, room), possible)


@pytest.mark.parametrize(
    ("delay_s", "room", "share"),
    [
        pytest.param(0, 128, 128, id="no delay: all the room"),
        pytest.param(0, 0, 1, id="no room: still a valid share"),
        pytest.param(0.5, 128, 7, id="half a second: three seconds of it and one now"),
        pytest.param(2, 128, 2, id="the default: one now, one that is waited for"),
        pytest.param(60, 128, 1, id="a minute: one"),
    ],
)
def test_share_of_one_host(delay_s, room, share):
    assert per_host(delay_s, room) == share


class BrokerThatFails:
    """Takes so many hints, then is away."""

    def __init__(self, takes: int) -> None:
        self.takes = takes
        self.sent: list[object] = []

    def __call__(self, hint: object) -> None:
        if len(self.sent) == self.takes:
            raise BrokerUnavailableError("redis://r: cannot be reached")
        self.sent.append(hint)


@pytest.fixture
def mill(tmp_path: Path) -> Iterator[Any]:
    """As much of a mill as dispatch uses: a real store, a clock that stands still, settings."""
    clock = ManualClock()
    with closing(open_sqlite(tmp_path / "feedmill.db")) as store:
        store.setup()
        yield SimpleNamespace(store=store, clock=clock, settings=read_settings(host_delay_s=0))


@dataclass
class Threads:
    """Threads on simulated time: each is busy with one poll at a time, in the order of the hints."""

    count: int
    poll_s: float
    clock: ManualClock
    free_at: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.free_at = [0.0] * self.count

    def take(self, _hint: object) -> None:
        ends = max(self.clock.seconds, heappop(self.free_at)) + self.poll_s
        heappush(self.free_at, ends)
        self.ends.append(ends)

    def backlog(self) -> Backlog:
        held = sum(ends > self.clock.seconds for ends in self.ends)
        load = Load("w", self.count, ("poll",), {"poll": held})
        return Backlog(lambda queues: dict.fromkeys(queues, 0), lambda: [load])


ROOMY = Backlog(lambda queues: dict.fromkeys(queues, 0), lambda: [Load("w", 4, ("poll", "ingest"), {})])


def test_entries_whose_hints_could_not_be_sent_are_due_again_at_once(mill: Any) -> None:
    entries = [
        Entry(entry_id=f"{n}", feed_id="f", url=f"http://h{n}.example/", domain=f"h{n}") for n in range(5)
    ]
    feed = new_feed("http://h.example/feed", mill.clock.now(), 1800)
    mill.store.feeds.add([feed])
    mill.store.entries.admit(feed.feed_id, entries, mill.clock.now())
    broker = BrokerThatFails(takes=2)
    with pytest.raises(BrokerUnavailableError):
        EntryDispatcher().dispatch(mill, ROOMY, broker)
    assert mill.store.entries.waiting() == {"none": 3, "slot": 0, "retry": 0, "lease": 2, "held": 0}
    assert len(mill.store.entries.due(mill.clock.now(), 10, 10)) == 3
    assert EntryDispatcher().dispatch(mill, ROOMY, [].append) == 3


def test_feeds_whose_hints_could_not_be_sent_are_due_again_at_once(mill: Any) -> None:
    now = mill.clock.now()
    mill.store.feeds.add(new_feed(f"http://h{n}.example/feed", now, 1800) for n in range(5))
    broker = BrokerThatFails(takes=2)
    with pytest.raises(BrokerUnavailableError):
        dispatch_feeds(mill, ROOMY, broker)
    sent: list[Any] = []
    assert dispatch_feeds(mill, ROOMY, sent.append) == 3
    assert not {feed.feed_id for feed in sent} & {feed.feed_id for feed in broker.sent}


def test_without_room_nothing_is_claimed(mill: Any) -> None:
    full = Backlog(lambda queues: dict.fromkeys(queues, 999), ROOMY.loads)
    mill.store.feeds.add([new_feed("http://h.example/feed", mill.clock.now(), 1800)])
    assert dispatch_feeds(mill, full, [].append) == 0
    assert EntryDispatcher().dispatch(mill, full, [].append) == 0
    assert dispatch_feeds(mill, ROOMY, [].append) == 1


NEEDED = 100_000 * 20 / 86_400
"""Polls a second of 100,000 feeds at 20 polls a day, which is what the simulated ones cost."""


@pytest.mark.parametrize(
    ("threads", "poll_s", "per_s"),
    [
        pytest.param(16, 0.1, 64, id="very short: as many as there are hints"),
        pytest.param(16, 0.25, 64, id="short: no thread waits for hints"),
        pytest.param(16, 0.3, 53, id="what near servers take"),
        pytest.param(16, 0.5, 32, id="what far ones take"),
        pytest.param(16, 2.0, 8, id="slow: the threads are too few, not the hints"),
        pytest.param(4, 0.25, 16, id="few threads"),
    ],
)
def test_polls_a_second(mill: Any, threads: int, poll_s: float, per_s: float) -> None:
    seconds = 8
    now = mill.clock.now()
    mill.store.feeds.add(new_feed(f"http://h{n}.example/feed", now, 1800) for n in range(64 * seconds))
    crew = Threads(threads, poll_s, mill.clock)
    while mill.clock.seconds < seconds:
        dispatch_feeds(mill, crew.backlog(), crew.take)
        mill.clock.seconds += FEED_TICK_S
    polled = sum(ends <= seconds for ends in crew.ends) / seconds
    assert polled == pytest.approx(per_s, rel=0.06)
    assert polled > NEEDED or per_s < NEEDED


def test_where_every_site_hangs_a_hint_is_taken_up_within_its_lease() -> None:
    settings = read_settings()
    waiting_s = 2 * FEEDS_PER_THREAD * settings.fetch_timeout_s  # polls and entries take turns
    polling_s = settings.fetch_timeout_s + settings.extract_timeout_s
    assert waiting_s + polling_s + SKEW_S < settings.lease_s


def test_a_crowd_of_one_site_keeps_nobody_waiting_and_is_not_sent_in_vain(mill: Any) -> None:
    mill.settings = read_settings(host_delay_s=2)
    now = mill.clock.now()
    long_due = now - timedelta(hours=1)
    mill.store.feeds.add(new_feed(f"http://crowd.example/{n}", long_due, 1800) for n in range(500))
    mill.store.feeds.add(new_feed(f"http://h{n}.example/", now, 1800) for n in range(200))
    sent: list[Any] = []
    for _ in range(20):
        dispatch_feeds(mill, ROOMY, sent.append)
        mill.clock.seconds += FEED_TICK_S
    by_site = Counter(feed.domain for feed in sent)
    assert by_site.pop("crowd.example") == 10, "one each two seconds, as its gate lets them start"
    assert by_site == {f"h{n}.example": 1 for n in range(200)}
