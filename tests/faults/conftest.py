"""Real servers that can be stopped, fifty newspapers, and a plant between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from tests.faults.plant import Plant, plant
from tests.faults.press import Press, press
from tests.faults.proxy import Proxy, proxy
from tests.servers.restartable import Restartable, restartable_elasticsearch, restartable_redis


@pytest.fixture(scope="session")
def elasticsearch_server() -> Iterator[Restartable]:
    """One for all faults: every plant has a prefix of its own. It is up again before each test."""
    with restartable_elasticsearch() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Restartable]:
    with restartable_redis("--maxmemory-policy", "noeviction") as server:
        yield server


@pytest.fixture
def newspapers() -> Iterator[Press]:
    with press() as made:
        yield made


@pytest.fixture
def wire(elasticsearch_server: Restartable) -> Iterator[Proxy]:
    with proxy(elasticsearch_server.url) as made:
        yield made


@pytest.fixture
def build(
    newspapers: Press, elasticsearch_server: Restartable, redis_server: Restartable, tmp_path: Path
) -> Iterator[Callable[..., Plant]]:
    """Return `build(store_url=None, **settings)`: a plant over the servers, of which nothing runs yet."""
    _whole(elasticsearch_server, redis_server)
    with redis.Redis.from_url(redis_server.url) as broker:
        broker.flushall()
    with ExitStack() as stack:

        def make(store_url: str | None = None, **settings: str) -> Plant:
            direct = elasticsearch_server.url
            made = plant(newspapers, redis_server.url, store_url or direct, tmp_path, direct, **settings)
            return stack.enter_context(made)

        try:
            yield make
        finally:
            _whole(elasticsearch_server, redis_server)  # a test that failed may have left its fault


def _whole(elasticsearch: Restartable, broker: Restartable) -> None:
    """Have both servers up, and room in the broker."""
    elasticsearch.start()
    broker.start()
    with redis.Redis.from_url(broker.url) as client:
        client.config_set("maxmemory", 0)
