"""kombu's Redis transport, with a consumer that outlives acknowledgements which fail.

kombu counts a message whose acknowledgement failed as held for ever. Once as many have failed as a
consumer may hold, it never asks for more: it sees neither that Redis went away nor that it came back.
"""

from __future__ import annotations

from kombu.transport import TRANSPORT_ALIASES, redis, virtual
from redis import RedisError


class HintQoS(redis.QoS):
    """Gives the place of a message free even if Redis could not be told: the lease is its recovery."""

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        except RedisError:
            virtual.QoS.ack(self, delivery_tag)
            raise


class HintChannel(redis.Channel):
    """A channel whose consumers hold messages that way."""

    QoS = HintQoS


class HintTransport(redis.Transport):
    """The transport that `redis://` and `rediss://` stand for in our processes."""

    Channel = HintChannel


def use_hint_transport() -> None:
    """Let kombu take it for `redis://` and `rediss://`: named in a setting, it would be named in logs too."""
    path = f"{HintTransport.__module__}:{HintTransport.__qualname__}"
    TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), path))
