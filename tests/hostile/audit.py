"""What this process connects to and opens, as Python itself reports it (PEP 578)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

WATCHED = frozenset({"socket.connect", "socket.getaddrinfo", "open", "urllib.Request"})

_ears: list[list[tuple[str, Any]]] = []


def _hear(event: str, args: tuple[Any, ...]) -> None:
    if _ears and event in WATCHED:
        for ear in _ears:
            ear.append((event, args[1] if event == "socket.connect" else args[0]))


sys.addaudithook(_hear)  # a hook can't be taken away again: one for all tests


@contextmanager
def overheard() -> Iterator[list[tuple[str, Any]]]:
    """Give a list of (event, what) that grows with every connection, lookup and opened file."""
    heard: list[tuple[str, Any]] = []
    _ears.append(heard)
    try:
        yield heard
    finally:
        _ears.remove(heard)
