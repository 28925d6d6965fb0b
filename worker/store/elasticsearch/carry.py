"""Putting rebuilt documents into the twin, while writers write to both versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.errors import StoreError, StoreUnavailableError
from worker.models import CarryResult, CarryState
from worker.store.elasticsearch.cluster import ROUNDS, delete_of, write_of
from worker.store.elasticsearch.level import document_of, take_back, write_in
from worker.store.elasticsearch.records import document_source
from worker.store.elasticsearch.twin import find_versions
from worker.store.versions import carrying

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from worker.models import Carried
    from worker.store.elasticsearch.bulk import Answer, Operation
    from worker.store.elasticsearch.cluster import Cluster, Found


def carry(cluster: Cluster, rebuilt: Sequence[Carried], into: str) -> list[CarryResult]:
    """Carry documents into an index, in order; see `ArticleVersions.carry`.

    Raises:
        StoreUnavailableError: a document changed at every try.
        StoreError: the index is not the twin.
    """
    left, results = dict(enumerate(rebuilt)), dict[int, CarryResult]()
    for round_ in range(2 * ROUNDS):
        versions = find_versions(cluster)
        if into not in versions.twins:
            raise StoreError(f"{cluster.place}: {into} is not being filled any more")
        _carry_once(cluster, versions.live, into, left, results)
        left = {at: each for at, each in left.items() if at not in results}
        if not left:
            return [results[at] for at in range(len(rebuilt))]
        cluster.back_off(round_)
    raise StoreUnavailableError(f"{cluster.place}: {into}: articles are being changed by others all the time")


def amend(cluster: Cluster, changes: Sequence[Carried]) -> list[CarryResult]:
    """Write over live documents that are as they were read; see `ArticleVersions.amend`."""
    index = cluster.names.articles_write
    found = cluster.read(index, [each.before.article_id for each in changes])
    results: dict[int, CarryResult] = {}
    writes: dict[int, Operation] = {}
    for at, each in enumerate(changes):
        live = found.get(each.before.article_id)
        if live is None:
            results[at] = CarryResult(state=CarryState.GONE)
        elif document_of(live) != each.before or each.after is None:
            results[at] = CarryResult(state=CarryState.CHANGED)
        else:
            writes[at] = write_of(index, live.id, document_source(each.after), live)
    for at, answer in zip(writes, cluster.bulk(list(writes.values())), strict=True):
        results[at] = _AMENDED.get(answer.verdict) or CarryResult(
            state=CarryState.REFUSED, error=_said(answer)
        )
    return [results[at] for at in range(len(changes))]


_AMENDED = {
    "done": CarryResult(state=CarryState.CARRIED),
    "conflict": CarryResult(state=CarryState.CHANGED),
}


@dataclass(frozen=True, slots=True)
class _Write:
    """What the twin needs for one of the carried documents, by its place among them."""

    at: int
    state: CarryState
    operation: Operation


def _carry_once(
    cluster: Cluster, live: str, into: str, left: Mapping[int, Carried], results: dict[int, CarryResult]
) -> None:
    """Try each once; add the results of those that are settled.

    The twin is read before the live version, and written only if it is still as it was read: a live write
    in between is brought over by its own writer, before or after.
    """
    ids = [each.before.article_id for each in left.values()]
    twins = cluster.read(into, ids)
    lives = cluster.read(live, ids)
    writes = list(_writes(into, left, lives, twins, results))
    answers = cluster.bulk([each.operation for each in writes])
    done = [(each, answer) for each, answer in zip(writes, answers, strict=True) if answer.verdict == "done"]
    results.update(_settled(cluster, live, done))
    results.update(
        (each.at, CarryResult(state=CarryState.REFUSED, error=_said(answer)))
        for each, answer in zip(writes, answers, strict=True)
        if answer.verdict == "refused"
    )


def _writes(
    into: str,
    left: Mapping[int, Carried],
    lives: Mapping[str, Found],
    twins: Mapping[str, Found],
    results: dict[int, CarryResult],
) -> Iterator[_Write]:
    """Yield what is to be written; add the results of those that need nothing."""
    for at, each in left.items():
        article_id = each.before.article_id
        found = twins.get(article_id)
        twin = document_of(found)
        decided = carrying(each, document_of(lives.get(article_id)), twin)
        if decided.document == twin:
            results[at] = CarryResult(state=decided.state)
        elif decided.document:
            yield _Write(at, decided.state, write_in(into, article_id, decided.document, found))
        elif found:
            yield _Write(at, decided.state, delete_of(found))


def _settled(
    cluster: Cluster, live: str, done: Sequence[tuple[_Write, Answer]]
) -> Iterator[tuple[int, CarryResult]]:
    """Yield the results of what was written, unless the live document has come or gone meanwhile.

    What changes a document that is in both is seen by its version; what was created or deleted here has none
    that others could have changed.
    """
    unsure = [each.operation.id for each, _ in done if each.operation.action != "index"]
    there = cluster.read(live, unsure, ("article_id",))
    wrong = []
    for each, answer in done:
        if each.operation.action == "create" and each.operation.id not in there:
            wrong.append(take_back(each.operation, answer))
        elif each.state is not CarryState.GONE or each.operation.id not in there:
            yield each.at, CarryResult(state=each.state)
    cluster.bulk(wrong)


def _said(answer: Answer) -> str:
    return f"{answer.error.get('type', answer.status)}: {str(answer.error.get('reason', ''))[:300]}"
