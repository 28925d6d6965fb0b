"""The simulated year: what its readers are shown, and that ours keeps what the table in the design notes says."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from bench.schedule import play, readers, servers
from bench.schedule.__main__ import Year, equal_polls, patient
from bench.schedule.compiled import compiled
from bench.schedule.play import LOST, NOTICED, POLLS, quantile
from bench.schedule.readers import CELLS, Poll
from bench.schedule.servers import DAY, HOUR, KINDS, START, Server
from worker.feeds import filling, rates, schedule
from worker.feeds.schedule import Bounds

MODULES = (rates, filling, schedule, servers, readers, play)


def hourly(count: int = 24 * 30) -> Server:
    times = START - 10 * DAY + np.arange(count) * HOUR
    return Server(servers.WIRE, times, times.copy(), 20)


def wait_s(rule, server: Server, at: float, new: int) -> float:
    """What the rule answers to its first poll, at that time, with so many new entries."""
    last = int(np.searchsorted(server.times, at, side="right"))
    poll = Poll(at=at, first=max(0, last - 20), new=last - new, last=last, jitter=0.5)
    return rule(server, np.zeros(CELLS + len(server.times)), poll, Bounds())


@pytest.mark.parametrize(
    ("rule", "new", "expected_s"),
    [
        pytest.param(readers.fixed, 20, 3600, id="fixed"),
        pytest.param(readers.entry_frequency, 20, 3600, id="miniflux: an entry an hour"),
        pytest.param(readers.empirical, 20, 1800, id="CommaFeed: half the gap"),
        pytest.param(
            readers.duplicates, 0, 420 * 60, id="rss-fetcher: nothing new for a month, an hour more"
        ),
        pytest.param(readers.duplicates, 1, 370 * 60, id="rss-fetcher: one new, ten minutes more"),
        pytest.param(readers.duplicates, 20, 300 * 60, id="rss-fetcher: all new, an hour less"),
        pytest.param(readers.duplicates, 10, 360 * 60, id="rss-fetcher: half of them"),
    ],
)
def test_the_others_rules(rule, new, expected_s):
    assert wait_s(rule, hourly(), START, new) == pytest.approx(expected_s, rel=0.02)


@pytest.mark.parametrize(("days", "hours"), [(6, 1), (8, 1), (20, 2), (40, 4)])
def test_commafeed_slows_down_with_silence(days, hours):
    server = hourly(count=240)
    assert wait_s(readers.empirical, server, server.times[-1] + days * DAY, 0) <= hours * HOUR


def test_every_rule_meets_the_same_feeds_and_every_kind():
    one, other = ([servers.server(n, 3, 1) for n in range(40)] for _ in range(2))
    assert {server.kind for server in one} == set(range(len(KINDS)))
    assert all(a <= b for server in one for a, b in pairwise(server.times))
    assert all(np.array_equal(a.times, b.times) for a, b in zip(one, other, strict=True))
    assert not any(np.array_equal(servers.server(n, 3, 2).times, one[n].times) for n in range(1, 40))


def test_no_entry_is_lost_from_the_count():
    tally = play.play(readers.fixed, Bounds(), np.arange(30), 3, 1)
    published = sum(((START < each.times) & (each.times < START + 3 * DAY)).sum()
                    for each in (servers.server(n, 3, 1) for n in range(30)))  # fmt: skip
    assert 0.9 * published < tally.delays.sum() <= published
    assert tally.counts[:, POLLS].sum() == pytest.approx(30 * 3 * 24, abs=30)


@pytest.mark.parametrize("delay_s", [1.0, 59.0, 3600.0, 40 * DAY])
def test_quantiles_are_right_to_a_quarter_of_a_percent(delay_s):
    delays = np.bincount([play.bin_of(delay_s)], minlength=play.BINS)
    assert quantile(delays, 0.5) == pytest.approx(delay_s, rel=0.004)


def test_a_missed_entry_has_an_endless_delay():
    delays = np.zeros(play.BINS, np.int64)
    delays[[0, -1]] = 1, 3
    assert quantile(delays, 0.5) == float("inf")


@pytest.fixture(scope="module")
def code():
    """The machine code, on more than plain Python could play."""
    return compiled(*MODULES)


@pytest.mark.slow
def test_it_is_what_the_functions_say(code):
    plain = play.play(readers.feedmill, Bounds(), np.arange(16), 4, 1)
    fast = code["play"](code["feedmill"], Bounds(), np.arange(16), 4.0, 1)
    assert np.array_equal(plain.counts, fast.counts)
    assert np.array_equal(plain.delays, fast.delays)


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["fixed", "entry_frequency", "empirical", "duplicates"])
def test_for_as_many_polls_ours_is_quicker_and_misses_no_more(code, rule):
    year = Year(300, 120.0, 7, code)
    theirs = year.of(rule, Bounds())
    _, ours = equal_polls(year, theirs, rule)
    assert ours.counts[:, POLLS].sum() == pytest.approx(theirs.counts[:, POLLS].sum(), rel=0.03)
    assert ours.counts[:, LOST].sum() <= theirs.counts[:, LOST].sum()
    # Half, as the table of all feeds over a year says; 300 feeds over four months vary by some tenths of it.
    assert median_s(ours) <= 0.6 * median_s(theirs)


@pytest.mark.slow
def test_what_is_missed_is_noticed(code):
    counts = Year(400, 120.0, 7, code).of("feedmill", patient(20.0)).counts.sum(axis=0)
    assert counts[LOST] < counts[NOTICED] < 2 * counts[LOST]


def median_s(tally) -> float:
    return quantile(tally.delays.sum(axis=0), 0.5)
