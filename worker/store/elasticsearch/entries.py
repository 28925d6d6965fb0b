"""The ledger: admission, dispatch, claims and what operators ask.

Hot paths are realtime reads by id and scripted updates; `due` and `at_page` alone search without a
refresh, so they may be a second behind. The claim that follows `due` wins nothing it should not, and
`at_page` reads anew what it finds. What operators ask refreshes first.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from worker.models import Admission, Claim, EntryState, OutcomeKind, PageRow, Wait
from worker.store import ledger
from worker.store.elasticsearch import scripts
from worker.store.elasticsearch.admit import admit_page
from worker.store.elasticsearch.cluster import PAGE, Cluster, delete_of, pages
from worker.store.elasticsearch.due import due_rows
from worker.store.elasticsearch.records import LONGEST_URL, PAGE_FIELDS, read_row
from worker.store.elasticsearch.rows import change_rows, change_where
from worker.store.elasticsearch.settle import settle
from worker.store.known import MOST_AT_PAGE
from worker.store.records import decode, to_ms

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from worker.models import DueRow, Entry, LedgerRow, Settled, Settlement

_PENDING = {"term": {"state": EntryState.PENDING.value}}
_DEAD = {"terms": {"outcome": [OutcomeKind.REJECTED.value, OutcomeKind.GAVE_UP.value]}}
_HELD = {"bool": {"must_not": {"exists": {"field": "due_at"}}}}
_MOST_REASONS = 1_000
"""Reasons are fixed words, some thirty; the server's own for refused documents add a few."""
_MOST_BY_URL = 20


