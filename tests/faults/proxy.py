"""A wire that can be cut: a TCP proxy between the workers and a server."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from enum import Enum, auto
from urllib.parse import urlsplit

WRITES = ("/_bulk", "PUT ", "DELETE ")
"""What the first line of a request that writes has in it (Feedmill writes in bulks only)."""


class Wire(Enum):
    """What the proxy does with traffic."""

    WHOLE = auto()
    NO_REPLIES = auto()
    """Requests arrive and are done; the connection breaks where their answer would come."""
    NO_WORD_OF_WRITES = auto()
    """The same for writes alone: whoever reads before it writes gets as far as its write."""
    CUT = auto()
    """Connections are closed as soon as they are made."""
    STALLED = auto()
    """Requests arrive nowhere any more, and nobody is told."""


class Proxy:
    """Listens on loopback and passes bytes on to the server of `url`. `wire` may change at any time.

    `lost` are the first lines of requests that were done and whose answers were lost; `passed` counts the
    bytes of requests.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._server = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"{parts.scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self.wire = Wire.WHOLE
        self.lost: list[str] = []
        self.passed = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.wire is Wire.CUT:
                client.close()
            else:
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._server, timeout=5)
        except OSError:
            client.close()  # what a server that is down looks like, near enough
            return
        server.settimeout(None)
        said = _Said()
        threading.Thread(target=self._forward, args=(client, server, said), daemon=True).start()
        self._return(server, client, said)

    def _forward(self, client: socket.socket, server: socket.socket, said: _Said) -> None:
        with suppress(OSError):
            while piece := client.recv(65536):
                while self.wire is Wire.STALLED:
                    time.sleep(0.02)
                self.passed += len(piece)
                said.hear(piece)
                server.sendall(piece)
        _hang_up(server)

    def _return(self, server: socket.socket, client: socket.socket, said: _Said) -> None:
        with server, client, suppress(OSError):
            while piece := server.recv(65536):
                if self._loses(said.line):
                    self.lost.append(said.line)
                    break
                client.sendall(piece)
            _hang_up(client)
            _hang_up(server)

    def _loses(self, request: str) -> bool:
        if self.wire is Wire.NO_WORD_OF_WRITES:
            return any(word in request for word in WRITES)
        return self.wire not in (Wire.WHOLE, Wire.STALLED)


class _Said:
    """The first line of the latest request on a connection."""

    def __init__(self) -> None:
        self.line = ""

    def hear(self, piece: bytes) -> None:
        line = piece.partition(b"\r\n")[0]
        if line.endswith(b" HTTP/1.1"):
            self.line = line.decode("latin-1")


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy(url: str) -> Iterator[Proxy]:
    """Yield a whole wire to the server at `url`."""
    with closing(Proxy(url)) as made:
        yield made
