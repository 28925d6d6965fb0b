"""Sockets to the web: the only place that opens one.

A connection goes to a judged *address*; the name travels in Host and SNI only. One connection per
request: a site is asked every two seconds at most, and keep-alive measured no gain at that pace.
"""

from __future__ import annotations

import functools
import http.client
import io
import logging
import socket
import ssl
from contextlib import closing, contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, cast

import certifi
from urllib3.connection import HTTPConnection, HTTPSConnection

from worker.errors import ConnectionCutError, HostUnreachableError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from urllib3.response import HTTPResponse

    from worker.clock import Clock
    from worker.fetch.addresses import Address
    from worker.fetch.guard import Target
    from worker.fetch.policy import FetchKind

# urllib3 logs a traceback per malformed header: a server could fill the log with its own text.
logging.getLogger("urllib3").setLevel(logging.ERROR)

_MAX_TRIED = 4
"""Addresses tried per request: a name with hundreds must not turn us on all of them."""

_CHUNK = 65_536
"""Bytes decoded at a time; 200 MB bombs in every coding stayed within it."""


@functools.cache
def shared_tls_context() -> ssl.SSLContext:
    """Return the one TLS context: the system's authorities and certifi's, so that either suffices.

    Loading them takes tens of milliseconds, hence once per process.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


def dial(target: Target, addresses: Sequence[Address], timeout_s: float, clock: Clock) -> socket.socket:
    """Return a TCP connection to the first address that accepts one within `timeout_s` in all.

    Each address gets an even share of the time left, so that a dead one leaves some to the next.

    Raises:
        HostUnreachableError: none accepted.
    """
    tried = addresses[:_MAX_TRIED]
    end = clock.monotonic() + timeout_s
    failures = []
    for position, address in enumerate(tried):
        share = (end - clock.monotonic()) / (len(tried) - position)
        try:
            return _connect(address, target.port, max(share, 0.001))  # 0 would mean: don't block
        except OSError as error:
            failures.append(f"{address}: {error.strerror or error}")
    raise HostUnreachableError(target.url, "; ".join(failures))


def secure(connection: socket.socket, target: Target, tls: ssl.SSLContext) -> socket.socket:
    """Return the connection, in TLS and verified for the target's name where its scheme is https."""
    if target.scheme == "http":
        return connection
    return tls.wrap_socket(connection, server_hostname=target.host)


@contextmanager
def requested(
    connection: socket.socket,
    target: Target,
    headers: Mapping[str, str],
    timeout_s: float,
    max_wire_bytes: int,
) -> Iterator[HTTPResponse]:
    """Send a GET and give the response with its status and headers read, its body not.

    Raises:
        ConnectionCutError: the stream ended within the headers.
        TooLargeError: more than `max_wire_bytes` came, here or while the body is read.
    """
    kind = HTTPSConnection if target.scheme == "https" else HTTPConnection
    request = kind(target.host, target.port, timeout=timeout_s)
    request.sock = connection  # connected to a judged address: urllib3 would resolve the name again
    with closing(_Wire(connection, target.url, max_wire_bytes)) as wire:
        request.response_class = wire.response  # type: ignore[assignment]  # http.client only calls it
        request.request("GET", target.path, headers=headers, preload_content=False)
        response = request.getresponse()
        if wire.ended:  # http.client takes the end of the stream for the end of the headers
            raise ConnectionCutError(target.url, "the connection ended within the headers")
        yield response


def read_body(response: HTTPResponse, url: str, kind: FetchKind) -> bytes:
    """Return the body, decoded from its content coding; no more than the cap where the rest is not wanted.

    Raises:
        TooLargeError: it has, or says it has, more than `kind.max_bytes` bytes, and may not be cut.
    """
    max_bytes, is_refused = kind.max_bytes, kind.larger == "refused"
    if is_refused and (response.length_remaining or 0) > max_bytes:
        raise TooLargeError(url, f"Content-Length is {response.length_remaining}, the cap {max_bytes} bytes")
    body = bytearray()
    for chunk in response.stream(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > max_bytes:
            if is_refused:
                raise TooLargeError(url, f"the body has more than {max_bytes} bytes")
            break
    return bytes(body[:max_bytes])


def peer_of(connection: socket.socket) -> Address:
    """Return the address at the other end."""
    return ip_address(connection.getpeername()[0])


def _connect(address: Address, port: int, timeout_s: float) -> socket.socket:
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_s)
        connection.connect((str(address), port))
    except OSError:
        connection.close()
        raise
    return connection


class _Wire(io.RawIOBase):
    """The bytes that a server sends, counted as they come, below headers, framing and coding.

    The cap on the decoded body alone lets a server send forever: empty gzip members, `100 Continue`
    after `100 Continue`, and chunks of one byte decode to little or nothing.
    """

    def __init__(self, connection: socket.socket, url: str, max_bytes: int) -> None:
        self._raw = cast("io.RawIOBase", connection.makefile("rb", buffering=0))
        self._url = url
        self._left = max_bytes
        self.ended = False

    def response(self, _connection: socket.socket, **options: Any) -> http.client.HTTPResponse:
        """Return a response that reads through this wire; it asks its socket for a file, no more."""
        return http.client.HTTPResponse(cast("socket.socket", self), **options)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self, _CHUNK)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        count = self._raw.readinto(buffer)
        self.ended = count == 0
        self._left -= count or 0
        if self._left < 0:
            raise TooLargeError(self._url, "far more was sent than the body's cap")
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()