class ElasticsearchLedger:
    """`EntryLedger` on Elasticsearch."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._index = cluster.names.entries

    def admit(self, feed_id: str, entries: Sequence[Entry], now: datetime) -> Admission:
        admitted = [
            each for page in pages(entries, PAGE) for each in admit_page(self._cluster, feed_id, page, now)
        ]
        return Admission(
            new=tuple(entry_id for entry_id, verdict in admitted if verdict == "new"),
            changed=tuple(entry_id for entry_id, verdict in admitted if verdict == "changed"),
            known=sum(verdict == "known" for _, verdict in admitted),
        )

    def get(self, entry_id: str) -> LedgerRow | None:
        found = self._cluster.read(self._index, [entry_id])
        return read_row(found[entry_id].source) if found else None

    def get_many(self, entry_ids: Collection[str]) -> dict[str, LedgerRow]:
        found = self._cluster.read(self._index, list(entry_ids))
        return {entry_id: read_row(each.source) for entry_id, each in found.items()}

    def find_by_url(self, url: str) -> list[LedgerRow]:
        if len(url) > LONGEST_URL:
            return []
        named = [{"term": {"url": url}}, {"term": {"canonical_url": url}}]
        return self._rows({"bool": {"should": named}}, {"first_seen_at": "desc"}, _MOST_BY_URL)

    def at_page(self, key: str, besides: str) -> list[PageRow]:
        named = [{"term": {name: key}} for name in ("entry_id", "link_key", "page_key")]
        others = {"bool": {"should": named, "must_not": {"term": {"entry_id": besides}}}}
        answer = self._cluster.search(
            self._index,
            query={"bool": {"filter": others}},
            sort=[
                {"article_id": {"order": "asc", "missing": "_last"}},
                {"first_seen_at": "desc"},
                "entry_id",
            ],
            size=MOST_AT_PAGE,
            source=False,
            track_total_hits=False,
        )
        ids = [hit["_id"] for hit in answer["hits"]["hits"]]
        if not ids:
            return []
        found = self._cluster.read(self._index, ids, PAGE_FIELDS)
        return [decode(PageRow, found[id_].source) for id_ in ids if id_ in found]

    def due(self, now: datetime, limit: int, per_host: int, after_domain: str = "") -> list[DueRow]:
        return due_rows(self._cluster, now, limit, per_host, after_domain)

    def claim(self, entry_ids: Sequence[str], now: datetime, lease_s: float) -> list[Claim]:
        tokens = {entry_id: self._cluster.clock.token() for entry_id in entry_ids}
        operations = [
            scripts.claim(self._index, entry_id, token, now, lease_s) for entry_id, token in tokens.items()
        ]
        answers = zip(tokens.items(), self._cluster.bulk(operations), strict=True)
        return [
            Claim(entry_id=entry_id, token=token, generation=answer.returned["generation"])
            for (entry_id, token), answer in answers
            if self._cluster.is_done(answer)
        ]

    def take(self, entry_ids: Sequence[str], now: datetime, lease_s: float) -> list[Claim]:
        until = now + timedelta(seconds=lease_s)
        tokens = {entry_id: self._cluster.clock.token() for entry_id in entry_ids}
        taken = change_rows(
            self._cluster,
            entry_ids,
            lambda row, states: ledger.taken(row, tokens[row.entry.entry_id], now, until, states),
        )
        return [
            Claim(entry_id=row.entry.entry_id, token=row.claim or "", generation=row.generation)
            for row in taken
        ]

    def start(self, claim: Claim) -> LedgerRow | None:
        row = self.get(claim.entry_id)
        return row if row and row.claim == claim.token else None

    def defer(self, claim: Claim, *, due_at: datetime, wait: Wait, attempts: int, reason: str | None) -> bool:
        operation = scripts.defer(self._index, claim, due_at, wait, attempts, reason)
        (answer,) = self._cluster.bulk([operation])
        return self._cluster.is_done(answer)

    def unclaim(self, claims: Sequence[Claim], now: datetime) -> int:
        operations = [scripts.unclaim(self._index, claim, now) for claim in claims]
        return sum(map(self._cluster.is_done, self._cluster.bulk(operations)))

    def finish(self, settlements: Sequence[Settlement], now: datetime) -> list[Settled]:
        return settle(self._cluster, settlements, now)

    def release_claims(self, now: datetime) -> int:
        claimed = {"exists": {"field": "claim"}}
        return len(change_where(self._cluster, claimed, lambda row, _: ledger.unclaimed(row, now)))

    def counts(self) -> dict[str, int]:
        by_outcome = self._counted("outcome", missing="pending")
        return {kind.value: 0 for kind in OutcomeKind} | {"pending": 0} | by_outcome

    def reasons(self) -> dict[tuple[str, str], int]:
        done = {"term": {"state": EntryState.DONE.value}}
        sources = [{name: {"terms": {"field": name}}} for name in ("outcome", "reason")]
        pairs = {"composite": {"size": _MOST_REASONS, "sources": sources}}
        found = self._aggregated(done, {"pairs": pairs})["pairs"]["buckets"]
        return {(each["key"]["outcome"], each["key"]["reason"]): each["doc_count"] for each in found}

    def waiting(self) -> dict[str, int]:
        due = {"bool": {"must": [_PENDING, {"exists": {"field": "due_at"}}]}}
        waits = {"terms": {"field": "wait", "size": len(Wait)}}
        groups = {
            "due": {"filter": due, "aggs": {"waits": waits}},
            "held": {"filter": {"bool": {"must": [_PENDING, _HELD]}}},
        }
        found = self._aggregated(_PENDING, groups)
        counts = {each["key"]: each["doc_count"] for each in found["due"]["waits"]["buckets"]}
        return {wait.value: 0 for wait in Wait} | counts | {"held": found["held"]["doc_count"]}

    def dead(
        self, *, reason: str | None = None, feed_id: str | None = None, limit: int = 50
    ) -> list[LedgerRow]:
        chosen = {"reason": reason, "feed_ids": feed_id}
        terms = [{"term": {name: value}} for name, value in chosen.items() if value]
        return self._rows({"bool": {"filter": [_DEAD, *terms]}}, {"done_at": "desc"}, limit)

    def retry(self, entry_ids: Sequence[str], now: datetime) -> int:
        return self._retry(entry_ids, now, forced=False)

    def admit_anyway(self, entry_ids: Sequence[str], now: datetime) -> int:
        return self._retry(entry_ids, now, forced=True)

    def feed_removed(self, feed_id: str, now: datetime) -> int:
        listed = {"term": {"feed_ids": feed_id}}
        written = change_where(
            self._cluster, listed, lambda row, states: ledger.forgotten(row, feed_id, now, states)
        )
        return sum(row.reason == ledger.FEED_REMOVED and row.done_at == now for row in written)

    def hold(self, feed_id: str) -> int:
        pending = {"bool": {"filter": [_PENDING, {"term": {"feed_ids": feed_id}}]}}
        return len(change_where(self._cluster, pending, ledger.held))

    def release(self, feed_id: str, now: datetime) -> int:
        pending = {"bool": {"filter": [_PENDING, _HELD, {"term": {"feed_ids": feed_id}}]}}
        return len(
            change_where(self._cluster, pending, lambda row, states: ledger.released(row, now, states))
        )

    def files(self) -> set[str]:
        ended_before = {"bool": {"filter": [_PENDING, {"range": {"generation": {"gt": 1}}}]}}
        self._cluster.refresh(self._index)
        scanned = self._cluster.scan(self._index, "entry_id", ended_before, ("archive.file",))
        archives = (each.source.get("archive") for page in scanned for each in page)
        return {archive["file"] for archive in archives if archive}

    def prune(self, before: datetime) -> int:
        done = {"term": {"state": EntryState.DONE.value}}
        unlisted = {
            "bool": {
                "filter": [done, {"range": {"listed_at": {"lt": to_ms(before)}}}],
                "must_not": [{"exists": {"field": "article_id"}}],
            }
        }
        self._cluster.refresh(self._index)
        deleted = 0
        for page in self._cluster.scan(self._index, "entry_id", unlisted, ()):
            # With the version it was found at: a row may have been listed since.
            deleted += sum(map(self._cluster.is_done, self._cluster.bulk(list(map(delete_of, page)))))
        return deleted

    def _retry(self, entry_ids: Sequence[str], now: datetime, *, forced: bool) -> int:
        written = change_rows(
            self._cluster, entry_ids, lambda row, states: ledger.retried(row, now, states, forced=forced)
        )
        return len(written)

    def _rows(self, query: dict[str, Any], order: dict[str, str], limit: int) -> list[LedgerRow]:
        self._cluster.refresh(self._index)
        answer = self._cluster.search(self._index, query=query, sort=[order, {"entry_id": "asc"}], size=limit)
        return [read_row(hit["_source"]) for hit in answer["hits"]["hits"]]

    def _counted(self, field: str, missing: str) -> dict[str, int]:
        terms = {"terms": {"field": field, "missing": missing, "size": len(OutcomeKind) + 1}}
        found = self._aggregated({"match_all": {}}, {"each": terms})["each"]["buckets"]
        return {each["key"]: each["doc_count"] for each in found}

    def _aggregated(self, query: dict[str, Any], groups: dict[str, Any]) -> Any:
        self._cluster.refresh(self._index)
        return self._cluster.search(self._index, query=query, aggs=groups, size=0)["aggregations"]
