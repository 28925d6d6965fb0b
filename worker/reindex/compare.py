"""The live index and the rebuilt one, read side by side for a report."""

from __future__ import annotations

import math
from itertools import chain, islice, pairwise
from typing import TYPE_CHECKING

from worker.errors import OperationError
from worker.models import Phase
from worker.reindex.control import latest_of
from worker.reindex.diff import Report
from worker.reindex.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worker.models import Document, Rebuild
    from worker.store.base import Store
    from worker.store.rebuilding import Which

_PAGE = 200
_STRETCHES = 64
"""Places in the range of ids where a sample is taken: ids are hashes, so that any stretch is as good."""
_DIGITS = 4

_Pair = tuple["Document | None", "Document | None"]


def compare(store: Store, sample: int | None, watch: Callable[[int], object]) -> Report:
    """Return what the rebuilt index changes, over all documents or about `sample` of them.

    `watch` is told how many have been compared.

    Raises:
        OperationError: there is no rebuilt index, or its copy is not finished.
    """
    rebuild = latest_of(store)
    if rebuild.phase not in (Phase.COPIED, Phase.PROMOTED):
        raise OperationError(f"nothing to compare: the latest rebuild is {rebuild.phase.value}")
    report = Report()
    for after, before, most in _stretches(sample):
        for old, new in islice(_pairs(store, rebuild, after, before), most):
            report.add(old, new)
            watch(report.compared)
    return report


def _stretches(sample: int | None) -> Iterator[tuple[str, str, int | None]]:
    """Yield (after, before, most): the ranges of ids to look at, and how many documents in each."""
    if sample is None:
        yield "", "", None
        return
    step = 16**_DIGITS // _STRETCHES
    bounds = ["", *(f"{number * step:0{_DIGITS}x}" for number in range(1, _STRETCHES)), ""]
    for after, before in pairwise(bounds):
        yield after, before, math.ceil(sample / _STRETCHES)


def _pairs(store: Store, rebuild: Rebuild, after: str, before: str) -> Iterator[_Pair]:
    """Yield what the version before and the rebuilt one hold of each article, in the order of their ids."""
    first: tuple[Which, Which] = ("twin", "live") if rebuild.phase is Phase.PROMOTED else ("live", "twin")
    olds, news = (chain.from_iterable(walk(store, which, _PAGE, after, before)) for which in first)
    old, new = next(olds, None), next(news, None)
    while old or new:
        has_old = old is not None and (new is None or old.article_id <= new.article_id)
        has_new = new is not None and (old is None or new.article_id <= old.article_id)
        yield old if has_old else None, new if has_new else None
        old, new = next(olds, None) if has_old else old, next(news, None) if has_new else new
