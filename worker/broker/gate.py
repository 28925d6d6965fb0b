"""The gate that all workers share: one script on Redis's own clock.

A site's key holds the time of its next free start, in milliseconds of Redis's clock, and expires
then, so that nothing is left behind. A mark says that Redis was told of all stops that hold; where it is
missing (a flush, a new server) nothing is granted before it was told again. What Redis forgets costs a
site at most one start too early. A reply that is lost after the script ran costs a slot that nobody uses,
nothing else.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from worker.broker.connection import broker_errors, place_of
from worker.errors import BrokerError, HostBusyError
from worker.fetch.gate import MAX_STOP_S, SLOW_FOR_S, NoMemory

if TYPE_CHECKING:
    from collections.abc import Callable

    import redis

    from worker.fetch.gate import StopMemory
    from worker.store.outage import Outage

AWAY_WAIT_S = 5.0
"""How long a row is put off while Redis can't be asked: soon enough to be back at work within a minute, and
no burden on a store that has to note each time."""

_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local free_at = tonumber(redis.call('GET', KEYS[1]) or now)
"""
_ASK = (
    """
if not redis.call('GET', KEYS[3]) then return -1 end
"""
    + _NOW
    + """
local delay, max_wait = math.max(ARGV[1], redis.call('GET', KEYS[2]) or 0), tonumber(ARGV[2])
local wait = math.max(0, free_at - now)
if wait <= max_wait then
  free_at = now + wait + delay
  redis.call('SET', KEYS[1], free_at, 'PXAT', free_at)
end
return wait
"""
)
_STOP = (
    _NOW
    + """
local stopped_until = now + ARGV[1]
if stopped_until > free_at then
  redis.call('SET', KEYS[1], stopped_until, 'PXAT', stopped_until)
end
"""
)
_SLOW = """
if tonumber(ARGV[1]) >= tonumber(redis.call('GET', KEYS[1]) or 0) then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
"""
_FORGOTTEN = -1
_TOLD = "feedmill:stops-told"


class RedisGate:
    """A `HostGate` for all workers that share a Redis. It grants nothing while Redis can't be asked."""

    def __init__(self, client: redis.Redis, outage: Outage) -> None:
        self._place = place_of(client)
        self._outage = outage
        self._client = client
        self._memory: StopMemory = NoMemory()
        self._has_recalled = True
        # redis-py sends a script's digest, and its text again where a flush or restart forgot it.
        self._ask: Any = client.register_script(_ASK)
        self._slow: Any = client.register_script(_SLOW)
        self._stop: Any = client.register_script(_STOP)

    def ask(self, site: str, delay_s: float, max_wait_s: float) -> float:
        # Up and down to whole milliseconds: never a start sooner, never a wait longer than asked for.
        delay_ms = math.ceil(delay_s * 1000)
        max_wait_ms = math.floor(min(max_wait_s, 2 * MAX_STOP_S) * 1000)
        try:
            with broker_errors(self._place):
                wait_ms = self._asked(site, delay_ms, max_wait_ms)
        except BrokerError as error:
            self._outage.met(error)
            raise HostBusyError(site, AWAY_WAIT_S) from error
        if wait_ms > max_wait_ms:
            raise HostBusyError(site, wait_ms / 1000)
        return wait_ms / 1000

    def slow(self, site: str, delay_s: float) -> None:
        """See `HostGate`. While Redis is away it is forgotten, and nothing is granted either."""
        for_ms = round(SLOW_FOR_S * 1000)
        self._tell(lambda: self._slow(keys=[_slow_key(site)], args=[math.ceil(delay_s * 1000), for_ms]))

    def stop(self, site: str, seconds: float) -> None:
        """See `HostGate`. A stop that Redis can't be told of is kept by the memory alone."""
        self._tell(lambda: self._stop_for(site, seconds))
        self._memory.stop(site, seconds)

    def remember(self, memory: StopMemory) -> None:
        self._memory, self._has_recalled = memory, False

    def _asked(self, site: str, delay_ms: int, max_wait_ms: int) -> int:
        """Return the milliseconds to wait, having told Redis of the stops where it knows of none."""
        if not self._has_recalled:
            self._recall()
        keys, args = [_key(site), _slow_key(site), _TOLD], [delay_ms, max_wait_ms]
        wait_ms: int = self._ask(keys=keys, args=args)
        if wait_ms == _FORGOTTEN:
            self._recall()
            wait_ms = self._ask(keys=keys, args=args)
        if wait_ms == _FORGOTTEN:
            raise HostBusyError(site, AWAY_WAIT_S)
        return wait_ms

    def _recall(self) -> None:
        """Tell Redis of all stops that hold. Several workers may do so at once: a stop never gets shorter."""
        for site, seconds in self._memory.stops().items():
            self._stop_for(site, seconds)
        self._client.set(_TOLD, 1)
        self._has_recalled = True

    def _stop_for(self, site: str, seconds: float) -> None:
        self._stop(keys=[_key(site)], args=[math.ceil(min(seconds, MAX_STOP_S) * 1000)])

    def _tell(self, tell: Callable[[], None]) -> None:
        try:
            with broker_errors(self._place):
                tell()
        except BrokerError as error:
            self._has_recalled = False  # so that it is told before it grants again
            self._outage.met(error)


def _key(site: str) -> str:
    return f"feedmill:gate:{site}"


def _slow_key(site: str) -> str:
    return f"feedmill:delay:{site}"
