"""`make bench-reindex`: what a rebuild costs beside the work that it cannot do without.

Three things are done with the same pages, each round anew and in turn: extraction and tagging alone, in the
same child processes but with nothing around them; `reindex --from archive`; `reindex --from index --only
tags`. CPU is that of this process and of its children; a server's own is not in it. It fails where the
median of the rounds' ratios is beyond `MOST_CPU` or below `LEAST_GAIN`.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import pytest

from bench.pages import Stocked, stock
from bench.processes import cpu_s
from tests.servers.elasticsearch import elasticsearch
from tests.store.elasticsearch.backend import delete_all
from worker.archive.files import Folder
from worker.archive.reading import read_packed
from worker.clock import Clock
from worker.extract.pool import WorkerPool
from worker.pipeline import build_candidate
from worker.reindex import control
from worker.reindex.bench import Bench
from worker.reindex.control import Asked
from worker.reindex.crew import run_copy
from worker.reindex.steps import Source, Step
from worker.store.elasticsearch import open_elasticsearch
from worker.store.sqlite import open_sqlite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from worker.models import LedgerRow, Page
    from worker.store.base import Store

MOST_CPU = 1.15
"""Of the CPU time that extraction and tagging take alone (issue 8)."""
LEAST_GAIN = 3.0
"""How much faster than from the archive the tags alone must be (issue 8)."""
PROCESSES = 2
TIMEOUT_S = 600.0
"""Of one call: all pages of a child, on a busy machine."""
CLOCK = Clock()


@dataclass(frozen=True)
class Spent:
    """Seconds that one way took."""

    cpu: float
    wall: float


@dataclass(frozen=True)
class Round:
    """What the three ways took."""

    alone: Spent
    archive: Spent
    index: Spent

    @property
    def cost(self) -> float:
        return self.archive.cpu / self.alone.cpu

    @property
    def gain(self) -> float:
        return self.archive.wall / self.index.wall

    @property
    def gain_in_cpu(self) -> float:
        return self.archive.cpu / self.index.cpu


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pages", type=int, default=600)
    parser.add_argument("--store", choices=["sqlite", "elasticsearch"], action="append")
    chosen = parser.parse_args()
    try:
        codes = [measured(name, chosen) for name in chosen.store or ("sqlite", "elasticsearch")]
    except pytest.skip.Exception as missing:
        print(missing, file=sys.stderr)
        return 1
    return max(codes)


def measured(name: str, chosen: argparse.Namespace) -> int:
    """Run the rounds on one store; print them, and return the exit code."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="feedmill-bench-")))
        opened = on_sqlite if name == "sqlite" else on_elasticsearch
        store = stack.enter_context(opened(folder))
        stocked = stock(store, folder / "archive", chosen.pages)
        print(f"{name}: {len(stocked.pages)} pages, {stocked.distinct} of them distinct", flush=True)
        return report(name, [one_round(store, stocked) for _ in range(chosen.rounds)])


@contextmanager
def on_sqlite(folder: Path) -> Iterator[Store]:
    with closing(open_sqlite(folder / "feedmill.db")) as store:
        yield store


@contextmanager
def on_elasticsearch(_: Path) -> Iterator[Store]:
    prefix = f"feedmill-{secrets.token_hex(4)}"
    with elasticsearch() as server:
        try:
            with closing(open_elasticsearch(server.url, prefix=prefix)) as store:
                store.setup()
                yield store
        finally:
            delete_all(server.url, prefix)


def one_round(store: Store, stocked: Stocked) -> Round:
    made = {"extract": Asked(), "tags": Asked(source=Source.INDEX, only=Step.TAGS)}
    result = Round(
        alone=spent(partial(alone, stocked)),
        archive=rebuilt(store, stocked, made["extract"], "remade"),
        index=rebuilt(store, stocked, made["tags"], "retagged"),
    )
    print(
        "   ".join(f"{name} {each.cpu:5.2f} s CPU {each.wall:5.2f} s" for name, each in vars(result).items()),
        f"  cost {result.cost:.3f}  gain {result.gain:.2f} ({result.gain_in_cpu:.2f} in CPU)",
        flush=True,
    )
    return result


def spent(work: Callable[[WorkerPool], object]) -> Spent:
    """Return what the work takes in a new pool whose children have just been warmed."""
    with closing(WorkerPool(PROCESSES, TIMEOUT_S)) as pool:
        with ThreadPoolExecutor(PROCESSES) as threads:
            list(threads.map(lambda _: pool.run(warm), range(2 * PROCESSES)))
        cpu, wall = cpu_s(), CLOCK.monotonic()
        work(pool)
        return Spent(cpu_s() - cpu, CLOCK.monotonic() - wall)


def warm() -> None:
    CLOCK.sleep(0.2)  # so that no child takes the other's part


def alone(stocked: Stocked, pool: WorkerPool) -> None:
    """Extract and tag all pages, of which each child has its share from the start."""
    shares = [
        (stocked.pages[number::PROCESSES], stocked.rows[number::PROCESSES]) for number in range(PROCESSES)
    ]
    with ThreadPoolExecutor(PROCESSES) as threads:
        done = list(threads.map(lambda share: pool.run(extract_all, *share), shares))
    assert sum(done) == len(stocked.pages)


def extract_all(pages: Sequence[Page], rows: Sequence[LedgerRow]) -> int:
    for page, row in zip(pages, rows, strict=True):
        build_candidate(page, row, feed_title=None, tick=CLOCK.monotonic)
    return len(pages)


def rebuilt(store: Store, stocked: Stocked, asked: Asked, result: str) -> Spent:
    """Return what the copy of a rebuild takes; its version is deleted afterwards."""
    rebuild = control.start(store, CLOCK, asked)

    def copy(pool: WorkerPool) -> None:
        bench = Bench(
            store=store,
            pool=pool,
            read_page=partial(read_packed, Folder(stocked.folder)),
            clock=CLOCK,
            stopping=threading.Event(),
        )
        done = run_copy(bench, rebuild, PROCESSES + 1, lambda: control.progress(store, CLOCK.now()))
        assert done

    took = spent(copy)
    counts = control.results(store.rebuilds.slices())
    control.cancel(store, CLOCK)
    assert counts == {result: len(stocked.pages)}
    return took


def report(name: str, rounds: Sequence[Round]) -> int:
    costs, gains = sorted(each.cost for each in rounds), sorted(each.gain for each in rounds)
    gain_in_cpu = median(each.gain_in_cpu for each in rounds)
    print(
        f"{name}, medians of {len(rounds)} rounds:\n"
        f"  --from archive takes {median(costs):.3f} of the CPU time of extraction and tagging alone "
        f"({costs[0]:.3f} to {costs[-1]:.3f}, at most {MOST_CPU});\n"
        f"  --from index --only tags is {median(gains):.2f} times as fast "
        f"({gains[0]:.2f} to {gains[-1]:.2f}, at least {LEAST_GAIN:g}) "
        f"and takes 1/{gain_in_cpu:.2f} of its CPU"
    )
    return 0 if median(costs) <= MOST_CPU and median(gains) >= LEAST_GAIN else 1


if __name__ == "__main__":
    sys.exit(main())
