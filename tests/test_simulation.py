"""The simulated year: what its readers are shown, and that ours keeps what the table in the design notes says."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import pytest

from bench.schedule.__main__ import OTHERS, Plan, play
from bench.schedule.readers import Duplicates, Empirical, EntryFrequency, Ours, Poll
from bench.schedule.servers import DAY, HOUR, MIX, START, Server, servers
from worker.feeds.schedule import Bounds

PLAN = Plan(feeds=30, days=12, seed=5)


def hourly(stated=None, count: int = 24 * 30) -> Server:
    times = [START - 10 * DAY + n * HOUR for n in range(count)]
    return Server("wire", times, [stated] * count if stated else list(times), 20)


def shown(server: Server, at: float, new: int) -> Poll:
    """The poll at that time, with so many new entries."""
    last = sum(time <= at for time in server.times)
    return Poll(at=at, first=max(0, last - 20), new=last - new, last=last, jitter=0.5)


@pytest.mark.parametrize(
    ("reader", "new", "wait_s"),
    [
        pytest.param(EntryFrequency, 20, 3600, id="miniflux: an entry an hour"),
        pytest.param(Empirical, 20, 1800, id="CommaFeed: half the gap"),
        pytest.param(Duplicates, 0, 420 * 60, id="rss-fetcher: nothing new for a month, an hour more"),
        pytest.param(Duplicates, 1, 370 * 60, id="rss-fetcher: one new, ten minutes more"),
        pytest.param(Duplicates, 20, 300 * 60, id="rss-fetcher: all new, an hour less"),
        pytest.param(Duplicates, 10, 360 * 60, id="rss-fetcher: half of them"),
    ],
)
def test_the_others_rules(reader, new, wait_s):
    server = hourly()
    assert reader(server).wait_s(shown(server, START, new)) == pytest.approx(wait_s, rel=0.02)


@pytest.mark.parametrize(("days", "hours"), [(6, 1), (8, 1), (20, 2), (40, 4)])
def test_commafeed_slows_down_with_silence(days, hours):
    server = hourly(count=240)
    assert Empirical(server).wait_s(shown(server, server.times[-1] + days * DAY, 0)) <= hours * HOUR


def test_every_rule_meets_the_same_feeds_and_every_kind():
    one, other = list(servers(40, 3, 1)), list(servers(40, 3, 1))
    assert one == other
    assert {server.kind for server in one} == set(MIX)
    assert all(a <= b for server in one for a, b in pairwise(server.times))
    assert [server.times for server in servers(40, 3, 2)] != [server.times for server in one]


@pytest.fixture(scope="module")
def tallies():
    return {
        name: play(PLAN, reader)
        for name, reader in {**OTHERS, "ours": partial(Ours, bounds=Bounds(patience=1.5))}.items()
    }


def test_no_entry_is_lost_from_the_count(tallies):
    published = sum(
        START < time for server in servers(PLAN.feeds, PLAN.days, PLAN.seed) for time in server.times
    )
    for tally in tallies.values():
        assert 0.9 * published < len(tally.delays) <= published


def test_ours_is_quicker_for_fewer_polls_and_misses_less(tallies):
    ours, fixed, frequency = (
        tallies[name] for name in ("ours", "fixed, 60 minutes", "miniflux, entry_frequency")
    )
    assert ours.polls < fixed.polls
    assert ours.quantile(0.5) < fixed.quantile(0.5) / 2
    assert ours.quantile(0.5) < frequency.quantile(0.5)
    assert ours.missed <= min(fixed.missed, frequency.missed)
