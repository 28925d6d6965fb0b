"""The gate that all workers share: one script on Redis's own clock.

A site's key holds the time of its next free start, in milliseconds of Redis's clock, and expires
then, so that nothing is left behind. Redis forgetting (a flush, a fail-over to a replica that has not
heard of the last grants) costs a site at most one start too early, and the rest of a stop. A reply that
is lost after the script ran costs a slot that nobody uses, nothing else.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from worker.broker.connection import broker_errors, place_of
from worker.errors import BrokerError, HostBusyError
from worker.fetch.gate import MAX_STOP_S

if TYPE_CHECKING:
    import redis

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
    _NOW
    + """
local delay, max_wait = tonumber(ARGV[1]), tonumber(ARGV[2])
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


class RedisGate:
    """A `HostGate` for all workers that share a Redis. It grants nothing while Redis can't be asked."""

    def __init__(self, client: redis.Redis, outage: Outage) -> None:
        self._place = place_of(client)
        self._outage = outage
        # redis-py sends a script's digest, and its text again where a flush or restart forgot it.
        self._ask: Any = client.register_script(_ASK)
        self._stop: Any = client.register_script(_STOP)

    def ask(self, site: str, delay_s: float, max_wait_s: float) -> float:
        # Up and down to whole milliseconds: never a start sooner, never a wait longer than asked for.
        delay_ms = math.ceil(delay_s * 1000)
        max_wait_ms = math.floor(min(max_wait_s, 2 * MAX_STOP_S) * 1000)
        try:
            with broker_errors(self._place):
                wait_ms: int = self._ask(keys=[_key(site)], args=[delay_ms, max_wait_ms])
        except BrokerError as error:
            self._outage.met(error)
            raise HostBusyError(site, AWAY_WAIT_S) from error
        if wait_ms > max_wait_ms:
            raise HostBusyError(site, wait_ms / 1000)
        return wait_ms / 1000

    def stop(self, site: str, seconds: float) -> None:
        """See `HostGate`. While Redis is away a stop is forgotten: the site will say it again."""
        try:
            with broker_errors(self._place):
                self._stop(keys=[_key(site)], args=[math.ceil(min(seconds, MAX_STOP_S) * 1000)])
        except BrokerError as error:
            self._outage.met(error)


def _key(site: str) -> str:
    return f"feedmill:gate:{site}"
