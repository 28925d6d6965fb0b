"""A prefix of its own for each test on the server, and clients that watch or break the wire."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import trustme
from elasticsearch import Elasticsearch

from tests.servers.elasticsearch import Server
from tests.servers.secured import secured_elasticsearch
from tests.store.builders import feed
from tests.store.elasticsearch.backend import client, delete_all
from tests.store.elasticsearch.wire import Wire
from worker.clock import Clock
from worker.store.elasticsearch import ElasticsearchStore
from worker.store.elasticsearch.cluster import Cluster


@pytest.fixture
def prefix(elasticsearch_url: str) -> Iterator[str]:
    """A prefix that nothing is under yet; what is under it at the end is deleted."""
    name = f"feedmill-{secrets.token_hex(4)}"
    yield name
    delete_all(elasticsearch_url, name)


@pytest.fixture
def connect(elasticsearch_url: str, prefix: str) -> Iterator[Callable[..., ElasticsearchStore]]:
    """Return `connect(wire=None, clock=None, ledger_shards=1)`: a store under the test's prefix, not set up."""
    with ExitStack() as stack:

        def make(wire: Wire | None = None, clock: Any = None, ledger_shards: int = 1) -> ElasticsearchStore:
            options: dict[str, Any] = {"node_class": wire.node_class()} if wire else {}
            es = Elasticsearch(elasticsearch_url, max_retries=0, retry_on_timeout=False, **options)
            cluster = Cluster(es, elasticsearch_url, prefix, clock or Clock())
            return stack.enter_context(closing(ElasticsearchStore(cluster, ledger_shards)))

        yield make


@pytest.fixture
def ready(connect: Callable[..., ElasticsearchStore]) -> ElasticsearchStore:
    """A store that is set up, with two active feeds, `a` and `b`."""
    store = connect()
    store.setup()
    store.feeds.add([feed("a"), feed("b")])
    return store


@pytest.fixture
def es(elasticsearch_url: str) -> Iterator[Elasticsearch]:
    """The bare client, for what no store does."""
    with client(elasticsearch_url) as made:
        yield made


@pytest.fixture(scope="package")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of the secured server's authority, once that server is up."""
    return tmp_path_factory.mktemp("ca") / "ca.pem"


@pytest.fixture(scope="package")
def secured(authority: trustme.CA, ca_file: Path) -> Iterator[Server]:
    """A server with security and TLS on."""
    with secured_elasticsearch(authority, ca_file) as server:
        yield server
