"""Which rows are due, hosts taking turns: one aggregation, however many rows one host has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.models import DueRow
from worker.store.records import from_ms, to_ms

if TYPE_CHECKING:
    from datetime import datetime

    from worker.store.elasticsearch.cluster import Cluster

MOST_PER_HOST = 1_000
"""Rows of one host in one answer: `index.max_inner_result_window` of the ledger's template."""
MOST_HOSTS = 500


def due_rows(cluster: Cluster, now: datetime, limit: int, per_host: int, after_domain: str) -> list[DueRow]:
    """Return due rows, newest first in each host, from the host after `after_domain` and around."""
    if limit <= 0:
        return []
    is_due = {"range": {"due_at": {"lte": to_ms(now)}}}
    later = _hosts(cluster, [is_due], min(limit, MOST_HOSTS), min(per_host, limit), after_domain)
    rows = _rows(later)
    if len(rows) < limit and len(later) < MOST_HOSTS:
        around = {"range": {"domain": {"lte": after_domain}}}
        rows += _rows(_hosts(cluster, [is_due, around], limit - len(rows), min(per_host, limit), None))
    return rows[:limit]


def _hosts(
    cluster: Cluster, conditions: list[Any], hosts: int, per_host: int, after_domain: str | None
) -> list[Any]:
    newest = {
        "size": min(per_host, MOST_PER_HOST),
        "sort": [{"first_seen_at": "desc"}, {"entry_id": "asc"}],
        "_source": False,
    }
    after = {} if after_domain is None else {"after": {"domain": after_domain}}
    by_host = {
        "size": min(hosts, MOST_HOSTS),
        "sources": [{"domain": {"terms": {"field": "domain"}}}],
        **after,
    }
    answer = cluster.search(
        cluster.names.entries,
        query={"bool": {"filter": conditions}},
        aggs={"hosts": {"composite": by_host, "aggs": {"newest": {"top_hits": newest}}}},
        size=0,
    )
    return list(answer["aggregations"]["hosts"]["buckets"])


def _rows(hosts: list[Any]) -> list[DueRow]:
    return [
        DueRow(entry_id=hit["_id"], domain=host["key"]["domain"], first_seen_at=from_ms(hit["sort"][0]))
        for host in hosts
        for hit in host["newest"]["hits"]["hits"]
    ]
