"""The connection to the server, watched: what was sent, what happens just before, answers that get lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from elastic_transport import ConnectionError as BrokenConnectionError
from elastic_transport import ConnectionTimeout, Urllib3HttpNode


@dataclass
class Wire:
    """Watches bulk requests, and breaks reads.

    `bulks` are the bodies sent so far. `before_bulk` is called once, before the `call_at`-th. Of the
    `lose_at`-th, counted from one, the answer is lost after the server has done it: the client sees a
    timeout, or where `gateway` is set the status with which a proxy says so. So many of the next other
    requests as `broken_reads` says find their connection broken; `reads` counts them all.
    """

    bulks: list[bytes] = field(default_factory=list)
    lose_at: int | None = None
    gateway: int | None = None
    before_bulk: Callable[[], object] | None = None
    call_at: int = 1
    reads: int = 0
    broken_reads: int = 0

    def node_class(self) -> type[Urllib3HttpNode]:
        wire = self

        class WatchedNode(Urllib3HttpNode):
            def perform_request(self, method, target, body=None, **options: Any):
                if not target.startswith("/_bulk"):
                    wire.read()
                    return super().perform_request(method, target, body=body, **options)
                if wire.before_bulk and len(wire.bulks) + 1 >= wire.call_at:
                    wire.before_bulk, call = None, wire.before_bulk
                    call()
                reply = super().perform_request(method, target, body=body, **options)
                return wire.bulk(body, reply)

        return WatchedNode

    def read(self) -> None:
        self.reads += 1
        if self.broken_reads:
            self.broken_reads -= 1
            raise BrokenConnectionError("Connection aborted: the other side closed it")

    def bulk(self, body: bytes, reply: Any) -> Any:
        self.bulks.append(body)
        if len(self.bulks) != self.lose_at:
            return reply
        if self.gateway is None:
            raise ConnectionTimeout("the answer was lost")
        return reply._replace(meta=replace(reply.meta, status=self.gateway), body=b"{}")
