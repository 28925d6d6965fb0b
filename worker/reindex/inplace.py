"""What is done to the live index itself: tags made anew in place, and pages to be fetched again."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from worker.errors import UsageError
from worker.models import Carried, CarryState
from worker.reindex.bench import choose, remake
from worker.reindex.making import COPIED
from worker.reindex.plan import Plan
from worker.reindex.run import PAGE
from worker.reindex.steps import Step
from worker.reindex.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from worker.models import Document
    from worker.reindex.bench import Bench
    from worker.store.base import Store

_MANY = 500
"""Documents in a page that are only looked at."""


def retag(bench: Bench, selection: Mapping[str, Any], watch: Callable[[int], object]) -> Counter[str]:
    """Give chosen articles today's tags where they are; return how many came to which result.

    An article that is written meanwhile is left to its writer, who has tagged it. Begun again after a kill,
    it passes over what has today's tags already where the selection says `stale`. `watch` is told how many
    articles have been looked at.

    Raises:
        UsageError: a rebuilt index is beside the live one, which would not come to know.
    """
    if bench.store.versions.twin():
        raise UsageError("a rebuilt index is beside the live one: promote and clean it, or cancel it, first")
    plan, counts, seen = Plan(frozenset({Step.TAGS}), selection), Counter[str](), 0
    for documents in walk(bench.store, "live", PAGE):
        if bench.stopping.is_set():
            break
        made = remake(bench, plan, documents)
        changes = [
            (Carried(before=before, after=each.document), each.result)
            for before, each in zip(documents, made, strict=True)
            if each.result != COPIED
        ]
        for (_, result), answer in zip(
            changes, bench.store.versions.amend([change for change, _ in changes]), strict=True
        ):
            counts[result if answer.state is CarryState.CARRIED else answer.state.value] += 1
        seen += len(documents)
        watch(seen)
    return counts


def find_entries(
    store: Store, selection: Mapping[str, Any], watch: Callable[[int], object]
) -> Iterator[tuple[str, Document]]:
    """Yield each article that the selection finds, behind the id of the entry that wrote it last.

    `stale` in a selection is what another extractor made. `watch` is told how many were looked at.
    """
    plan, seen = Plan(frozenset({Step.EXTRACT}), selection), 0
    for documents in walk(store, "live", _MANY):
        found = choose(store, plan, documents)
        for each in documents:
            if each.article_id in found and each.written_by:
                yield each.written_by.entry_id, each
        seen += len(documents)
        watch(seen)
