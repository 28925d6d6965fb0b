"""Stops of sites, kept in the store: neither a restart nor a flushed Redis forgets a Retry-After."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from worker.errors import StoreError
from worker.fetch.gate import MAX_STOP_S

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.clock import Clock
    from worker.store.base import HostStore
    from worker.store.outage import Outage


class StoredStops:
    """The `StopMemory` of a gate."""

    def __init__(self, hosts: HostStore, clock: Clock, outage: Outage) -> None:
        self._hosts = hosts
        self._clock = clock
        self._outage = outage

    def stop(self, site: str, seconds: float) -> None:
        """Keep a stop; while the store is away the gate alone knows of it."""
        until = self._clock.now() + timedelta(seconds=min(seconds, MAX_STOP_S))
        try:
            self._hosts.stop(site, until)
        except StoreError as error:
            self._outage.met(error)

    def stops(self) -> Mapping[str, float]:
        now = self._clock.now()
        return {site: (until - now).total_seconds() for site, until in self._hosts.stops(now).items()}
