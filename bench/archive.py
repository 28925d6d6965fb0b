"""`make bench-archive`: what keeping a page costs beside extracting and tagging it, and what a sync costs.

CPU time of one process over the labelled pages beside the project (FEEDMILL_EVAL_DATA), all steps in turn in
each round, so that whatever else the machine does falls on all of them. A sync is timed on the disk of
`--folder`, with as many pages kept before it as a busy batch has.
"""

from __future__ import annotations

import argparse
import gzip
import io
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests.eval.test_pages import DATA
from worker.archive.files import Folder
from worker.archive.reading import read_page
from worker.archive.records import Subject
from worker.archive.writing import Rotation, WarcArchive
from worker.clock import Clock
from worker.errors import WorkError
from worker.models import Entry, LedgerRow, Page
from worker.pipeline import build_candidate

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.models import ArchiveLocation

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
SUBJECT = Subject(feed_id="0" * 16, entry_id="0" * 32)
FOREVER = Rotation(max_bytes=10**12, max_age_s=10**9)
BATCHES = (1, 9, 80)
"""Pages of a quiet service, of one at 100 articles a second, and of a full batch."""


@dataclass(frozen=True)
class Step:
    """One thing that is done with every page, and the CPU milliseconds it took, round by round."""

    name: str
    work: Callable[[], object]
    ms: list[float]


def pages(most: int) -> list[Page]:
    """Return labelled pages, as they would come from the web."""
    found = []
    for path in sorted((DATA / "pages" / "html").iterdir())[:most]:
        raw = path.read_bytes()
        body = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
        url = f"https://example.com/news/{path.name}"
        headers = {"content-type": "text/html", "content-encoding": "gzip"}
        found.append(
            Page(url=url, final_url=url, status=200, headers=headers, body=body, fetched_at=AT, wait_ms=1)
        )
    return found


def built(page: Page) -> None:
    """Extract and tag one page, as the service's child processes do."""
    entry = Entry(entry_id="0" * 32, feed_id="0" * 16, url=page.url)
    row = LedgerRow(entry=entry, feed_ids=(), first_seen_at=AT, listed_at=AT, admitted_at=AT)
    with suppress(WorkError):
        build_candidate(page, row, feed_title=None, tick=Clock().monotonic)


def by_warcio(page: Page) -> None:
    """Write the same response with warcio, its defaults but for the version."""
    writer = WARCWriter(io.BytesIO(), gzip=True, warc_version="1.1")
    heads = StatusAndHeaders("200 OK", list(page.headers.items()), protocol="HTTP/1.1")
    body = io.BytesIO(page.body)
    record = writer.create_warc_record(
        page.url, "response", payload=body, length=len(page.body), http_headers=heads
    )
    writer.write_record(record)


def cpu_ms(work: Callable[[], object], count: int) -> float:
    """Return the CPU milliseconds of `work` for each of so many pages."""
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000 / count


def costs(some: list[Page], rounds: int, folder: Path) -> list[Step]:
    """Time every step in turn, `rounds` times."""
    archive = WarcArchive(Folder(folder), FOREVER, Clock(), print)
    places: list[ArchiveLocation] = []
    index = {page.url: number for number, page in enumerate(some)}

    def each(what: Callable[[Page], object]) -> Callable[[], object]:
        return lambda: [what(page) for page in some]

    steps = [
        Step("extract and tag", each(built), []),
        Step("keep", each(lambda page: places.append(archive.keep(page, SUBJECT))), []),
        Step("keep, unchanged", each(lambda page: archive.keep(page, SUBJECT, places[index[page.url]])), []),
        Step("read back", each(lambda page: read_page(Folder(folder), places[index[page.url]])), []),
        Step("warcio's writer", each(by_warcio), []),
    ]
    for _ in range(rounds):
        for step in steps:
            step.ms.append(cpu_ms(step.work, len(some)))
    archive.close()
    return steps


def sync_ms(some: list[Page], count: int, rounds: int, folder: Path) -> list[float]:
    """Return the wall-clock milliseconds of a sync behind so many pages, for each round."""
    archive, found = WarcArchive(Folder(folder), FOREVER, Clock(), print), []
    for number in range(rounds):
        for n in range(count):
            archive.keep(some[(number * count + n) % len(some)], SUBJECT)
        started = time.perf_counter()
        archive.sync()
        found.append((time.perf_counter() - started) * 1000)
    archive.close()
    return found


def main() -> None:
    """Print one line for each step, and for each size of a batch."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where to write (default: the temporary folder)")
    given = parser.parse_args()
    some = pages(given.pages)
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        steps = costs(some, given.rounds, Path(name))
        whole = median(steps[0].ms)
        size = sum(len(page.body) for page in some) / len(some) / 1000
        kept = sum(path.stat().st_size for path in Path(name).iterdir()) / len(some) / given.rounds / 1000
        print(f"{len(some)} pages of {size:.0f} KB, {kept:.1f} KB kept of each, {given.rounds} rounds")
        for step in steps:
            print(f"{step.name:<16} {median(step.ms):7.2f} ms CPU a page, {median(step.ms) / whole:.3f}")
        for count in BATCHES:
            found = sync_ms(some, count, 20, Path(name))
            print(f"sync of {count:>2} pages {median(found):7.2f} ms, longest {max(found):.1f}")


if __name__ == "__main__":
    main()
