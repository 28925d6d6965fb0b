"""Politeness: who may send a request to a site, and when.

**Only the gate grants.** The client asks it immediately before each request: feed, page, every
redirect hop. Times are seconds from now, never points in time, so that a gate may run on a clock
of its own.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from worker.errors import HostBusyError

if TYPE_CHECKING:
    from worker.clock import Clock

MAX_STOP_S = 86_400.0
"""The longest that a server's Retry-After stops its site: a day, since a typo may say a decade."""

_SWEEP_AT = 4096
"""Sites remembered before the first sweep: a few hundred KB."""


class HostGate(Protocol):
    """Grants requests to sites (registrable domains; the host itself where there is none)."""

    def ask(self, site: str, delay_s: float, max_wait_s: float) -> float:
        """Reserve the site's next free start and return the seconds until it; the caller sleeps them.

        The next start on the site is then at least `delay_s` after this one.

        Raises:
            HostBusyError: the wait is longer than `max_wait_s`; nothing was reserved.
        """
        ...

    def stop(self, site: str, seconds: float) -> None:
        """Grant no further request to the site for that long (at most `MAX_STOP_S`)."""
        ...


class LocalGate:
    """A gate for the threads of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._free_at: dict[str, float] = {}
        self._sweep_at = _SWEEP_AT

    def ask(self, site: str, delay_s: float, max_wait_s: float) -> float:
        with self._lock:
            now = self._clock.monotonic()
            wait_s = max(0.0, self._free_at.get(site, now) - now)
            if wait_s > max_wait_s:
                raise HostBusyError(site, wait_s)
            self._free_at[site] = now + wait_s + delay_s
            self._forget(now)
            return wait_s

    def stop(self, site: str, seconds: float) -> None:
        with self._lock:
            until = self._clock.monotonic() + min(seconds, MAX_STOP_S)
            self._free_at[site] = max(self._free_at.get(site, until), until)

    def _forget(self, now: float) -> None:
        """Drop sites whose time has passed, each time their number has doubled: constant cost an ask."""
        if len(self._free_at) >= self._sweep_at:
            self._free_at = {site: at for site, at in self._free_at.items() if at > now}
            self._sweep_at = max(_SWEEP_AT, 2 * len(self._free_at))
