"""What counts as wrong with a feed, a rule a row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.fakes import START
from worker.feeds.learned import mean_ms
from worker.feeds.rhythm import begin
from worker.models import Feed, FeedState
from worker.ops.health import find_problems

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FEED = Feed(
    feed_id="f" * 16,
    url="https://a.example/feed",
    added_at=START - 400 * DAY,
    next_poll_at=START,
    interval_s=1800,
    last_polled_at=START,
    last_success_at=START,
    last_new_entry_at=START,
)


def every(gap: timedelta, until_ago: timedelta) -> dict[str, Any]:
    """A feed that published every `gap` for weeks, until so long ago."""
    last = START - until_ago
    return {"rhythm": begin([last - n * gap for n in range(30)], last), "last_new_entry_at": last}


ROWS = [
    ("all is well", {}, []),
    ("two failures", {"consecutive_failures": 2}, []),
    ("three failures", {"consecutive_failures": 3, "error": "HTTP 500"}, ["failing"]),
    ("gone, and nothing else", {"state": FeedState.GONE, "consecutive_failures": 9, "redirect_url": "x"}, ["gone"]),
    ("paused", {"state": FeedState.PAUSED, "consecutive_failures": 9}, []),
    ("hourly, silent for two days", every(HOUR, 2 * DAY), []),
    ("hourly, silent for three days", every(HOUR, 3 * DAY), ["silent"]),
    ("daily, silent for four days", every(DAY, 4 * DAY), []),
    ("daily, silent for four and a half days", every(DAY, 4.5 * DAY), []),
    ("daily, silent for five days", every(DAY, 5 * DAY), ["silent"]),
    ("daily, silent for six days", every(DAY, 6 * DAY), ["silent"]),
    ("every tenth day, silent for a month", every(10 * DAY, 30 * DAY), []),
    ("every tenth day, silent for two months", every(10 * DAY, 60 * DAY), ["silent"]),
    ("never an entry, added last week", {"added_at": START - 7 * DAY, "last_new_entry_at": None}, []),
    ("never an entry in two months", {"added_at": START - 60 * DAY, "last_new_entry_at": None}, ["silent"]),
    ("not polled yet", {"last_success_at": None, "last_new_entry_at": None}, []),
    ("silent because it fails", {**every(HOUR, 9 * DAY), "consecutive_failures": 4}, ["failing"]),
    ("missed entries last week", {"missed_entries": 7, "last_missed_at": START - 6 * DAY}, ["missing"]),
    ("missed entries before that", {"missed_entries": 7, "last_missed_at": START - 7 * DAY}, []),
    ("ten seconds a poll", {"fetch_ms": 10_000}, ["slow"]),
    ("nine seconds a poll", {"fetch_ms": 9_000}, []),
    ("answers elsewhere", {"redirect_url": "https://b.example/feed", "redirect_count": 3}, ["moved"]),
    ("served from elsewhere for the time being", {"redirect_url": "https://b.example/feed", "redirect_count": 0}, []),
    ("worst first", {"redirect_url": "x", "redirect_count": 1, "fetch_ms": 99_000, "consecutive_failures": 5}, ["failing", "slow", "moved"]),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "troubles"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_problems(fields, troubles):
    assert [problem.trouble.value for problem in find_problems(replace(FEED, **fields), START)] == troubles


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (every(HOUR, 3 * DAY), "nothing new for 3 days, usually every 60 minutes"),
        (every(3 * HOUR, 5 * DAY), "nothing new for 5 days, usually every 3 hours"),
        ({"added_at": START - 60 * DAY, "last_new_entry_at": None}, "nothing new for 60 days"),
        (
            {"consecutive_failures": 4, "error": "HTTP 500"},
            "4 failures in a row, since 2026-11-24 12:00:00: HTTP 500",
        ),
        (
            {"consecutive_failures": 4, "error": "HTTP 404", "last_success_at": None},
            "4 failures in a row, never worked: HTTP 404",
        ),
        (
            {"redirect_url": "https://b.example/", "redirect_count": 3},
            "answers from https://b.example/, 3 polls in a row",
        ),
        (
            {"missed_entries": 1234, "last_missed_at": START - DAY},
            "some 1,234 entries came and went between polls, last 2026-11-23 12:00:00",
        ),
        ({"fetch_ms": 12_345}, "a poll takes 12 s"),
    ],
)
def test_the_sentence(fields, said):
    (problem,) = find_problems(replace(FEED, **fields), START)
    assert problem.said == said


def test_one_slow_poll_makes_no_slow_feed_and_ten_do():
    took = mean_ms(None, 100)
    took = mean_ms(took, 30_000)
    assert took < 10_000
    for _ in range(10):
        took = mean_ms(took, 30_000)
    assert took > 25_000
