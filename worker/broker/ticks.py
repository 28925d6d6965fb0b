"""One tick a period, however many beats send it and however many workers hear it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.broker.connection import broker_errors, place_of

if TYPE_CHECKING:
    import redis

HELD_SHARE = 0.75
"""The part of a period for which a tick keeps others out. Ticks of one beat come up to .1 s closer together
than their period, since one may have waited that long in the queue (measured behind 3,000 hints): with the
whole period every late tick would cost the next one. The shortest period is 1 s, so a quarter is ample."""


class RedisTicks:
    """Begins ticks for all workers that share a Redis."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._place = place_of(client)

    def begin(self, name: str, period_s: float) -> bool:
        """Return whether the tick is the caller's to do: it is for one, then for none for most of a period.

        Raises:
            BrokerError: Redis could not be asked.
        """
        held_ms = max(1, round(period_s * HELD_SHARE * 1000))
        with broker_errors(self._place):
            return bool(self._client.set(f"feedmill:tick:{name}", 1, px=held_ms, nx=True))
