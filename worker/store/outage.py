"""Saying that the store, the archive or the broker is away: at once, and then no more than twice a minute."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import structlog

from worker.errors import ArchiveError, BrokerError

if TYPE_CHECKING:
    from worker.clock import Clock
    from worker.errors import StoreError

log = structlog.get_logger()

SAY_EVERY_S = 30.0
"""Ticks, tasks and monitor meet an outage several times a second; a log needs it twice a minute."""
RECENT_S = 10.0
"""An outage that lasts is met at least every second, by the ticks for due feeds and entries."""


class Outage:
    """What all threads of a process know of their store, archive or broker being away."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._say_at: dict[str, float] = {}
        self._met_at = float("-inf")
        self._said = ""

    def met(self, error: StoreError | BrokerError | ArchiveError) -> None:
        """Log the failure, unless one of the same server was logged just now."""
        event = f"{_server(error)} unavailable"
        now = self._clock.monotonic()
        with self._lock:
            self._met_at, self._said = now, str(error)
            if now < self._say_at.get(event, now):
                return
            self._say_at[event] = now + SAY_EVERY_S
        log.warning(event, error=str(error))

    def recent(self) -> str | None:
        """Return the failure that was met last, if within `RECENT_S`."""
        with self._lock:
            return self._said if self._clock.monotonic() < self._met_at + RECENT_S else None


def _server(error: StoreError | BrokerError | ArchiveError) -> str:
    if isinstance(error, ArchiveError):
        return "archive"
    return "broker" if isinstance(error, BrokerError) else "store"
