"""The Elasticsearch store: one cluster, one prefix, opened without asking the server anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elastic_transport.client_utils import DEFAULT
from elasticsearch import Elasticsearch

from worker.clock import Clock
from worker.errors import StoreError
from worker.store.elasticsearch.articles import ElasticsearchArticles
from worker.store.elasticsearch.cluster import Cluster
from worker.store.elasticsearch.entries import ElasticsearchLedger
from worker.store.elasticsearch.feeds import ElasticsearchFeeds
from worker.store.elasticsearch.hosts import ElasticsearchHosts
from worker.store.elasticsearch.rebuilds import ElasticsearchRebuilds
from worker.store.elasticsearch.settle import settle
from worker.store.elasticsearch.setup import set_up
from worker.store.elasticsearch.users import let_in
from worker.store.elasticsearch.versions import ElasticsearchVersions
from worker.urls import without_credentials

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from worker.models import Settled, Settlement
    from worker.store.elasticsearch.users import Account

REQUEST_TIMEOUT_S = 30.0
"""A bulk of 10 MB takes a second on a busy node; after this, whoever called tries again."""
CONNECTIONS = 32
"""Kept open to a node: as many as a worker process has threads, or each request would shake hands anew."""


class ElasticsearchStore:
    """`Store` on an Elasticsearch cluster."""

    def __init__(self, cluster: Cluster, ledger_shards: int = 1) -> None:
        self._cluster = cluster
        self._ledger_shards = ledger_shards
        self.feeds = ElasticsearchFeeds(cluster)
        self.entries = ElasticsearchLedger(cluster)
        self.articles = ElasticsearchArticles(cluster)
        self.hosts = ElasticsearchHosts(cluster)
        self.versions = ElasticsearchVersions(cluster)
        self.rebuilds = ElasticsearchRebuilds(cluster)

    def settle(self, settlements: Sequence[Settlement], now: datetime) -> list[Settled]:
        """Write documents, then the outcomes of those that were taken; see `Store.settle`.

        Documents and outcomes are two requests: after a StoreUnavailableError some documents may be
        written, and settling again repeats their outcomes. A settlement whose reply was lost answers
        `stale` the second time.
        """
        return settle(self._cluster, settlements, now)

    def setup(self) -> list[str]:
        return set_up(self._cluster, self._ledger_shards)

    def let_in(self, accounts: Sequence[Account]) -> Iterator[str]:
        """Create or mend the users of the cluster, with an administrator's rights; yield the changes."""
        return let_in(self._cluster, accounts)

    def close(self) -> None:
        self._cluster.close()


def open_elasticsearch(
    url: str,
    *,
    prefix: str = "feedmill",
    api_key: str | None = None,
    ca_file: Path | None = None,
    ledger_shards: int = 1,
    clock: Clock | None = None,
) -> ElasticsearchStore:
    """Return the store in the cluster at `url`, under `prefix`. Nothing is sent yet: see `setup`.

    Args:
        url: http or https; a user and password in it are used, and never shown.
        prefix: what the names of all indices, aliases and templates begin with.
        api_key: instead of a user, in the form that the server gives it out (base64).
        ca_file: certificates (PEM) to trust instead of the system's.
        ledger_shards: primary shards of the ledger, which `setup` makes and only a re-index changes.
        clock: waits between tries, draws claims.

    Raises:
        StoreError: the URL is none, or the options do not go together.
    """
    place = without_credentials(url)
    if ca_file and not ca_file.is_file():
        raise StoreError(f"{ca_file}: no such file of certificates")
    try:
        client = Elasticsearch(
            url,
            api_key=api_key,
            ca_certs=str(ca_file) if ca_file else DEFAULT,
            request_timeout=REQUEST_TIMEOUT_S,
            # Retries are decided where a request's meaning is known (`Cluster.bulk`, writer, lease).
            max_retries=0,
            retry_on_timeout=False,
            connections_per_node=CONNECTIONS,
        )
    except ValueError as error:
        raise StoreError(f"{place}: {error}") from error
    return ElasticsearchStore(Cluster(client, place, prefix, clock or Clock()), ledger_shards)
