"""Saying that the store is away: at once, and then no more than twice a minute."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from worker.clock import Clock
    from worker.errors import StoreError

log = structlog.get_logger()

SAY_EVERY_S = 30.0
"""Ticks, tasks and monitor meet an outage several times a second; a log needs it twice a minute."""


class Outage:
    """What all threads of a process know of their store being away."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._say_at = float("-inf")

    def met(self, error: StoreError) -> None:
        """Log the failure, unless one was logged just now."""
        now = self._clock.monotonic()
        with self._lock:
            if now < self._say_at:
                return
            self._say_at = now + SAY_EVERY_S
        log.warning("store unavailable", error=str(error))
