"""The copy: documents read from the live index, made anew, and carried into the one that is being built.

Everything that a stop must not lose is in the store: a slice's cursor and counts are saved after each page of
documents, so that a killed copy goes on elsewhere, and begins at most one page a slice again.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from worker.errors import ArchiveError, PoolCrashError, PoolTimeoutError
from worker.extract.pool import ChildBugError
from worker.models import Carried, CarryState, Phase
from worker.reindex.making import COPIED, KEPT, Job, Made, kept, make_all
from worker.reindex.plan import STALE, Step, is_stale, planned, request_of

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence

    from worker.clock import Clock
    from worker.extract.pool import WorkerPool
    from worker.models import ArchiveLocation, Document, Page, Rebuild, Slice
    from worker.reindex.plan import Plan
    from worker.store.base import Store

log = structlog.get_logger()

PAGE = 50
"""Documents between two saves of a slice: a second or two of extraction."""
LEASE_S = 60.0
"""How long a slice is held without a save: after that its worker is taken for dead."""
CHUNK = 10
"""Documents in one call to a child: a call costs .7 ms, and a hanging page the others' work."""
RATED_S = 5.0
"""With a rate, a page has so few documents that it is worked on and waited for no longer than this."""
ROUNDS = 5
"""Times that a document is made again because it changed meanwhile; its writer brings it level anyway."""
WAIT_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a copy works with.

    `read_page` reads the archive. The copy leaves off when `stopping` is set, or at `until` on the monotonic
    clock. A child gets `chunk` documents in a call.
    """

    store: Store
    pool: WorkerPool
    read_page: Callable[[ArchiveLocation], Page]
    clock: Clock
    stopping: threading.Event
    until: float = math.inf
    chunk: int = CHUNK

    def is_over(self) -> bool:
        """Return whether the copy is to leave off."""
        return self.stopping.is_set() or self.clock.monotonic() >= self.until


def copy_all(bench: Bench, rebuild: Rebuild) -> bool:
    """Work on slices until none is left; return whether the whole copy is done, by whomever.

    Any number of threads, processes and machines may do this at once. Slices that others hold are waited
    for: one of a worker that died is free when its lease ends.
    """
    while not bench.is_over():
        part = bench.store.rebuilds.claim_slice(bench.clock.now(), LEASE_S, bench.clock.token())
        if part:
            copy_slice(bench, rebuild, part)
        elif all(each.done for each in bench.store.rebuilds.slices()):
            return True
        elif not is_copying(bench.store, rebuild):
            return False
        else:
            bench.stopping.wait(WAIT_S)
    return False


def is_copying(store: Store, rebuild: Rebuild) -> bool:
    """Return whether this rebuild is still the one, and still copying."""
    now = store.rebuilds.get()
    return now is not None and (now.rebuild_id, now.phase) == (rebuild.rebuild_id, Phase.COPYING)


def copy_slice(bench: Bench, rebuild: Rebuild, part: Slice) -> None:
    """Carry a claimed slice, page by page, until it is done or no longer ours, or we are to leave off."""
    while not part.done:
        began = bench.clock.monotonic()
        pace_s = _pace_s(bench, rebuild)
        limit = page_size(pace_s)
        documents = bench.store.versions.page(part.cursor, part.before, limit, "live")
        counts = carry(bench, rebuild, documents)
        part = replace(
            part,
            cursor=documents[-1].article_id if documents else part.cursor,
            done=len(documents) < limit,
            seen=part.seen + len(documents),
            counts=Counter(part.counts) + counts,
        )
        # Before the save, so that who takes the slice next need not know that it was owed.
        bench.stopping.wait(wait_s(len(documents), pace_s, bench.clock.monotonic() - began))
        # A lease of nothing gives the slice back.
        lease_s = 0.0 if bench.is_over() else LEASE_S
        if not bench.store.rebuilds.save_slice(part, bench.clock.now(), lease_s) or not lease_s:
            return


def carry(bench: Bench, rebuild: Rebuild, documents: Sequence[Document]) -> Counter[str]:
    """Put what is made of the documents into the new version; return how many came to which result."""
    counts: Counter[str] = Counter()
    left = list(documents)
    for _ in range(ROUNDS):
        if not left:
            break
        made = remake(bench, planned(rebuild), left)
        carried = [
            Carried(before=before, after=each.document) for before, each in zip(left, made, strict=True)
        ]
        results = bench.store.versions.carry(carried, rebuild.to_version)
        changed = []
        for before, each, result in zip(left, made, results, strict=True):
            if result.state is CarryState.CHANGED:
                changed.append(before.article_id)
            else:
                counts[each.result if result.state is CarryState.CARRIED else result.state.value] += 1
            if result.error:
                log.warning("not carried", article_id=before.article_id, error=result.error)
        left = [now for article_id in changed if (now := bench.store.articles.get(article_id))]
        counts[CarryState.GONE.value] += len(changed) - len(left)
    counts[CarryState.CHANGED.value] += len(left)
    return +counts


def remake(bench: Bench, plan: Plan, documents: Sequence[Document]) -> list[Made]:
    """Return what becomes of each document, in order: those outside the selection stay as they are."""
    chosen = choose(bench.store, plan, documents)
    made = {each.article_id: Made(each, COPIED) for each in documents if each.article_id not in chosen}
    jobs = []
    for job in _jobs(bench.store, [each for each in documents if each.article_id in chosen], plan.steps):
        try:
            jobs.append(_with_page(bench, job))
        except ArchiveError as error:
            made[job.document.article_id] = kept(job.document, error)
    for job, each in zip(jobs, _run(bench, jobs), strict=True):
        made[job.document.article_id] = each
    return [made[document.article_id] for document in documents]


def choose(store: Store, plan: Plan, documents: Sequence[Document]) -> set[str]:
    """Return the ids of those documents that the plan is about."""
    if not plan.steps & {Step.EXTRACT, Step.TAGS}:
        return set()
    chosen = documents
    if plan.selection.get(STALE):
        chosen = [document for document in documents if is_stale(document, plan.steps)]
    ids = {document.article_id for document in chosen}
    request = request_of(plan.selection)
    return store.articles.matching(request, ids) if request and ids else ids


def _jobs(store: Store, documents: Sequence[Document], steps: frozenset[Step]) -> Iterator[Job]:
    """Yield how to make each document anew, from its text as yet, with what the store knows of it."""
    feeds = {feed_id: store.feeds.get(feed_id) for feed_id in {each.feed_id for each in documents}}
    wrote = {each.article_id: each.written_by.entry_id for each in documents if each.written_by}
    rows = store.entries.get_many(set(wrote.values())) if Step.EXTRACT in steps else {}
    for document in documents:
        feed = feeds[document.feed_id]
        yield Job(
            document=document,
            steps=steps,
            row=rows.get(wrote.get(document.article_id, "")),
            publisher=feed.country if feed else None,
        )


def _with_page(bench: Bench, job: Job) -> Job:
    """Return the job with its document's page; one that never had a page is made from its text.

    Raises:
        ArchiveError: its page is not to be had.
    """
    archive = job.document.archive
    if Step.EXTRACT not in job.steps or archive is None:
        return job
    return replace(job, page=bench.read_page(archive))


def _run(bench: Bench, jobs: Sequence[Job]) -> list[Made]:
    made: list[Made] = []
    for start in range(0, len(jobs), bench.chunk):
        chunk = jobs[start : start + bench.chunk]
        try:
            made += bench.pool.run(make_all, chunk, bench.clock.monotonic)
        except (PoolTimeoutError, PoolCrashError, ChildBugError):
            made += [_run_alone(bench, job) for job in chunk]
    return made


def _run_alone(bench: Bench, job: Job) -> Made:
    """Return what one job comes to, one of those that a child died of, or of a neighbour's."""
    try:
        (made,) = bench.pool.run(make_all, [job], bench.clock.monotonic)
    except (PoolTimeoutError, PoolCrashError) as error:
        return kept(job.document, error)
    except ChildBugError as error:
        log.error("bug", article_id=job.document.article_id, traceback=str(error))  # noqa: TRY400 - the child's
        return Made(job.document, f"{KEPT}: bug")
    found: Made = made
    return found


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
    at_work = sum(bool(each.due_at and each.due_at > now) for each in bench.store.rebuilds.slices())
    return max(1, at_work) / rebuild.rate
