"""Names to addresses, within a bound: getaddrinfo knows no timeout, so it runs where it can be left."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from queue import Empty, SimpleQueue

from worker.errors import DnsError
from worker.fetch.addresses import Address

Resolver = Callable[[str], Sequence[Address]]
"""Return every address of a name in order of preference; raise OSError where there is none."""

_MAX_LOOKUPS = 128
"""Lookups under way at once. glibc gives up after about 30 s (3 servers, 5 s, 2 tries), so 16 fetch
threads that each leave one behind every 10 s keep at most 64 alive; the rest is head-room."""


def system_resolver(host: str) -> tuple[Address, ...]:
    """Resolve with the system's own configuration, in RFC 6724 order."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(ip_address(entry[4][0]) for entry in found))


class BoundedResolver:
    """Asks a resolver on a thread of its own, and leaves the thread behind when time is up."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._free = threading.BoundedSemaphore(_MAX_LOOKUPS)

    def resolve(self, host: str, url: str, timeout_s: float) -> tuple[Address, ...]:
        """Return the addresses of `host`.

        Raises:
            DnsError: there is none, or the answer took longer than `timeout_s` seconds.
        """
        if not self._free.acquire(blocking=False):
            raise DnsError(url, f"{_MAX_LOOKUPS} name lookups are hanging")
        answer: SimpleQueue[tuple[Address, ...] | OSError] = SimpleQueue()
        threading.Thread(target=self._look_up, args=(host, answer), name=f"dns {host}", daemon=True).start()
        try:
            found = answer.get(timeout=timeout_s)
        except Empty:
            raise DnsError(url, f"{host} did not resolve within {timeout_s:.1f} s") from None
        if isinstance(found, OSError):
            raise DnsError(url, f"{host}: {found.strerror or found}") from found
        if not found:
            raise DnsError(url, f"{host} has no address")
        return found

    def _look_up(self, host: str, answer: SimpleQueue[tuple[Address, ...] | OSError]) -> None:
        try:
            answer.put(tuple(self._resolver(host)))
        except OSError as error:
            answer.put(error)
        finally:
            self._free.release()
