"""What tests of the broker wait for."""

from __future__ import annotations

import time
from collections.abc import Callable

import redis


def fill(client: redis.Redis) -> None:
    """Write until the server takes nothing more."""
    size = 1_000_000
    while size > 10:
        try:
            client.rpush("filling", "x" * size)
        except redis.exceptions.OutOfMemoryError:
            size //= 2


def wait_until(is_true: Callable[[], bool], within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not is_true():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.01)
