"""Admission: a page of one feed's listing, by the rules of `worker.store.ledger`."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from worker.store.elasticsearch.articles import add_feeds
from worker.store.elasticsearch.feeds import feed_states
from worker.store.elasticsearch.records import read_row, row_source
from worker.store.ledger import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from worker.models import Entry, FeedState, LedgerRow
    from worker.store.elasticsearch.cluster import Cluster, Found
    from worker.store.ledger import Verdict


def admit_page(
    cluster: Cluster, feed_id: str, entries: Sequence[Entry], now: datetime
) -> list[tuple[str, Verdict]]:
    """Take entries into the ledger; return each one's id and what it was, in order.

    A poll that was under way when its feed was removed admits nothing. Articles are told of the feed
    before their rows are: a row that knows it asks for nothing more when a lost answer is repeated.
    """
    if feed_id not in feed_states(cluster, [feed_id]):
        return []
    by_id: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_id[entry.entry_id].append(entry)
    verdicts: dict[str, list[Verdict]] = {}

    def plan(ids: Sequence[str], found: Mapping[str, Found]) -> dict[str, dict[str, Any]]:
        rows = {entry_id: read_row(each.source) for entry_id, each in found.items()}
        feed_ids = {each for row in rows.values() for each in row.feed_ids}
        states = feed_states(cluster, {feed_id, *feed_ids})
        changed, joined = {}, []
        for entry_id in ids:
            known = rows.get(entry_id)
            row, verdicts[entry_id] = _listed(known, feed_id, by_id[entry_id], now, states)
            if known and known.article_id and feed_id not in known.feed_ids:
                joined.append(known.article_id)
            if row != known:
                changed[entry_id] = row_source(row)
        add_feeds(cluster, joined, [feed_id])
        return changed

    cluster.rewrite(cluster.names.entries, list(by_id), plan)
    left = {entry_id: iter(found) for entry_id, found in verdicts.items()}
    return [(entry.entry_id, next(left[entry.entry_id])) for entry in entries]


def _listed(
    row: LedgerRow | None,
    feed_id: str,
    entries: Sequence[Entry],
    now: datetime,
    states: Mapping[str, FeedState],
) -> tuple[LedgerRow, list[Verdict]]:
    """Return the row after every entry of the listing that has its id, and each one's verdict."""
    verdicts = []
    for entry in entries:
        row, verdict = listed(row, feed_id, entry, now, states)
        verdicts.append(verdict)
    assert row  # there is at least one entry
    return row, verdicts
