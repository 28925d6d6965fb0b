from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.feeds.listed import NOW
from worker.feeds.schedule import next_poll_at

ROWS = [
    ("after success", 600, 0, 0.5, 600),
    ("earliest", 600, 0, 0.0, 540),
    ("latest", 600, 0, 1.0, 660),
    ("first failure doubles", 600, 1, 0.5, 1_200),
    ("third failure", 600, 3, 0.5, 4_800),
    ("at most a day", 600, 8, 0.5, 86_400),
    ("still a day after a year", 600, 10_000, 0.5, 86_400),
    ("a longer interval stays", 200_000, 5, 0.5, 200_000),
]


@pytest.mark.parametrize(
    ("interval_s", "failures", "jitter", "wait_s"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS]
)
def test_next_poll_at(interval_s, failures, jitter, wait_s):
    wait = next_poll_at(NOW, interval_s, failures, jitter) - NOW
    assert wait.total_seconds() == pytest.approx(wait_s)


@given(st.integers(1, 10**6), st.integers(0, 10**9), st.floats(0, 1, exclude_max=True))
def test_there_is_always_a_next_time(interval_s, failures, jitter):
    wait = next_poll_at(NOW, interval_s, failures, jitter) - NOW
    assert timedelta(seconds=0.89 * interval_s) < wait <= timedelta(seconds=1.1 * max(interval_s, 86_400))
