"""What a listing teaches: fresh entries, missed ones, and how fast the listing fills."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from worker.feeds.overlap import LATEST, nothing_new, see
from worker.feeds.rates import MEMORY_S
from worker.feeds.rhythm import begin, learn, per_day, usual_gap_s
from worker.models import Entry

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BEFORE = NOW - HOUR


def listed(*numbers: int, at: datetime = NOW, gap: timedelta = MINUTE, dated: bool = True) -> list[Entry]:
    """Entries by number, the first the newest, `gap` apart."""
    return [
        Entry(
            entry_id=f"{n:08x}{'0' * 24}",
            feed_id="f",
            url=f"https://a.example/{n}",
            published_at=at - (k + 1) * gap if dated else None,
        )
        for k, n in enumerate(numbers)
    ]


def ids(entries: list[Entry]) -> frozenset[str]:
    return frozenset(entry.entry_id for entry in entries)


KNOWN = see(None, listed(*range(20, 0, -1), at=BEFORE, gap=6 * HOUR), (), BEFORE, BEFORE).rhythm

MISSED = [
    # name, the new listing, how many of it are new, missed
    ("nothing new", listed(*range(20, 0, -1), at=BEFORE, gap=6 * HOUR), 0, 0),
    ("one new, the rest known", listed(*range(21, 1, -1), at=NOW, gap=HOUR), 1, 0),
    ("the very last one known", listed(*range(39, 19, -1)), 19, 0),
    ("all new, minutes apart", listed(*range(60, 40, -1)), 20, 20),
    ("all new, at a pace that leaves room for 3", listed(*range(40, 24, -1), gap=3 * MINUTE), 16, 4),
    ("all new, undated: at least one", listed(*range(60, 40, -1), dated=False), 20, 1),
    ("all new, and dated years ago", listed(*range(60, 40, -1), at=NOW - 900 * DAY), 20, 1),
    ("all new, dated ahead", listed(*range(60, 40, -1), at=NOW + DAY), 20, 1),
    ("empty", [], 0, 0),
    ("all known, but to another feed's ledger rows", listed(*range(60, 40, -1), at=NOW - 900 * DAY), 0, 0),
]


@pytest.mark.parametrize(
    ("entries", "new", "missed"), [row[1:] for row in MISSED], ids=[row[0] for row in MISSED]
)
def test_missed(entries, new, missed):
    assert see(KNOWN, entries, ids(entries[:new]), BEFORE, NOW).missed == missed


def test_a_first_listing_has_missed_nothing():
    assert see(None, listed(3, 2, 1), ids(listed(3, 2, 1)), NOW, NOW).missed == 0


def test_a_pinned_entry_is_no_overlap_for_ever():
    rhythm, pinned = KNOWN, listed(999, at=NOW - 100 * DAY)
    rhythm = see(rhythm, [*pinned, *listed(*range(21, 1, -1))], ids(pinned), BEFORE, NOW).rhythm
    for n in range(LATEST):
        entries = [*pinned, *listed(22 + n, *range(21 + n, n, -1), at=NOW + (n + 1) * HOUR)]
        rhythm = see(rhythm, entries, ids(listed(22 + n)), NOW + n * HOUR, NOW + (n + 1) * HOUR).rhythm
    now = NOW + 12 * HOUR
    entries = [*pinned, *listed(*range(80, 60, -1), at=now)]
    assert see(rhythm, entries, ids(entries[1:]), now - HOUR, now).missed > 0


def test_a_miss_shortens_what_the_listing_is_trusted_for():
    entries = listed(*range(60, 40, -1))
    after = see(KNOWN, entries, ids(entries), BEFORE, NOW).rhythm
    assert after.fill_s == pytest.approx(20 * 60, rel=0.1)
    later = NOW + 7 * DAY
    calm = see(after, listed(*range(80, 60, -1), at=later, gap=8 * HOUR), (), NOW, later).rhythm
    assert after.fill_s < calm.fill_s < 1.5 * after.fill_s, "forgotten, but slowly"


def test_undated_misses_halve_it():
    entries = listed(*range(60, 40, -1), dated=False)
    after = see(KNOWN, entries, ids(entries), BEFORE, NOW).rhythm
    assert after.fill_s == pytest.approx(3600, rel=0.1)


def test_a_burst_still_listed_is_a_warning_and_an_import_is_none():
    # A first listing's own dates: ten entries ten minutes apart, ten a second apart, ten a day apart.
    burst, import_, calm = (
        see(None, listed(*range(20, 0, -1), gap=gap), (), NOW, NOW).rhythm.fill_s
        for gap in (10 * MINUTE, timedelta(seconds=1), DAY)
    )
    assert burst == pytest.approx(20 * 10 * 60, rel=0.01)
    assert import_ is None
    assert calm == pytest.approx(20 * 86_400, rel=0.01)


def test_half_a_listing_at_once_is_a_warning():
    entries = listed(*range(31, 11, -1), gap=MINUTE)
    after = see(KNOWN, entries, ids(entries[:11]), BEFORE, NOW)
    assert (after.missed, after.rhythm.fill_s) == (0, pytest.approx(20 * 60, rel=0.1))


BEGINNINGS = [
    ("hourly", [NOW - n * HOUR for n in range(100)], 24),
    ("daily at midnight: a date without a time", [NOW.replace(hour=0) - n * DAY for n in range(60)], 1),
    ("ten at once, a year of silence before", [NOW - n * MINUTE for n in range(10)], 9),
    ("none dated", [], None),
    ("one dated", [NOW - DAY], None),
    ("all dated years ago: dead, or a broken clock", [NOW - (900 + n) * DAY for n in range(20)], None),
    ("all dated ahead", [NOW + n * DAY for n in range(1, 20)], None),
]


@pytest.mark.parametrize(
    ("moments", "daily"), [row[1:] for row in BEGINNINGS], ids=[row[0] for row in BEGINNINGS]
)
def test_entries_per_day_of_a_first_listing(moments, daily):
    found = per_day(begin(moments, NOW), NOW)
    assert found == (None if daily is None else pytest.approx(daily, rel=0.15))


def test_dates_without_a_time_say_nothing_of_the_hour():
    rhythm = begin([NOW.replace(hour=0) - n * DAY for n in range(60)], NOW)
    assert max(rhythm.hours) == pytest.approx(min(rhythm.hours), rel=0.01)


def test_an_entry_dated_wrong_came_between_the_polls():
    entries = listed(21, *range(20, 1, -1), at=NOW - 500 * DAY)
    after = see(KNOWN, entries, ids(entries[:1]), BEFORE, NOW).rhythm
    grown = [now - before for now, before in zip(after.hours, KNOWN.hours, strict=True)]
    assert max(range(24), key=lambda hour: grown[hour]) == 11


def test_an_entry_dated_ahead_counts_once():
    # The parser dates it `now` at each poll.
    rhythm = KNOWN
    for n in range(1, 4):
        now = NOW + n * HOUR
        entries = [replace(listed(21)[0], published_at=now), *listed(*range(20, 1, -1), at=BEFORE, gap=DAY)]
        rhythm = see(rhythm, entries, ids(entries[:1]) if n == 1 else (), now - HOUR, now).rhythm
    assert sum(rhythm.hours) == pytest.approx(sum(KNOWN.hours) + 1, rel=0.05)


def test_silence_counts_what_was_to_be_expected():
    hourly = begin([NOW - n * HOUR for n in range(200)], NOW)
    quiet = nothing_new(hourly, NOW, NOW + 10 * HOUR)
    assert 5 < quiet.silent < 12
    assert learn(quiet, [NOW + 11 * HOUR], NOW + 10 * HOUR, NOW + 11 * HOUR).silent == 0
    assert nothing_new(None, NOW, NOW) is None
    assert nothing_new(hourly, NOW, NOW - HOUR) is hourly, "a clock that went back teaches nothing"


def test_the_usual_gap_is_that_of_the_last_entry_not_of_the_silence_since():
    hourly = begin([NOW - n * HOUR for n in range(24 * 100)], NOW)
    quiet = nothing_new(hourly, NOW, NOW + timedelta(seconds=MEMORY_S))
    assert usual_gap_s(quiet) == usual_gap_s(hourly) == pytest.approx(3600, rel=0.05)
    assert per_day(quiet, NOW + timedelta(seconds=MEMORY_S)) < 24 / 2
