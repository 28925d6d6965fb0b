"""The connection to the server, watched: what was sent, what happens just before, replies that get lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from elastic_transport import ConnectionTimeout, Urllib3HttpNode


@dataclass
class Wire:
    """Watches bulk requests.

    `bulks` are the bodies sent so far. `before_bulk` is called once, before the first. Of the
    `lose_at`-th, counted from one, the reply is lost after the server has done it.
    """

    bulks: list[bytes] = field(default_factory=list)
    lose_at: int | None = None
    before_bulk: Callable[[], object] | None = None

    def node_class(self) -> type[Urllib3HttpNode]:
        wire = self

        class WatchedNode(Urllib3HttpNode):
            def perform_request(self, method, target, body=None, **options: Any):
                is_bulk = target.startswith("/_bulk")
                if is_bulk and wire.before_bulk:
                    wire.before_bulk, call = None, wire.before_bulk
                    call()
                reply = super().perform_request(method, target, body=body, **options)
                if is_bulk:
                    wire.bulks.append(body)
                    if len(wire.bulks) == wire.lose_at:
                        raise ConnectionTimeout("the reply was lost")
                return reply

        return WatchedNode
