"""A store with articles, their archived pages, and a bench to rebuild them on: all within this process."""

from __future__ import annotations

import threading
from dataclasses import replace

from tests.archive.made import packed_page
from tests.extract.pages import page_of
from tests.store.builders import NOW, A, entry, ingest
from worker.archive.reading import Packed
from worker.clock import Clock
from worker.errors import ArchiveMissingError
from worker.models import ArchiveLocation
from worker.pipeline import build_candidate
from worker.reindex.bench import Bench

TEXT = (
    "The harbour of Eastmere {n} reopened on Tuesday after three weeks of repairs to its northern wall. " * 4
)
OLD = {"extractor_version": "old", "tagger_version": "old", "title": "As it was", "countries": ("XX",)}


def html(number: int, title: str = "Harbour reopens") -> bytes:
    return (
        f"<html><head><title>{title} {number}</title></head><body><article><p>"
        f"{TEXT.format(n=number)}</p></article></body></html>"
    ).encode()


class Pool:
    """Runs in this process what the real one runs in children; breaks where a test says so."""

    def __init__(self) -> None:
        self.broken: dict[str, Exception] = {}
        self.calls = 0

    def run(self, function, jobs, *args):
        self.calls += 1
        for job in jobs:
            if error := self.broken.get(job.document.url):
                raise error
        return function(jobs, *args)


class Library:
    """Articles 1 to n of feed A, made by an older extractor and tagger from pages that say more."""

    def __init__(self, store, count: int = 0) -> None:
        self.store = store
        self.pages = {}
        self.pool = Pool()
        self.stopping = threading.Event()
        self.clock = Clock()
        for number in range(1, count + 1):
            self.add(number)

    @property
    def bench(self) -> Bench:
        return Bench(
            store=self.store,
            pool=self.pool,
            read_page=self.read,
            clock=self.clock,
            stopping=self.stopping,
        )

    def add(self, number: int, body: bytes | None = None, **fields) -> str:
        """Ingest an article, as an older version would have, unless `fields` say otherwise; return its id."""
        self.store.entries.admit(A, [entry(str(number), title="")], NOW)
        return self.write(number, body or html(number), **{**OLD, **fields})

    def write(self, number: int, body: bytes, **fields) -> str:
        """Settle the entry's claim with what the page gives."""
        name = f"entry-{number}"
        page = page_of(body, f"https://news.example/{number}")
        row = self.store.entries.get(name)
        location = ArchiveLocation(file="a.warc.gz", offset=len(self.pages), length=1)
        self.pages[location.offset] = page
        built = build_candidate(page, row, feed_title="A", tick=self.clock.monotonic).candidate.document
        written = replace(built, **{"archive": location, **fields})
        return ingest(self.store, written, name, NOW).article_id

    def read(self, location: ArchiveLocation) -> Packed:
        try:
            return packed_page(self.pages[location.offset])
        except KeyError:
            raise ArchiveMissingError(detail=f"{location.file}: no such record") from None

    def documents(self, version="live"):
        """Return what a version holds, by the number in the URL."""
        self.store.articles.refresh()
        page = self.store.versions.page("", "", 10_000, version)
        return {int(each.url.rpartition("/")[2]): each for each in page}
