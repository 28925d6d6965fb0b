"""Changing ledger rows by the pure rules of `worker.store.ledger`: read, decide, write back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from worker.models import FeedState, LedgerRow
from worker.store.elasticsearch.feeds import feed_states
from worker.store.elasticsearch.records import read_row, row_source

if TYPE_CHECKING:
    from worker.store.elasticsearch.cluster import Cluster, Found

Rule = Callable[[LedgerRow, Mapping[str, FeedState]], LedgerRow | None]
"""What a row becomes, given its feeds' states; None (or the same row) leaves it alone."""


def change_rows(cluster: Cluster, entry_ids: Sequence[str], rule: Rule) -> list[LedgerRow]:
    """Apply the rule to these rows and return those that were written, as they now are."""
    written: dict[str, LedgerRow] = {}

    def plan(_: Sequence[str], found: Mapping[str, Found]) -> dict[str, dict[str, Any]]:
        rows = {entry_id: read_row(each.source) for entry_id, each in found.items()}
        states = feed_states(cluster, {feed_id for row in rows.values() for feed_id in row.feed_ids})
        ruled = {entry_id: rule(row, states) for entry_id, row in rows.items()}
        changed = {entry_id: row for entry_id, row in ruled.items() if row and row != rows[entry_id]}
        written.update(changed)
        return {entry_id: row_source(row) for entry_id, row in changed.items()}

    done = cluster.rewrite(cluster.names.entries, entry_ids, plan)
    return [row for entry_id, row in written.items() if entry_id in done]


def change_where(cluster: Cluster, query: Mapping[str, Any], rule: Rule) -> list[LedgerRow]:
    """Apply the rule to every row that the query finds, a page at a time."""
    index = cluster.names.entries
    cluster.refresh(index)
    written: list[LedgerRow] = []
    for page in cluster.scan(index, "entry_id", query, ()):
        written += change_rows(cluster, [each.id for each in page], rule)
    return written
