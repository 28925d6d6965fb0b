"""The one place that reads the clock, sleeps and draws random numbers.

Everything else takes `now`, a `Clock` or jitter as an argument, so that tests can shift them.
"""

from __future__ import annotations

import random
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Clock:
    """Wall time shifted by `offset_s` seconds (tests play clock skew with it), and its companions."""

    offset_s: float = 0.0

    def now(self) -> datetime:
        """Return the present as an aware UTC time with whole milliseconds, as the stores keep it."""
        now = datetime.now(UTC) + timedelta(seconds=self.offset_s)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def monotonic(self) -> float:
        """Return seconds that never go back; only differences mean anything."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def jitter(self) -> float:
        """Return a random fraction in [0, 1)."""
        return random.random()  # noqa: S311 - spreads load, guards nothing

    def token(self) -> str:
        """Return 16 random hex characters for a claim."""
        return secrets.token_hex(8)


def milliseconds(start: float, end: float) -> int:
    """Return the whole milliseconds between two readings of `Clock.monotonic`."""
    return round((end - start) * 1000)
