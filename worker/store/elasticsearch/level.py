"""Keeping two versions of the article index level, however many writers meet there.

A writer writes to the live version, then looks whether there is a twin, then brings both level for the
articles it touched, and only then finishes its rows. It names the indices themselves: a swap may fall in
between. If there is no twin yet, the rebuild, which starts once the twin is there, reads that write itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from worker.errors import StoreMissingError, StoreUnavailableError
from worker.store.elasticsearch.bulk import Operation
from worker.store.elasticsearch.cluster import ROUNDS, delete_of, write_of
from worker.store.elasticsearch.records import document_source, known_part, read_document
from worker.store.elasticsearch.twin import find_versions
from worker.store.versions import leveled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from worker.models import Document
    from worker.store.elasticsearch.bulk import Answer
    from worker.store.elasticsearch.cluster import Cluster, Found

log = structlog.get_logger()


def level(cluster: Cluster, article_ids: Iterable[str], written_in: Iterable[str]) -> None:
    """Bring both versions level, if there are two, for articles that were written to these indices or not.

    Raises:
        StoreUnavailableError: an article changed at every try, or what was written is in no version any
            more: it is worth doing all of it again.
    """
    left, written = sorted(set(article_ids)), set(written_in)
    if not left:
        return
    for round_ in range(2 * ROUNDS):
        versions = find_versions(cluster)
        if lost := written - set(versions.all()):
            raise StoreUnavailableError(f"{cluster.place}: {min(lost)} was dropped while it was written to")
        try:
            pairs = [_level_once(cluster, versions.live, twin, left) for twin in versions.twins]
            left = sorted({id_ for conflicts in pairs for id_ in conflicts})
        except StoreMissingError:
            continue  # dropped meanwhile
        if not left:
            return
        cluster.back_off(round_)
    raise StoreUnavailableError(f"{cluster.place}: {left[0]} is being changed by others all the time")


def erase(cluster: Cluster, article_ids: Sequence[str], is_doomed: Callable[[Document], bool]) -> set[str]:
    """Delete articles whose live document is doomed from both versions; return those that stay.

    The twin's goes where the live one is gone, and both are looked at again: a writer that was bringing
    them level may have put one back.

    Raises:
        StoreUnavailableError: articles come back all the time.
    """
    for _ in range(2 * ROUNDS):
        versions = find_versions(cluster)
        try:
            live, *twin = cluster.read_each(versions.all(), article_ids)
            doomed = [each for each in live.values() if is_doomed(read_document(each.source))]
            doomed += [each for held in twin for id_, each in held.items() if id_ not in live]
            if not doomed:
                return set(live)
            cluster.bulk(list(map(delete_of, doomed)))
        except StoreMissingError:
            continue  # dropped meanwhile
    raise StoreUnavailableError(f"{cluster.place}: articles are being put back by others all the time")


@dataclass(frozen=True, slots=True)
class _Write:
    """What one version is to hold of an article, because of what the other holds."""

    id: str
    operation: Operation
    because_of: str


def _level_once(cluster: Cluster, live: str, twin: str, ids: Sequence[str]) -> list[str]:
    """Try each once; return those to be looked at again."""
    in_live, in_twin = cluster.read_each((live, twin), ids)
    writes = [
        *_writes(twin, in_twin, live, in_live, ids),
        *_writes(live, in_live, twin, in_twin, ids),
    ]
    answers = cluster.bulk([each.operation for each in writes])
    pairs = list(zip(writes, answers, strict=True))
    refused = [each for each, answer in pairs if answer.verdict == "refused"]
    if refused:
        _write_what_is_known(cluster, refused)
    _take_back(cluster, [pair for pair in pairs if pair[1].verdict == "done"])
    return [each.id for each, answer in pairs if answer.verdict == "conflict"]


def _writes(
    index: str, mine: Mapping[str, Found], other_index: str, other: Mapping[str, Found], ids: Sequence[str]
) -> Iterator[_Write]:
    for id_ in ids:
        wanted = leveled(document_of(mine.get(id_)), document_of(other.get(id_)))
        if wanted:
            yield _Write(id_, write_in(index, id_, wanted, mine.get(id_)), other_index)


def document_of(found: Found | None) -> Document | None:
    """Return the document that was found, None where nothing was."""
    return read_document(found.source) if found else None


def write_in(index: str, id_: str, wanted: Document, found: Found | None) -> Operation:
    """Return what writes a document into an index itself, over exactly what was found there."""
    source = document_source(wanted)
    if found:
        return write_of(index, id_, source, found)
    return Operation(action="create", index=index, is_alias=False, id=id_, body=source)


def _take_back(cluster: Cluster, written: Sequence[tuple[_Write, Answer]]) -> None:
    """Delete what was put where nothing was, if what it was made from has been deleted meanwhile."""
    created = [(each, answer) for each, answer in written if each.operation.action == "create"]
    gone = []
    for source in {each.because_of for each, _ in created}:
        ids = [each.id for each, _ in created if each.because_of == source]
        there = cluster.read(source, ids, ("article_id",))
        gone += [pair for pair in created if pair[0].because_of == source and pair[0].id not in there]
    cluster.bulk([take_back(each.operation, answer) for each, answer in gone])


def take_back(operation: Operation, answer: Answer) -> Operation:
    """Return what deletes the document that an operation has just created, if it is still that."""
    return Operation(action="delete", index=operation.index, id=operation.id, version=answer.version)


def _write_what_is_known(cluster: Cluster, refused: Sequence[_Write]) -> None:
    """Write documents without the fields that an older version's mapping does not know.

    What is refused even so is not written: the version that people search holds it, and ingestion goes on.
    """
    fields = {index: cluster.fields(index) for index in {each.operation.index for each in refused}}
    operations = [_without_unknown(each.operation, fields[each.operation.index]) for each in refused]
    left = [
        (operation, answer)
        for operation, answer in zip(operations, cluster.bulk(operations), strict=True)
        if answer.verdict == "refused"
    ]
    if left:
        operation, answer = left[0]
        error = f"{answer.error.get('type')}: {answer.error.get('reason')}"
        log.warning(
            "articles not written to the other version", version=operation.index, articles=len(left),
            first=operation.id, error=error[:300],
        )  # fmt: skip


def _without_unknown(operation: Operation, fields: Mapping[str, Any]) -> Operation:
    return Operation(
        action=operation.action,
        index=operation.index,
        is_alias=False,
        id=operation.id,
        body=known_part(operation.body or {}, fields),
        version=operation.version,
    )
