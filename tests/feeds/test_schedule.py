"""When to come again: each rule a row, and what must hold of all of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.feeds.rhythm import begin, learn
from worker.feeds.schedule import (
    DAY_S,
    FIRST_SPREAD,
    LONGEST_BACKOFF_S,
    Bounds,
    after_failure,
    after_success,
    deferred,
    interval_s,
)
from worker.models import Rhythm

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, DAY, MINUTE_S, HOUR_S = timedelta(hours=1), timedelta(days=1), 60, 3600
BOUNDS = Bounds()
JITTER = st.floats(0, 1, exclude_max=True)


def every(gap: timedelta, now: datetime = MONDAY, days: float = 60) -> Rhythm:
    count = int(days * DAY / gap)
    return begin([now - n * gap - timedelta(minutes=7) for n in range(count)], now)


def newsroom(now: datetime) -> Rhythm:
    """Twenty entries on each weekday from 8 to 18 h, none else, for two months."""
    days = [now.replace(hour=0, minute=0) - n * DAY for n in range(60)]
    times = [day + timedelta(hours=8.01 + n / 2) for day in days if day.weekday() < 5 for n in range(20)]
    return begin([each for each in times if each < now], now)


AT = {
    "Monday 10 h": MONDAY + 10 * HOUR,
    "Monday 21 h": MONDAY + 21 * HOUR,
    "Sunday 10 h": MONDAY + 6 * DAY + 10 * HOUR,
}
INTERVALS = [
    ("nothing known", None, MONDAY, 1800, 1800),
    ("every minute: the floor", every(timedelta(minutes=1), days=3), MONDAY, 300, 300),
    (
        "every hour: less than a gap, as one came 7 minutes ago",
        every(HOUR),
        MONDAY,
        20 * MINUTE_S,
        45 * MINUTE_S,
    ),
    ("every four days: within a day, near its hour", every(4 * DAY, days=110), MONDAY, 12 * HOUR_S, DAY_S),
    ("newsroom in its hours", newsroom(AT["Monday 10 h"]), AT["Monday 10 h"], 12 * MINUTE_S, 30 * MINUTE_S),
    ("newsroom at night", newsroom(AT["Monday 21 h"]), AT["Monday 21 h"], 4 * HOUR_S, 12 * HOUR_S),
    ("newsroom on Sunday", newsroom(AT["Sunday 10 h"]), AT["Sunday 10 h"], 7 * HOUR_S, DAY_S),
]


@pytest.mark.parametrize(
    ("rhythm", "now", "least_s", "most_s"), [row[1:] for row in INTERVALS], ids=[row[0] for row in INTERVALS]
)
def test_interval(rhythm, now, least_s, most_s):
    assert least_s <= interval_s(rhythm, now, BOUNDS) <= most_s


def test_a_feed_that_falls_silent_is_polled_less_and_less():
    rhythm, now, waits = every(HOUR), MONDAY, []
    for _ in range(30):
        waits.append(interval_s(rhythm, now, BOUNDS))
        later = now + timedelta(seconds=waits[-1])
        rhythm, now = learn(rhythm, (), now, later), later
    assert waits[-1] > 6 * waits[0]
    assert waits[3] < waits[10] < waits[20]


def test_a_burst_is_followed():
    quiet = every(2 * DAY, days=100)
    bursting = learn(quiet, [MONDAY - timedelta(minutes=3 * n) for n in range(8)], MONDAY - HOUR, MONDAY)
    assert interval_s(bursting, MONDAY, BOUNDS) < 50 * MINUTE_S < interval_s(quiet, MONDAY, BOUNDS) / 10
    # And forgotten within a day, since nothing else came.
    assert interval_s(bursting, MONDAY + DAY, BOUNDS) > 2 * HOUR_S


LISTINGS = [
    ("an hour once filled the listing", 0, 3600, 1, 3240, 3240),
    ("the patient let it fill", 0, 3600, 5, 16_200, 16_200),
    ("a second once did: the floor still holds", 0, 1, 1, 300, 300),
    ("one entry listed: a quarter of it", 1, None, 1, 1 * HOUR_S, 3 * HOUR_S),
    ("a hundred listed: by its hour", 100, None, 1, 12 * HOUR_S, DAY_S),
    ("three listed, for the patient: not all of them", 3, None, 20, 12 * HOUR_S, DAY_S),
]


@pytest.mark.parametrize(
    ("listed", "fill_s", "patience", "least_s", "most_s"),
    [row[1:] for row in LISTINGS],
    ids=[row[0] for row in LISTINGS],
)
def test_short_listings_are_polled_before_they_roll_over(listed, fill_s, patience, least_s, most_s):
    rhythm = replace(every(DAY), listed=listed, fill_s=fill_s)
    assert least_s <= interval_s(rhythm, MONDAY, Bounds(patience=patience)) <= most_s


@pytest.mark.parametrize(
    ("min_interval_s", "floor_s", "ceiling_s"),
    [(None, 300, DAY_S), (60, 60, DAY_S), (7200, 7200, DAY_S), (10 * DAY_S, 10 * DAY_S, 10 * DAY_S)],
    ids=["none", "lower than all others'", "higher", "above the ceiling"],
)
def test_a_feeds_own_floor(min_interval_s, floor_s, ceiling_s):
    bounds = BOUNDS.for_feed(min_interval_s)
    assert (bounds.floor_s, bounds.ceiling_s) == (floor_s, ceiling_s)


SUCCESSES = [
    ("as planned", 600, 0, 0.5, 600),
    ("earliest", 600, 0, 0.0, 540),
    ("latest", 600, 0, 1.0, 660),
    ("a hint lengthens", 600, 7200, 0.0, 7200),
    ("and is never undercut by jitter", 600, 7200, 0.5, 7560),
    ("a shorter hint does nothing", 600, 60, 0.5, 600),
    ("at the floor jitter goes up", 300, 0, 0.0, 300),
    ("at the ceiling it goes down", DAY_S, 0, 1.0, DAY_S),
]


@pytest.mark.parametrize(
    ("planned_s", "hint_s", "jitter", "wait_s"), [r[1:] for r in SUCCESSES], ids=[r[0] for r in SUCCESSES]
)
def test_after_success(planned_s, hint_s, jitter, wait_s):
    wait = after_success(MONDAY, planned_s, BOUNDS, hint_s, jitter) - MONDAY
    assert wait.total_seconds() == pytest.approx(wait_s)


FAILURES = [
    ("first failure doubles", 600, 1, 0, 0.5, 1200),
    ("third failure", 600, 3, 0, 0.5, 4800),
    ("at most a week", 600, 12, 0, 0.0, LONGEST_BACKOFF_S),
    ("still a week after a year, spread downwards", 600, 10_000, 0, 1.0, 0.9 * LONGEST_BACKOFF_S),
    ("what the server asked for", 600, 1, 7200, 0.0, 7200),
    ("less than the backoff", 600, 3, 60, 0.5, 4800),
]


@pytest.mark.parametrize(
    ("planned_s", "failures", "least_s", "jitter", "wait_s"),
    [r[1:] for r in FAILURES],
    ids=[r[0] for r in FAILURES],
)
def test_after_failure(planned_s, failures, least_s, jitter, wait_s):
    wait = after_failure(MONDAY, planned_s, failures, least_s, jitter) - MONDAY
    assert wait.total_seconds() == pytest.approx(wait_s)


def test_feeds_added_at_once_part_at_once():
    due = [after_success(MONDAY, 1800, BOUNDS, 0, n / 10_000, FIRST_SPREAD) for n in range(10_000)]
    minutes = Counter(at.replace(second=0, microsecond=0) for at in due)
    assert max(due) - min(due) > timedelta(minutes=29)
    assert max(minutes.values()) < 10_000 / 25


RHYTHMS = st.builds(
    lambda gaps, now_h, listed, fill_s, silent: _rhythm(gaps, now_h, listed, fill_s, silent),
    st.lists(st.floats(0, 20 * DAY_S), max_size=60),
    st.floats(0, 300 * 24),
    st.integers(0, 2000),
    st.none() | st.floats(0, 10**7),
    st.floats(0, 10**6),
)


def _rhythm(gaps, now_h, listed, fill_s, silent):
    moments, at = [], MONDAY
    for gap in gaps:
        at -= timedelta(seconds=gap)
        moments.append(at)
    known = begin(moments, MONDAY)
    return replace(known, listed=listed, fill_s=fill_s, silent=silent), MONDAY + timedelta(hours=now_h)


FLOORS = st.floats(60, DAY_S)
CEILINGS = st.floats(300, 7 * DAY_S)
HINTS = st.floats(0, DAY_S)


@given(st.none() | RHYTHMS, FLOORS, CEILINGS, st.none() | st.integers(1, 10**6), JITTER)
def test_never_below_the_floor_and_never_above_the_ceiling(known, floor_s, ceiling_s, own_s, jitter):
    bounds = Bounds(floor_s=floor_s, ceiling_s=ceiling_s).for_feed(own_s)
    rhythm, now = known or (None, MONDAY)
    planned_s = interval_s(rhythm, now, bounds)
    for spread in (0.1, FIRST_SPREAD):
        wait_s = (after_success(now, planned_s, bounds, 0, jitter, spread) - now).total_seconds()
        assert bounds.floor_s - 1e-3 <= wait_s <= bounds.ceiling_s + 1e-3


@given(RHYTHMS, HINTS, HINTS, JITTER)
def test_hints_never_shorten(known, hint_s, less_s, jitter):
    rhythm, now = known
    planned_s = interval_s(rhythm, now, BOUNDS)
    waits = [after_success(now, planned_s, BOUNDS, hint, jitter) for hint in (0, min(hint_s, less_s), hint_s)]
    assert waits == sorted(waits)
    assert waits[-1] - now >= timedelta(seconds=hint_s) - timedelta(milliseconds=1)


@given(st.floats(1, 10**6), st.integers(1, 10**9), st.integers(0, 10**6), HINTS, JITTER)
def test_more_errors_never_poll_sooner_and_never_stop(planned_s, failures, more, least_s, jitter):
    one = after_failure(MONDAY, planned_s, failures, least_s, jitter)
    other = after_failure(MONDAY, planned_s, failures + more, least_s, jitter)
    assert MONDAY < one <= other <= MONDAY + timedelta(days=7)


@given(st.floats(60, 10**6), HINTS, JITTER)
def test_a_failure_never_polls_sooner_than_a_success(planned_s, hint_s, jitter):
    bounds = Bounds(floor_s=60, ceiling_s=6 * DAY_S)
    success = after_success(MONDAY, min(planned_s, 6 * DAY_S), bounds, hint_s, jitter)
    assert after_failure(MONDAY, min(planned_s, 6 * DAY_S), 1, hint_s, jitter) >= success


@given(st.floats(0.001, DAY_S), JITTER)
def test_a_busy_host_is_asked_no_sooner(wait_s, jitter):
    assert timedelta(seconds=wait_s) - (deferred(MONDAY, wait_s, jitter) - MONDAY) < timedelta(milliseconds=1)


@given(
    st.lists(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)), max_size=30),
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
)
def test_no_clock_breaks_it(moments, now):
    rhythm = begin(moments, now)
    assert 300 <= interval_s(rhythm, now, BOUNDS) <= DAY_S
    # A clock of ours that went back, too.
    assert 300 <= interval_s(rhythm, now - DAY, BOUNDS) <= DAY_S
    assert 300 <= interval_s(learn(rhythm, [now], now, now - DAY), now, BOUNDS) <= DAY_S
