"""`make bench-turns`: what ingestion feels of a worker's turns at a rebuild, by the documents in one call.

Threads that ingest and one that takes turns share the children of one pool, as in a worker; both call what
they call there, on the pages of the extractor's tests. Once with more pages to ingest than the children can
take, once with a page now and then. Rounds run the sizes one after the other, so that whatever else the
machine does falls on all of them; medians are printed.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import cycle, islice
from statistics import mean, median
from typing import TYPE_CHECKING

from tests.extract.pages import NAMES, stored_page
from tests.store.builders import NOW, entry
from worker.clock import Clock
from worker.errors import WorkError
from worker.extract.pool import WorkerPool
from worker.models import LedgerRow
from worker.pipeline import build_candidate
from worker.reindex.making import Job, make_all
from worker.reindex.steps import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worker.models import Page

CLOCK = Clock()
STEPS = frozenset({Step.EXTRACT, Step.TAGS})
SIZES = (0, 1, 2, 5, 10)
"""Documents in one call of the turn; 0: no turn."""
PAUSE_S = 0.2
"""Between two pages of a feed reader that is not busy."""


@dataclass(frozen=True)
class Felt:
    """What a round came to: pages ingested and documents copied a second, milliseconds for a page."""

    ingested: float
    copied: float
    page_ms: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="for each size in each round")
    parser.add_argument("--children", type=int, default=2)
    parser.add_argument("--threads", type=int, default=15, help="that ingest")
    chosen = parser.parse_args()
    jobs = list(jobs_of_pages())
    with closing(WorkerPool(chosen.children, 30)) as pool:
        bench = Bench(pool, jobs, chosen.seconds)
        bench.round(chosen.threads, 0.0, 10)  # the children load what they need
        for name, threads, pause_s in (("busy", chosen.threads, 0.0), ("quiet", 1, PAUSE_S)):
            rounds = [
                {size: bench.round(threads, pause_s, size) for size in SIZES} for _ in range(chosen.rounds)
            ]
            for size in SIZES:
                report(name, size, [each[size] for each in rounds])
    return 0


def jobs_of_pages() -> Iterator[Job]:
    """Yield the pages that give an article, each with its document."""
    for name in NAMES:
        page = stored_page(name)
        row = row_of(page)
        try:
            built = build_candidate(page, row, feed_title=None, tick=CLOCK.monotonic)
        except WorkError:
            continue
        yield Job(document=built.candidate.document, steps=STEPS, page=page, row=row)


def row_of(page: Page) -> LedgerRow:
    listed = replace(entry("1"), url=page.url)
    return LedgerRow(entry=listed, feed_ids=("a",), first_seen_at=NOW, listed_at=NOW, admitted_at=NOW)


@dataclass(frozen=True)
class Bench:
    """A pool, and what is done in it for so many seconds a round."""

    pool: WorkerPool
    jobs: list[Job]
    seconds: float

    def round(self, threads: int, pause_s: float, size: int) -> Felt:
        """Ingest with so many threads while one turn copies by calls of `size` documents."""
        end = CLOCK.monotonic() + self.seconds
        with ThreadPoolExecutor(threads + 1) as pool:
            turn = pool.submit(self._until, end, self._copier(size), 0.0) if size else None
            ingesting = [pool.submit(self._until, end, self._ingester(at), pause_s) for at in range(threads)]
            pages = [took for each in ingesting for took in each.result()]
        copied = size * len(turn.result()) if turn else 0
        return Felt(len(pages) / self.seconds, copied / self.seconds, 1000 * mean(pages))

    def _until(self, end: float, work: Callable[[], object], pause_s: float) -> list[float]:
        """Return the seconds that each call took."""
        took = []
        while (began := CLOCK.monotonic()) < end:
            work()
            took.append(CLOCK.monotonic() - began)
            CLOCK.sleep(pause_s)
        return took

    def _ingester(self, first: int) -> Callable[[], object]:
        jobs = cycle(self.jobs[first % len(self.jobs) :] + self.jobs[: first % len(self.jobs)])

        def ingest() -> None:
            job = next(jobs)
            self.pool.run(build_candidate, job.page, job.row, feed_title=None, tick=CLOCK.monotonic)

        return ingest

    def _copier(self, size: int) -> Callable[[], object]:
        jobs = cycle(self.jobs)
        return lambda: self.pool.run(make_all, list(islice(jobs, size)), CLOCK.monotonic)


def report(name: str, size: int, rounds: list[Felt]) -> None:
    """Print the medians of one size."""
    ingested, copied, page_ms = (
        median(getattr(each, field) for each in rounds) for field in ("ingested", "copied", "page_ms")
    )
    share = median(each.copied / (each.copied + each.ingested) for each in rounds)
    turn = f"{size:2} documents a call" if size else "no turn"
    print(
        f"{name:6} {turn:20} {ingested:6.1f} pages/s ingested, {page_ms:6.0f} ms each, "
        f"{copied:6.1f} documents/s copied ({share:.0%})"
    )


if __name__ == "__main__":
    sys.exit(main())
