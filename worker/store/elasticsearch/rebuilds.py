"""The record of the latest rebuild: a document under a fixed id, and one for each of its slices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from worker.models import Phase, Rebuild, Slice
from worker.store.elasticsearch.bulk import Operation
from worker.store.elasticsearch.cluster import delete_of
from worker.store.rebuilds import claimed, is_free, is_under_way, released, saved
from worker.store.records import decode, encoded_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from worker.store.elasticsearch.cluster import Cluster, Found

LATEST = "latest rebuild"
_Sources = dict[str, dict[str, Any]]


class ElasticsearchRebuilds:
    """`RebuildStore` on Elasticsearch. Everything sees what was written before."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._index = cluster.names.rebuilds

    def get(self) -> Rebuild | None:
        return _rebuild_in(self._cluster.read(self._index, [LATEST]))

    def begin(self, rebuild: Rebuild, slices: Sequence[Slice]) -> bool:
        if is_under_way(self.get()):
            return False
        self._put_slices(rebuild, slices)

        def plan(_: Sequence[str], found: Mapping[str, Found]) -> _Sources:
            return {} if is_under_way(_rebuild_in(found)) else {LATEST: _source(rebuild)}

        began = bool(self._cluster.rewrite(self._index, [LATEST], plan))
        self._delete(_slices_of(rebuild, others=began))
        return began

    def update(self, rebuild_id: str, changes: Mapping[str, Any], *, if_phase: Phase) -> bool:
        def plan(_: Sequence[str], found: Mapping[str, Found]) -> _Sources:
            rebuild = _rebuild_in(found)
            if rebuild is None or (rebuild.rebuild_id, rebuild.phase) != (rebuild_id, if_phase):
                return {}
            return {LATEST: _source(replace(rebuild, **changes))}

        return bool(self._cluster.rewrite(self._index, [LATEST], plan))

    def slices(self) -> list[Slice]:
        rebuild = self.get()
        if rebuild is None:
            return []
        self._cluster.refresh(self._index)
        pages = self._cluster.scan(self._index, "slice_id", _slices_of(rebuild))
        return [decode(Slice, each.source) for page in pages for each in page]

    def claim_slice(self, now: datetime, lease_s: float, token: str) -> Slice | None:
        rebuild = self.get()
        if rebuild is None or rebuild.phase is not Phase.COPYING:
            return None
        for part in self.slices():
            if is_free(part, now) and (won := self._claim(rebuild, part, now, lease_s, token)):
                return won
        return None

    def save_slice(self, part: Slice, now: datetime, lease_s: float) -> bool:
        rebuild = self.get()
        if rebuild is None or rebuild.phase is not Phase.COPYING:
            return False
        id_ = _slice_id(rebuild, part)

        def plan(_: Sequence[str], found: Mapping[str, Found]) -> _Sources:
            kept = saved(decode(Slice, found[id_].source), part, now, lease_s) if found else None
            return {id_: _slice_source(rebuild, kept)} if kept else {}

        return bool(self._cluster.rewrite(self._index, [id_], plan))

    def release(self) -> int:
        rebuild = self.get()
        if rebuild is None or rebuild.phase is not Phase.COPYING:
            return 0
        ids = [_slice_id(rebuild, part) for part in self.slices() if part.claim]

        def plan(_: Sequence[str], found: Mapping[str, Found]) -> _Sources:
            parts = {id_: decode(Slice, each.source) for id_, each in found.items()}
            return {id_: _slice_source(rebuild, released(part)) for id_, part in parts.items() if part.claim}

        return len(self._cluster.rewrite(self._index, ids, plan))

    def _claim(
        self, rebuild: Rebuild, part: Slice, now: datetime, lease_s: float, token: str
    ) -> Slice | None:
        id_, won = _slice_id(rebuild, part), list[Slice]()

        def plan(_: Sequence[str], found: Mapping[str, Found]) -> _Sources:
            stored = decode(Slice, found[id_].source) if found else None
            if stored is None or not is_free(stored, now):
                return {}
            won.append(claimed(stored, now, lease_s, token))
            return {id_: _slice_source(rebuild, won[-1])}

        return won[-1] if self._cluster.rewrite(self._index, [id_], plan) else None

    def _put_slices(self, rebuild: Rebuild, slices: Sequence[Slice]) -> None:
        operations = [
            Operation(
                action="index",
                index=self._index,
                id=_slice_id(rebuild, part),
                body=_slice_source(rebuild, part),
            )
            for part in slices
        ]
        for answer in self._cluster.bulk(operations):
            self._cluster.is_done(answer)

    def _delete(self, query: Mapping[str, Any]) -> None:
        self._cluster.refresh(self._index)
        for page in self._cluster.scan(self._index, "slice_id", query, ()):
            self._cluster.bulk(list(map(delete_of, page)))


def _rebuild_in(found: Mapping[str, Found]) -> Rebuild | None:
    return decode(Rebuild, found[LATEST].source) if LATEST in found else None


def _source(record: Rebuild | Slice) -> dict[str, Any]:
    return {name: value for name, value in encoded_fields(record).items() if value not in (None, [], {})}


def _slices_of(rebuild: Rebuild, *, others: bool = False) -> dict[str, Any]:
    """Return what finds a rebuild's slices, or those of all others."""
    mine = {"term": {"rebuild_id": rebuild.rebuild_id}}
    chosen = {"must_not": mine} if others else {"must": mine}
    return {"bool": {"filter": {"exists": {"field": "slice_id"}}, **chosen}}


def _slice_id(rebuild: Rebuild, part: Slice) -> str:
    return f"{rebuild.rebuild_id} {part.slice_id}"


def _slice_source(rebuild: Rebuild, part: Slice) -> dict[str, Any]:
    return {**_source(part), "rebuild_id": rebuild.rebuild_id}
