"""The copy: documents read from the live index, made anew, and carried into the one that is being built.

Everything that a stop must not lose is in the store: a slice's cursor and counts are saved after each page of
documents, so that a killed copy goes on elsewhere, and begins at most one page a slice again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from worker.errors import ArchiveUnavailableError
from worker.models import Carried, CarryState, Phase
from worker.reindex.bench import is_coming, remake
from worker.reindex.making import is_not_uploaded
from worker.reindex.plan import planned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.models import Document, Rebuild, Slice
    from worker.reindex.bench import Bench
    from worker.store.base import Store

log = structlog.get_logger()

PAGE = 50
"""Documents between two saves of a slice: a second or two of extraction."""
LEASE_S = 60.0
"""How long a slice is held without a save: after that its worker is taken for dead."""
RATED_S = 5.0
"""With a rate, a page has so few documents that it is worked on and waited for no longer than this."""
ROUNDS = 5
"""Times that a document is made again because it changed meanwhile; its writer brings it level anyway."""
FIRST_WAIT_S, LONGEST_WAIT_S = 0.05, 1.0
"""Between two looks whether others are done with their slices, twice as long each time."""
AWAY_S = 5.0
"""Between two tries of an archive that is away."""


@dataclass(frozen=True, slots=True)
class Came:
    """What documents came to: how many to which result, and the ids of those that wait for an upload."""

    counts: Counter[str]
    waiting: tuple[str, ...]


def copy_all(bench: Bench, rebuild: Rebuild) -> bool:
    """Work on slices until none is left; return whether the whole copy is done, by whomever.

    Any number of threads, processes and machines may do this at once. Slices that others hold are waited
    for: one of a worker that died is free when its lease ends. An archive that is away is waited for, too.
    """
    pause_s = FIRST_WAIT_S
    while not bench.is_over():
        part = bench.store.rebuilds.claim_slice(bench.clock.now(), LEASE_S, bench.clock.token())
        if part:
            pause_s = FIRST_WAIT_S
            try:
                copy_slice(bench, rebuild, part)
            except ArchiveUnavailableError as error:
                bench.met(error)
                bench.stopping.wait(AWAY_S)
        elif all(each.done for each in bench.store.rebuilds.slices()):
            return True
        elif not is_copying(bench.store, rebuild):
            return False
        else:
            bench.stopping.wait(pause_s)
            pause_s = min(2 * pause_s, LONGEST_WAIT_S)
    return False


def is_copying(store: Store, rebuild: Rebuild) -> bool:
    """Return whether this rebuild is still the one, and still copying."""
    now = store.rebuilds.get()
    return now is not None and (now.rebuild_id, now.phase) == (rebuild.rebuild_id, Phase.COPYING)


def copy_slice(bench: Bench, rebuild: Rebuild, part: Slice) -> None:
    """Carry a claimed slice, page by page, until it is done or no longer ours, or we are to leave off.

    At its end, documents whose pages are on their way to the archive are tried again. While any still waits
    the slice is parked: it comes due for whoever claims it when its lease ends.

    Raises:
        ArchiveUnavailableError: the archive is away; the slice is given back as it was saved last.
    """
    left: Slice | None = part
    while left and not left.walked:
        pace_s = _pace_s(bench, rebuild)
        limit = page_size(pace_s)
        documents = bench.store.versions.page(left.cursor, left.before, limit, "live")
        cursor = documents[-1].article_id if documents else left.cursor
        further = replace(left, cursor=cursor, walked=len(documents) < limit)
        left = _carried(bench, rebuild, left, further, documents, pace_s)
    untried = len(left.waiting) if left else 0
    while left and untried > 0:
        pace_s = _pace_s(bench, rebuild)
        limit = min(untried, page_size(pace_s))
        documents = [each for name in left.waiting[:limit] if (each := bench.store.articles.get(name))]
        further = replace(left, waiting=left.waiting[limit:], seen=left.seen + limit - len(documents))
        left = _carried(bench, rebuild, left, further, documents, pace_s)
        untried -= limit


def _carried(
    bench: Bench, rebuild: Rebuild, part: Slice, further: Slice, documents: Sequence[Document], pace_s: float
) -> Slice | None:
    """Carry documents and save the slice, `further` on, with what they came to; None where we leave it."""
    began = bench.clock.monotonic()
    try:
        came = carry(bench, rebuild, documents)
    except ArchiveUnavailableError:
        bench.store.rebuilds.save_slice(part, bench.clock.now(), 0.0)
        raise
    waiting = (*further.waiting, *came.waiting)
    saved = replace(
        further,
        done=further.walked and not waiting,
        seen=further.seen + len(documents) - len(came.waiting),
        counts=Counter(further.counts) + came.counts,
        waiting=waiting,
    )
    # Before the save, so that who takes the slice next need not know that it was owed.
    bench.stopping.wait(wait_s(len(documents), pace_s, bench.clock.monotonic() - began))
    # A lease of nothing gives the slice back.
    lease_s = 0.0 if bench.is_over() else LEASE_S
    is_ours = bench.store.rebuilds.save_slice(saved, bench.clock.now(), lease_s)
    return saved if is_ours and lease_s else None


def carry(bench: Bench, rebuild: Rebuild, documents: Sequence[Document]) -> Came:
    """Put what is made of the documents into the new version; return what they came to.

    Those that wait for an upload are put nowhere yet.
    """
    counts: Counter[str] = Counter()
    waiting: list[str] = []
    left = list(documents)
    for _ in range(ROUNDS):
        if not left:
            break
        made = list(zip(left, remake(bench, planned(rebuild), left), strict=True))
        later = {
            before.article_id for before, each in made if is_not_uploaded(each) and is_coming(bench, before)
        }
        waiting += later
        made = [(before, each) for before, each in made if before.article_id not in later]
        carried = [Carried(before=before, after=each.document) for before, each in made]
        results = bench.store.versions.carry(carried, rebuild.to_version)
        changed = []
        for (before, each), result in zip(made, results, strict=True):
            if result.state is CarryState.CHANGED:
                changed.append(before.article_id)
            else:
                counts[each.result if result.state is CarryState.CARRIED else result.state.value] += 1
            if result.error:
                log.warning("not carried", article_id=before.article_id, error=result.error)
        left = [now for article_id in changed if (now := bench.store.articles.get(article_id))]
        counts[CarryState.GONE.value] += len(changed) - len(left)
    counts[CarryState.CHANGED.value] += len(left)
    return Came(+counts, tuple(waiting))


def page_size(pace_s: float) -> int:
    """Return how many documents to carry between two saves where each is to take so many seconds."""
    return max(1, min(PAGE, int(RATED_S / pace_s))) if pace_s else PAGE


def wait_s(documents: int, pace_s: float, taken_s: float) -> float:
    """Return how long to wait after documents that took so long; never longer than a lease allows."""
    return min(max(0.0, documents * pace_s - taken_s), LEASE_S / 2)


def _pace_s(bench: Bench, rebuild: Rebuild) -> float:
    """Return how long a document is to take so that all workers together keep to the rate; 0 without one.

    Each has its part of the rate by the slices in work.
    """
    if rebuild.rate is None:
        return 0.0
    now = bench.clock.now()
    at_work = sum(each.is_at_work(now) for each in bench.store.rebuilds.slices())
    return max(1, at_work) / rebuild.rate
