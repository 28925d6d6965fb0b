"""When a feed is polled next."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

LONGEST_BACKOFF_S = 24 * 3600
"""A failing feed is still tried once a day: feeds come back after weeks."""

_MOST_DOUBLINGS = 32
"""Bounds the power; 1 s doubled 17 times is over a day already."""


def next_poll_at(now: datetime, interval_s: float, failures: int, jitter: float) -> datetime:
    """Return when to poll again after `failures` consecutive failures (0 after a success).

    The wait is `interval_s` seconds, doubled per failure up to 24 hours (an interval longer than
    that stays what it is), then spread by ±10 % so that feeds added together drift apart.
    `jitter` is a random fraction in [0, 1). It never stops: every failure has a next time.
    """
    backed_off = interval_s * 2 ** min(failures, _MOST_DOUBLINGS)
    wait_s = min(backed_off, max(LONGEST_BACKOFF_S, interval_s))
    return now + timedelta(seconds=wait_s * (0.9 + 0.2 * jitter))
