"""The versions of the article index: indices with running numbers, told apart by their aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.errors import StoreError
from worker.store.elasticsearch.carry import amend, carry
from worker.store.elasticsearch.create import check_heard, create
from worker.store.elasticsearch.faults import store_errors
from worker.store.elasticsearch.level import document_of, level
from worker.store.elasticsearch.twin import find_versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from worker.models import Carried, CarryResult, Document
    from worker.store.elasticsearch.cluster import Cluster
    from worker.store.elasticsearch.twin import Versions
    from worker.store.rebuilding import Which

MOST_FILES = 1_000
"""Archive files in one answer."""
_LEVELED = 500
"""Articles that are read at a time, in both versions."""


class ElasticsearchVersions:
    """`ArticleVersions` on Elasticsearch, where a version is an index."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def live(self) -> str:
        return find_versions(self._cluster).live

    def twin(self) -> str | None:
        return find_versions(self._cluster).twin

    def create(self) -> str:
        return create(self._cluster)

    def page(self, after: str, before: str, limit: int, version: Which) -> list[Document]:
        versions = find_versions(self._cluster)
        index = versions.live
        if version == "twin":
            index = self._twin_of(versions)
            self._cluster.refresh(index)
        found: list[Document] = []
        while ids := self._ids(index, after, before, limit - len(found)):
            there = self._cluster.read(index, ids)
            found += [document for id_ in ids if (document := document_of(there.get(id_)))]
            after = ids[-1]
        return found

    def carry(self, rebuilt: Sequence[Carried], into: str) -> list[CarryResult]:
        return carry(self._cluster, rebuilt, into)

    def amend(self, changes: Sequence[Carried]) -> list[CarryResult]:
        return amend(self._cluster, changes)

    def level(self, since: datetime) -> None:
        versions, after = find_versions(self._cluster), ""
        if not versions.twins:
            return
        self._cluster.refresh(versions.live)
        written = {"range": {"indexed_at": {"gte": since.isoformat()}}}
        while ids := self._ids(versions.live, after, "", _LEVELED, written):
            level(self._cluster, ids, ())
            after = ids[-1]

    def swap(self) -> None:
        cluster = self._cluster
        versions = find_versions(cluster)
        twin = self._twin_of(versions)
        cluster.refresh(twin)  # else what came within its refresh interval would be missing for a moment
        both = (cluster.names.articles, cluster.names.articles_write)
        moves = [
            *(_move(alias, versions.live, twin) for alias in both),
            _move(cluster.names.articles_twin, twin, versions.live),
        ]
        with store_errors(cluster.place):
            answer = cluster.client.indices.update_aliases(
                actions=[action for move in moves for action in move]
            )
        check_heard(cluster, answer)

    def drop(self) -> str | None:
        versions = find_versions(self._cluster)
        with store_errors(self._cluster.place):
            for twin in versions.twins:
                self._cluster.client.options(ignore_status=404).indices.delete(index=twin)
        return versions.twin

    def files(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for index in find_versions(self._cluster).all():
            self._cluster.refresh(index)
            for file, documents in self._files_of(index):
                found[file] = found.get(file, 0) + documents
        return found

    def _twin_of(self, versions: Versions) -> str:
        if versions.twin is None:
            raise StoreError(f"{self._cluster.place}: there is one version of the articles only")
        return versions.twin

    def _ids(self, index: str, after: str, before: str, limit: int, *wanted: dict[str, Any]) -> list[str]:
        if limit <= 0:
            return []
        bounds = {"gt": after, **({"lt": before} if before else {})}
        answer = self._cluster.search(
            index,
            query={"bool": {"filter": [{"range": {"article_id": bounds}}, *wanted]}},
            sort=[{"article_id": "asc"}],
            size=limit,
            source=False,
            track_total_hits=False,
        )
        return [hit["_id"] for hit in answer["hits"]["hits"]]

    def _files_of(self, index: str) -> Iterator[tuple[str, int]]:
        after: dict[str, Any] = {}
        while True:
            sources = [{"file": {"terms": {"field": "archive_file"}}}]
            by_file = {"size": MOST_FILES, "sources": sources, **after}
            answer = self._cluster.search(index, aggs={"files": {"composite": by_file}}, size=0)
            buckets = answer["aggregations"]["files"]["buckets"]
            yield from ((each["key"]["file"], each["doc_count"]) for each in buckets)
            if len(buckets) < MOST_FILES:
                return
            after = {"after": buckets[-1]["key"]}


def _move(alias: str, old: str, new: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the actions that move an alias; together with others they fail where it is not at `old`."""
    return (
        {"remove": {"index": old, "alias": alias, "must_exist": True}},
        {"add": {"index": new, "alias": alias}},
    )
