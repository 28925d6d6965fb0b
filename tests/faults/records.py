"""What lies in the store when a test looks, as the judge wants it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan

from tests.faults.verdict import Indexed, Row
from tests.store.elasticsearch.backend import client

_ROW = ["url", "state", "outcome", "reason", "article_id"]
_ARTICLE = ["article_id", "title", "content_hash", "revision"]


def ledger_and_index(url: str, prefix: str) -> tuple[list[Row], list[Indexed]]:
    """Return all rows and all articles. Rows are read first: by then, theirs must be there."""
    with client(url) as es:
        rows = [Row(**each) for each in _scan(es, f"{prefix}-entries", _ROW)]
        return rows, [Indexed(**each) for each in _scan(es, f"{prefix}-articles", _ARTICLE)]


def without_article(url: str, prefix: str) -> list[str]:
    """Return the entries that are done with an article which is not there."""
    rows, articles = ledger_and_index(url, prefix)
    there = {each.article_id for each in articles}
    return [row.url for row in rows if row.article_id and row.article_id not in there]


def _scan(es: Elasticsearch, index: str, fields: list[str]) -> Iterator[dict[str, Any]]:
    es.indices.refresh(index=index)
    found = scan(es, index=index, size=1000, query={"_source": fields})
    return ({name: each["_source"].get(name) for name in fields} for each in found)
