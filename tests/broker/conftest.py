"""Clients of the run's Redis, and of servers that a test may fill, flush or stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
import redis

from tests.servers.redis import own_redis
from worker.broker.connection import open_redis

pytest.register_assert_rewrite("tests.fetch.contract_gate")

Connect = Callable[[str], redis.Redis]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Return `connect(url)`: a client that is closed at the end of the test."""
    with ExitStack() as stack:
        yield lambda url: stack.enter_context(closing(open_redis(url)))


@pytest.fixture
def client(redis_url: str, connect: Connect) -> redis.Redis:
    """A client of the run's server, without what an earlier test has left there of ours."""
    client = connect(redis_url)
    for key in client.scan_iter("feedmill:*"):
        client.delete(key)
    return client


@pytest.fixture(scope="module")
def own_url() -> Iterator[str]:
    """A small server that nobody else uses: room for some 2 MB, and nothing is evicted."""
    with own_redis("--maxmemory", "3mb", "--maxmemory-policy", "noeviction") as url:
        yield url


@pytest.fixture
def own(own_url: str, connect: Connect) -> redis.Redis:
    client = connect(own_url)
    client.flushall()
    return client
