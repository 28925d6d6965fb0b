"""A threaded web server over raw sockets: it has to send what no web server library would."""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address

Address = IPv4Address | IPv6Address
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived. `path` has its query; header names are lower-case; `at` is monotonic seconds."""

    method: str
    path: str
    host: str
    headers: Mapping[str, str]
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A well-formed response; Content-Length is added where `headers` give none."""

    status: int = 200
    body: bytes = b""
    content_type: str | None = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    def wire(self) -> bytes:
        lines = {"Content-Length": str(len(self.body)), "Connection": "close"}
        if self.content_type is not None:
            lines["Content-Type"] = self.content_type
        return head(self.status, lines | dict(self.headers)) + self.body


Answer = Reply | Callable[[Request], Reply | Iterable[bytes]]


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Return a status line and headers, with the blank line that ends them."""
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Odd"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Site:
    """Serves its routes under every name until closed, and remembers requests and name lookups.

    It listens on the first of `addresses`, and for http on the others too, at one port: each is a host
    that needs no name service.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, addresses: Sequence[str] = (LOOPBACK,)) -> None:
        self.requests: list[Request] = []
        self.lookups: list[str] = []
        self._routes: dict[tuple[str, str], Answer] = {}
        self._names: dict[str, Callable[[], tuple[Address, ...]]] = {}
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listeners: dict[str, socket.socket] = {}
        self._others: list[socket.socket] = []
        self._listeners["http"] = self._listen(addresses[0], 0, None)
        for address in addresses[1:]:
            self._others.append(self._listen(address, self.port(), None))
        if tls:
            self._listeners["https"] = self._listen(addresses[0], 0, tls)

    def serve(self, path: str, answer: Answer, host: str = "*") -> None:
        """Answer requests for `path` (with or without a query) on `host`, on every host by default."""
        self._routes[host, path] = answer

    def url(self, path: str = "/", host: str = "news.example", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port(scheme)}{path}"

    def port(self, scheme: str = "http") -> int:
        return self._listeners[scheme].getsockname()[1]

    def count(self, path: str, host: str | None = None) -> int:
        """Return how often `path` was requested."""
        return sum(r.path == path and host in (None, r.host) for r in self.requests)

    def name(self, host: str, *answers: str | Iterable[str]) -> None:
        """Let `host` resolve to these addresses; an answer that is a list is one lookup of its own.

        `name(h, "127.0.0.1", "10.0.0.1")` has two addresses; `name(h, ["127.0.0.1"], ["10.0.0.1"])`
        resolves to the first at first and to the second from then on.
        """
        turns = [answers] if all(isinstance(answer, str) for answer in answers) else list(answers)

        def next_turn() -> tuple[Address, ...]:
            turn = turns.pop(0) if len(turns) > 1 else turns[0]
            return tuple(ip_address(text) for text in turn)

        self._names[host] = next_turn

    def stall(self, host: str) -> None:
        """Let the lookup of `host` hang until the site closes."""

        def hang() -> tuple[Address, ...]:
            self._closing.wait(60)
            return ()

        self._names[host] = hang

    def resolve(self, host: str) -> tuple[Address, ...]:
        """The web's name service: pass it to the fetcher as its resolver."""
        self.lookups.append(host)
        if host in self._names:
            return self._names[host]()
        if host.endswith(".example"):
            return (ip_address(LOOPBACK),)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def pause(self, seconds: float) -> bool:
        """Wait, at most until the site closes; return whether it is still open. For slow answers."""
        return not self._closing.wait(seconds)

    def close(self) -> None:
        if self._closing.is_set():
            return
        self._closing.set()
        for listener in (*self._listeners.values(), *self._others):
            listener.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept()
            listener.close()
        for thread in self._threads:
            thread.join(timeout=5)

    def _listen(self, address: str, port: int, tls: ssl.SSLContext | None) -> socket.socket:
        listener = socket.create_server((address, port), backlog=128)
        self._start(self._accept, listener, tls)
        return listener

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket, tls: ssl.SSLContext | None) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self._start(self._converse, connection, tls)

    def _converse(self, connection: socket.socket, tls: ssl.SSLContext | None) -> None:
        with connection:
            connection.settimeout(30)
            try:
                if tls:
                    connection = tls.wrap_socket(connection, server_side=True)
                with connection, connection.makefile("rb") as lines:
                    if request := _read_request(lines):
                        self.requests.append(request)
                        for piece in self._answer(request):
                            connection.sendall(piece)
            except OSError:
                return  # the client hung up: often the point of the test

    def _answer(self, request: Request) -> Iterable[bytes]:
        paths = (request.path, request.path.partition("?")[0])
        keys = [(host, path) for host in (request.host, "*") for path in paths]
        answer = next((self._routes[key] for key in keys if key in self._routes), Reply(status=404))
        said = answer if isinstance(answer, Reply) else answer(request)
        return [said.wire()] if isinstance(said, Reply) else said


class Trap:
    """A listener that must not be knocked at. It never accepts, but the kernel would connect."""

    def __init__(self, address: str = "127.0.0.2", port: int = 0) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, port), family=family)
        self.address, self.port = self._listener.getsockname()[:2]

    def knocked(self) -> bool:
        return bool(select.select([self._listener], [], [], 0)[0])

    def close(self) -> None:
        self._listener.close()


def _read_request(lines: Iterable[bytes]) -> Request | None:
    text = iter(line.decode("latin-1").rstrip("\r\n") for line in lines)
    words = next(text, "").split(" ")
    if len(words) != 3:
        return None
    headers: dict[str, str] = {}
    for line in text:
        if not line:
            break
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    host = headers.get("host", "").rpartition(":")[0] or headers.get("host", "")
    return Request(method=words[0], path=words[1], host=host, headers=headers, at=time.monotonic())
