"""The articles: stored whole, searched through the analyzers of `schemas/article.json`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from worker.store.elasticsearch.compile import compile_request
from worker.store.elasticsearch.level import level
from worker.store.elasticsearch.records import LONGEST_URL, document_source, read_document
from worker.store.highlight import highlights
from worker.store.query import MAX_LIMIT, Hit, SearchPage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from worker.models import Document
    from worker.store.elasticsearch.cluster import Cluster, Found
    from worker.store.query import SearchRequest


_MOST_MAKERS = 1_000
"""Versions of an extractor, and of a tagger, that are told apart: releases of years."""


class ElasticsearchArticles:
    """`ArticleIndex` on Elasticsearch. `search` may be as far behind as the index's refresh interval."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._index = cluster.names.articles

    def get(self, article_id: str) -> Document | None:
        found = self._cluster.read(self._index, [article_id])
        return read_document(found[article_id].source) if found else None

    def find_by_url(self, url: str) -> Document | None:
        if len(url) > LONGEST_URL:
            return None
        self.refresh()
        named = [
            {"constant_score": {"filter": {"term": {name: url}}, "boost": boost}}
            for name, boost in (("url", 2), ("canonical_url", 1))
        ]
        first = [{"_score": "desc"}, {"indexed_at": "asc"}, {"article_id": "asc"}]
        answer = self._cluster.search(self._index, query={"bool": {"should": named}}, sort=first, size=1)
        hits = answer["hits"]["hits"]
        return read_document(hits[0]["_source"]) if hits else None

    def search(self, request: SearchRequest) -> SearchPage:
        compiled = compile_request(request)
        answer = self._cluster.search(
            self._index,
            **compiled,
            from_=min(request.offset, MAX_LIMIT),
            size=max(0, min(request.limit, MAX_LIMIT - request.offset)),
            track_total_hits=True,
            track_scores=True,
        )
        hits = [(read_document(hit["_source"]), hit["_score"] or 0.0) for hit in answer["hits"]["hits"]]
        return SearchPage(
            hits=tuple(
                Hit(document=document, score=score, highlights=highlights(request.query, document))
                for document, score in hits
            ),
            total=answer["hits"]["total"]["value"],
        )

    def matching(self, request: SearchRequest, article_ids: Collection[str]) -> set[str]:
        query = {"bool": {"filter": [compile_request(request)["query"], {"ids": {"values": [*article_ids]}}]}}
        answer = self._cluster.search(self._index, query=query, size=len(article_ids), source=False)
        return {hit["_id"] for hit in answer["hits"]["hits"]}

    def count(self) -> int:
        self.refresh()
        return self._cluster.count(self._index)

    def made_by(self) -> dict[tuple[str, str], int]:
        self.refresh()
        taggers = {"terms": {"field": "tagger_version", "missing": "", "size": _MOST_MAKERS}}
        extractors = {"terms": {"field": "extractor_version", "missing": "", "size": _MOST_MAKERS}}
        aggs = {"extractors": {**extractors, "aggs": {"taggers": taggers}}}
        answer = self._cluster.search(self._index, aggs=aggs, size=0)
        return {
            (extractor["key"], tagger["key"]): tagger["doc_count"]
            for extractor in answer["aggregations"]["extractors"]["buckets"]
            for tagger in extractor["taggers"]["buckets"]
        }

    def refresh(self) -> None:
        self._cluster.refresh(self._index)


def add_feeds(cluster: Cluster, article_ids: Sequence[str], feed_ids: Iterable[str]) -> None:
    """Note on articles (those that are there) that more feeds list them."""
    more = set(feed_ids)
    if article_ids and more and (missing := _add_feeds(cluster, article_ids, more)):
        _add_feeds(cluster, sorted(missing), more)  # its twin may have brought one back


def _add_feeds(cluster: Cluster, article_ids: Sequence[str], more: set[str]) -> set[str]:
    """Note it on those that are there, and in both versions; return the others."""
    known: dict[str, str] = {}

    def plan(_: Sequence[str], found: Mapping[str, Found]) -> dict[str, dict[str, Any]]:
        known.update({article_id: each.index for article_id, each in found.items()})
        documents = {article_id: read_document(each.source) for article_id, each in found.items()}
        return {
            article_id: document_source(
                replace(document, feed_ids=tuple(sorted({*document.feed_ids, *more})))
            )
            for article_id, document in documents.items()
            if not more <= set(document.feed_ids)
        }

    cluster.rewrite(cluster.names.articles_write, article_ids, plan)
    level(cluster, article_ids, known.values())
    return set(article_ids) - set(known)
