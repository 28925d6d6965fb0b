"""Elasticsearch under the contract suite: one set of indices for the whole run, emptied for each test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager

from elasticsearch import Elasticsearch

from worker.clock import Clock
from worker.store.base import Store
from worker.store.elasticsearch import ElasticsearchStore, open_elasticsearch
from worker.store.elasticsearch.cluster import Cluster
from worker.store.elasticsearch.entries import ElasticsearchLedger

PREFIX = f"feedmill-{secrets.token_hex(4)}"
"""Of this run alone: several may share a server."""
LEDGER_SHARDS = 2
"""Searches, aggregations and their orders must hold across shards."""


class VisibleLedger(ElasticsearchLedger):
    """`due` and `at_page` may be a refresh interval behind by design; the contract asks at once."""

    def at_page(self, *arguments, **options):
        self._cluster.refresh(self._index)
        return super().at_page(*arguments, **options)

    def due(self, *arguments, **options):
        self._cluster.refresh(self._index)
        return super().due(*arguments, **options)


class VisibleStore(ElasticsearchStore):
    """Nor does `settle` refresh before it looks for pages that show the same text."""

    def __init__(self, cluster: Cluster, ledger_shards: int) -> None:
        super().__init__(cluster, ledger_shards)
        self.entries = VisibleLedger(cluster)

    def settle(self, settlements, now):
        self._cluster.refresh(self._cluster.names.entries)
        return super().settle(settlements, now)


class ElasticsearchBackend:
    def __init__(self, url: str) -> None:
        self._url = url
        with client(url) as es:
            es.indices.put_settings(
                index=f"{PREFIX}-*", settings={"index.blocks.read_only_allow_delete": None}
            )
            es.indices.refresh(index=f"{PREFIX}-*")
            if es.indices.exists_alias(name=f"{PREFIX}-articles-twin"):
                es.indices.delete(index=list(es.indices.get_alias(name=f"{PREFIX}-articles-twin")))
            es.delete_by_query(
                index=f"{PREFIX}-*", query={"match_all": {}}, refresh=True, conflicts="proceed"
            )

    def make(self) -> ElasticsearchStore:
        opened = open_elasticsearch(self._url, prefix=PREFIX, clock=Clock())
        return VisibleStore(opened._cluster, LEDGER_SHARDS)

    def fill_disk(self, store: Store) -> None:
        self._block(full=True)

    def free_disk(self, store: Store) -> None:
        self._block(full=None)

    def _block(self, full: bool | None) -> None:
        """Set or remove the block that Elasticsearch itself sets at the disk's flood stage."""
        with client(self._url) as es:
            blocks = {"index.blocks.read_only_allow_delete": full}
            es.indices.put_settings(index=f"{PREFIX}-articles", settings=blocks)


@contextmanager
def client(url: str) -> Iterator[Elasticsearch]:
    made = Elasticsearch(url)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def set_up(url: str) -> Iterator[str]:
    """Set up the contract's indices for a run and delete them after it."""
    with closing(open_elasticsearch(url, prefix=PREFIX, ledger_shards=LEDGER_SHARDS)) as store:
        store.setup()
    yield url
    delete_all(url, PREFIX)


def delete_all(url: str, prefix: str) -> None:
    """Delete what is under a prefix: indices, their templates, and what those are made of."""
    with client(url) as es:
        if indices := list(es.indices.get(index=f"{prefix}-*")):
            es.indices.delete(index=indices)
        es.options(ignore_status=404).indices.delete_index_template(name=f"{prefix}-*")
        es.options(ignore_status=404).cluster.delete_component_template(name=f"{prefix}-*")
