"""Filling a Redis up to its maxmemory."""

from __future__ import annotations

import redis


def fill(client: redis.Redis) -> None:
    """Write until the server takes nothing more."""
    size = 1_000_000
    while size > 10:
        try:
            client.rpush("filling", "x" * size)
        except redis.exceptions.OutOfMemoryError:
            size //= 2
