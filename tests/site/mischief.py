"""What hostile servers do, as routes: each returns a function of the request that yields raw bytes."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator

import brotli
from backports import zstd

from tests.site.server import Request, Site, head

Raw = Callable[[Request], Iterable[bytes]]


def raw(*pieces: bytes) -> Raw:
    """Send these bytes and hang up: `raw(b"HTTP/1.1 200 OK\\r\\nContent-Len")`."""
    return lambda request: pieces


def cut(body: bytes, promised: int) -> Raw:
    """Promise a body of `promised` bytes and hang up after `body`."""
    return raw(head(200, {"Content-Type": "text/html", "Content-Length": str(promised)}) + body)


def drip(site: Site, start: bytes, drop: bytes, every_s: float = 0.02) -> Raw:
    """Send `start`, then `drop` again and again for ever, with a pause before each."""

    def pieces(request: Request) -> Iterator[bytes]:
        yield start
        while site.pause(every_s):
            yield drop

    return pieces


def flood(site: Site, start: bytes, flow: bytes) -> Raw:
    """Send `start`, then `flow` for ever, as fast as it is read."""
    return drip(site, start, flow, every_s=0)


def silence(site: Site) -> Raw:
    """Take the request and say nothing."""

    def pieces(request: Request) -> Iterator[bytes]:
        site.pause(60)
        yield b""

    return pieces


COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda body: brotli.compress(body, quality=4),
    "zstd": zstd.compress,
}
"""How to send a body in each content coding that the client asks for."""
