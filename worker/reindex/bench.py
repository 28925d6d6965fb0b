"""Documents made anew: which of them, from what, and by which child; what can't be is kept as it is."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from worker.archive.files import find_beginning
from worker.errors import ArchiveError, ArchiveUnavailableError, PoolCrashError, PoolTimeoutError
from worker.extract.pool import ChildBugError
from worker.reindex.making import COPIED, KEPT, Job, Made, kept, make_all
from worker.reindex.plan import is_stale, request_of
from worker.reindex.steps import STALE, Step

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from worker.archive.reading import Packed
    from worker.clock import Clock
    from worker.extract.pool import WorkerPool
    from worker.models import ArchiveLocation, Document
    from worker.reindex.plan import Plan
    from worker.store.base import Store

log = structlog.get_logger()

CHUNK = 10
"""Documents in one call to a child: a call costs .7 ms, and a hanging page the others' work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a copy works with.

    `read_page` reads the archive, `readers` pages at once; children unpack them, `chunk` documents in a
    call. The copy leaves off when `stopping` is set, or at `until` on the monotonic clock. `upload_s` is how
    long after its beginning a file may still be on its way to the archive. `met` is told when the archive is
    away.
    """

    store: Store
    pool: WorkerPool
    read_page: Callable[[ArchiveLocation], Packed]
    clock: Clock
    stopping: threading.Event
    until: float = math.inf
    chunk: int = CHUNK
    readers: int = 1
    upload_s: float = 0.0
    met: Callable[[ArchiveUnavailableError], object] = str

    def is_over(self) -> bool:
        """Return whether the copy is to leave off."""
        return self.stopping.is_set() or self.clock.monotonic() >= self.until


def is_coming(bench: Bench, document: Document) -> bool:
    """Return whether a page that is not in the archive may be there soon: its file is young."""
    began = find_beginning(document.archive.file) if document.archive else None
    return began is not None and bench.clock.now() < began + timedelta(seconds=bench.upload_s)


def remake(bench: Bench, plan: Plan, documents: Sequence[Document]) -> list[Made]:
    """Return what becomes of each document, in order: those outside the selection stay as they are.

    Raises:
        ArchiveUnavailableError: no page can be read now.
    """
    chosen = choose(bench.store, plan, documents)
    made = {each.article_id: Made(each, COPIED) for each in documents if each.article_id not in chosen}
    wanted = list(_jobs(bench.store, [each for each in documents if each.article_id in chosen], plan.steps))
    jobs = []
    for job, found in zip(wanted, _with_pages(bench, wanted), strict=True):
        if isinstance(found, Made):
            made[job.document.article_id] = found
        else:
            jobs.append(found)
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


def _with_pages(bench: Bench, jobs: Iterable[Job]) -> Iterable[Job | Made]:
    """Return the jobs with their documents' pages, in order, or what a document without its page comes to."""
    read = partial(_with_page, bench)
    if bench.readers == 1:
        return map(read, jobs)
    with ThreadPoolExecutor(bench.readers) as threads:
        return list(threads.map(read, jobs))


def _with_page(bench: Bench, job: Job) -> Job | Made:
    """Return the job with its document's page; one that never had a page is made from its text.

    Raises:
        ArchiveUnavailableError: no page can be read now.
    """
    archive = job.document.archive
    if Step.EXTRACT not in job.steps or archive is None:
        return job
    try:
        return replace(job, page=bench.read_page(archive))
    except ArchiveUnavailableError:
        raise
    except ArchiveError as error:
        return kept(job.document, error)


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
