"""One text under many titles of a site: found when the next page shows it, and then taken back everywhere.

The search is not refreshed first: pages that ended within the last second are not seen, and the next
page of that text takes them all back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from worker.models import OutcomeKind
from worker.store.decide import (
    BOILERPLATE,
    SHOWINGS_LOOKED_AT,
    WITH_ARTICLE,
    Showing,
    body_hash,
    is_boilerplate,
    seen_on,
)
from worker.store.elasticsearch.level import erase
from worker.store.elasticsearch.records import HELD_FIELDS, HeldRow, read_held
from worker.store.elasticsearch.rows import change_where

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from worker.models import FeedState, LedgerRow
    from worker.store.elasticsearch.cluster import Cluster


@dataclass(frozen=True, slots=True)
class Shown:
    """A text that a claimed row's page shows, by its `body_hash`, and the article it is about to become."""

    row: HeldRow
    text: str
    article_id: str


def known_texts(cluster: Cluster, texts: Iterable[str]) -> set[str]:
    """Return those of the texts that any done row holds: for real articles, none."""
    wanted = sorted(set(texts))
    if not wanted:
        return set()
    answer = cluster.search(
        cluster.names.entries,
        query={"terms": {"body_hash": wanted}},
        aggs={"texts": {"terms": {"field": "body_hash", "size": len(wanted)}}},
        size=0,
    )
    return {each["key"] for each in answer["aggregations"]["texts"]["buckets"]}


def withdraw(cluster: Cluster, shown: Shown, now: datetime) -> str | None:
    """Return what makes the text boilerplate, having withdrawn the articles that hold it.

    None, and nothing written, where it is none: see `Store.settle`.
    """
    own = Showing(shown.row.entry_id, shown.row.title or "", shown.article_id)
    others = [each for each in _showings(cluster, shown) if each.entry_id != own.entry_id]
    if not is_boilerplate([own, *others]):
        return None
    seen = seen_on(len(others) + 1, shown.row.domain)
    _take_back(cluster, shown, seen, now)
    return seen


def _same_text(shown: Shown) -> dict[str, Any]:
    terms = {"domain": shown.row.domain, "body_hash": shown.text}
    return {"bool": {"filter": [{"term": {name: value}} for name, value in terms.items()]}}


def _showings(cluster: Cluster, shown: Shown) -> list[Showing]:
    answer = cluster.search(
        cluster.names.entries,
        query=_same_text(shown),
        sort=[{"done_at": "desc"}, {"entry_id": "asc"}],
        size=SHOWINGS_LOOKED_AT,
        source=list(HELD_FIELDS),
    )
    rows = [read_held(hit["_source"]) for hit in answer["hits"]["hits"]]
    return [Showing(row.entry_id, row.title or "", row.article_id) for row in rows]


def _take_back(cluster: Cluster, shown: Shown, seen: str, now: datetime) -> None:
    """Delete the articles first and let their rows forget them then: a retry after a crash finds the rows."""
    cluster.refresh(cluster.names.entries)
    scanned = cluster.scan(cluster.names.entries, "entry_id", _same_text(shown), ("article_id",))
    ended_at = {each.source.get("article_id") for page in scanned for each in page}
    withdrawn = _delete(cluster, {*ended_at, shown.row.article_id} - {None}, shown.text)
    if withdrawn:
        ended_there = {"terms": {"article_id": sorted(withdrawn)}}

        def rule(row: LedgerRow, _: Mapping[str, FeedState]) -> LedgerRow:
            return _without_article(row, seen, now)

        change_where(cluster, ended_there, rule)


def _delete(cluster: Cluster, article_ids: set[Any], text: str) -> set[str]:
    """Delete those whose present text is the boilerplate and that no operator let in; return them.

    One that is gone already counts: rows that a crash left behind still name it.
    """
    forced = {
        "bool": {"filter": [{"terms": {"article_id": sorted(article_ids)}}, {"term": {"forced": True}}]}
    }
    kept = {
        each.source["article_id"]
        for page in cluster.scan(cluster.names.entries, "entry_id", forced, ("article_id",))
        for each in page
    }
    withdrawn = sorted(article_ids - kept)
    return set(withdrawn) - erase(cluster, withdrawn, lambda each: body_hash(each) == text)


def _without_article(row: LedgerRow, seen: str, now: datetime) -> LedgerRow:
    if row.outcome not in WITH_ARTICLE:
        return replace(row, article_id=None)
    return replace(
        row, article_id=None, outcome=OutcomeKind.REJECTED, reason=BOILERPLATE, detail=seen, done_at=now
    )
