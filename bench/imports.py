"""`make bench-import`: what importing WARC files costs beside extraction and tagging, and a second time.

Three things are done with the same pages, each round anew and in turn, on SQLite: extraction and tagging
alone, in the same child processes but with nothing around them; `archive import` of a file with the pages,
gzipped as they came; the same again, which finds all of them known. CPU is that of this process and its
children.
"""

from __future__ import annotations

import argparse
import gzip
import io
import tempfile
import threading
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench.pages import stock
from bench.reindex import CLOCK, PROCESSES, Spent, alone, spent
from tests.archive.strange import http, packed, record
from worker.archive.opening import open_archive
from worker.archive.writing import Rotation
from worker.imports.captures import import_feed
from worker.imports.preparing import Bench
from worker.imports.run import Source, import_file
from worker.imports.tally import Tally
from worker.store.sqlite import open_sqlite

if TYPE_CHECKING:
    from worker.extract.pool import WorkerPool
    from worker.models import Page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pages", type=int, default=400)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="feedmill-bench-") as folder:
        with closing(open_sqlite(Path(folder, "stock.db"))) as store:
            stocked = stock(store, Path(folder, "stock"), chosen.pages)
        crawl = packed(*map(_captured, stocked.pages))
        rounds = []
        for number in range(chosen.rounds):
            place = Path(folder, str(number))
            ways = [partial(alone, stocked), *([partial(_imported, crawl, place, chosen.pages)] * 2)]
            rounds.append([spent(way) for way in ways])
            print("   ".join(f"{each.cpu:5.2f} s CPU {each.wall:5.2f} s" for each in rounds[-1]), flush=True)
    _report(rounds, chosen.pages)


def _captured(page: Page) -> bytes:
    body = http(gzip.compress(page.body, 6), content_encoding="gzip")
    return record(page.url, body, date="2021-03-04T05:06:07Z")


def _imported(crawl: bytes, folder: Path, count: int, pool: WorkerPool) -> None:
    folder.mkdir(exist_ok=True)
    feed = import_feed("bench", CLOCK.now(), 1800)
    rotation = Rotation(max_bytes=10**9, max_age_s=900.0)
    with (
        closing(open_sqlite(folder / "feedmill.db")) as store,
        closing(open_archive(folder / "archive", rotation, CLOCK, print)) as archive,
    ):
        store.feeds.add([feed])
        bench = Bench(
            store=store,
            pool=pool,
            archive=archive,
            clock=CLOCK,
            feed=feed,
            lease_s=900.0,
            threads=PROCESSES + 2,
            stopping=threading.Event(),
        )
        tally = Tally()
        import_file(bench, Source(file=io.BytesIO(crawl)), tally, lambda _: None, print)
    assert tally.pages == count


def _report(rounds: list[list[Spent]], count: int) -> None:
    costs = sorted(each[1].cpu / each[0].cpu for each in rounds)
    again = median(each[2].cpu for each in rounds) * 1000 / count
    rate = median(count / each[1].wall for each in rounds)
    print(
        f"medians of {len(rounds)} rounds of {count} pages: an import takes {median(costs):.3f} of the CPU "
        f"time of extraction and tagging alone ({costs[0]:.3f} to {costs[-1]:.3f}), {rate:.0f} pages a "
        f"second; again, {again:.2f} ms a page"
    )


if __name__ == "__main__":
    main()
