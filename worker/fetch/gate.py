"""Politeness: who may send a request to a site, and when.

**Only the gate grants.** The client asks it immediately before each request: feed, page, every
redirect hop. Times are seconds from now, never points in time, so that a gate may run on a clock
of its own.
"""

from __future__ import annotations

import threading
from math import inf
from typing import TYPE_CHECKING, Protocol

from worker.errors import HostBusyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.clock import Clock

MAX_STOP_S = 86_400.0
"""The longest that a server's Retry-After stops its site: a day, since a typo may say a decade."""

SLOW_FOR_S = 86_400.0
"""How long a site's own wish for more time between requests counts after it was last heard: as long as its
robots.txt may be kept (RFC 9309, 2.4)."""

RECALL_EVERY_S = 5.0
"""How soon a stop that another process kept (a look by the command line) holds in this one too. Reading the
stops of a thousand sites from SQLite takes 1.2 ms."""

_SWEEP_AT = 4096
"""Sites remembered before the first sweep: a few hundred KB."""


class StopMemory(Protocol):
    """Where stops are kept that must outlive the gate."""

    def stop(self, site: str, seconds: float) -> None:
        """Keep a stop."""
        ...

    def stops(self) -> Mapping[str, float]:
        """Return for how many seconds from now each stopped site has to be left alone.

        Raises:
            StoreError: it cannot be told now.
        """
        ...


class NoMemory:
    """For a gate whose stops end with it."""

    def stop(self, site: str, seconds: float) -> None: ...

    def stops(self) -> Mapping[str, float]:
        return {}


class HostGate(Protocol):
    """Grants requests to sites (registrable domains; the host itself where there is none)."""

    def ask(self, site: str, delay_s: float, max_wait_s: float) -> float:
        """Reserve the site's next free start and return the seconds until it; the caller sleeps them.

        The next start on the site is then at least `delay_s` after this one, or what `slow` said if
        that is more.

        Raises:
            HostBusyError: the wait is longer than `max_wait_s`; nothing was reserved.
            StoreError: the gate has to be told of stops first, and they cannot be read.
        """
        ...

    def slow(self, site: str, delay_s: float) -> None:
        """Keep starts on the site at least that far apart for `SLOW_FOR_S`; less changes nothing."""
        ...

    def stop(self, site: str, seconds: float) -> None:
        """Grant no further request to the site for that long (at most `MAX_STOP_S`)."""
        ...

    def remember(self, memory: StopMemory) -> None:
        """Keep stops there, and ask it for them before the first grant and whenever they were forgotten.

        A gate that other processes don't share asks again from time to time: they keep stops there too.
        """
        ...


class LocalGate:
    """A gate for the threads of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._free_at: dict[str, float] = {}
        self._slow: dict[str, tuple[float, float]] = {}
        self._sweep_at = _SWEEP_AT
        self._memory: StopMemory = NoMemory()
        self._recall_at = inf

    def ask(self, site: str, delay_s: float, max_wait_s: float) -> float:
        self._recall()
        with self._lock:
            now = self._clock.monotonic()
            wait_s = max(0.0, self._free_at.get(site, now) - now)
            if wait_s > max_wait_s:
                raise HostBusyError(site, wait_s)
            self._free_at[site] = now + wait_s + max(delay_s, self._wanted_delay_s(site, now))
            self._forget(now)
            return wait_s

    def slow(self, site: str, delay_s: float) -> None:
        with self._lock:
            now = self._clock.monotonic()
            if delay_s >= self._wanted_delay_s(site, now):
                self._slow[site] = (delay_s, now + SLOW_FOR_S)

    def stop(self, site: str, seconds: float) -> None:
        with self._lock:
            self._hold(site, seconds)
        self._memory.stop(site, seconds)

    def remember(self, memory: StopMemory) -> None:
        with self._lock:
            self._memory, self._recall_at = memory, -inf

    def _recall(self) -> None:
        now = self._clock.monotonic()
        if now < self._recall_at:
            return
        # Unlocked: where a store does not answer, threads wait for it together, not one after the other.
        stops = self._memory.stops()
        with self._lock:
            for site, seconds in stops.items():
                self._hold(site, seconds)
            self._recall_at = now + RECALL_EVERY_S

    def _hold(self, site: str, seconds: float) -> None:
        until = self._clock.monotonic() + min(seconds, MAX_STOP_S)
        self._free_at[site] = max(self._free_at.get(site, until), until)

    def _wanted_delay_s(self, site: str, now: float) -> float:
        delay_s, until = self._slow.get(site, (0.0, now))
        return delay_s if now < until else 0.0

    def _forget(self, now: float) -> None:
        """Drop what has passed, each time the number of sites has doubled: constant cost an ask."""
        if len(self._free_at) >= self._sweep_at:
            self._free_at = {site: at for site, at in self._free_at.items() if at > now}
            self._slow = {site: wish for site, wish in self._slow.items() if wish[1] > now}
            self._sweep_at = max(_SWEEP_AT, 2 * len(self._free_at))
