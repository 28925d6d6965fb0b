"""The stores of the contract suite, for importing into, and a bench to do it on, all within this process."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.archive.made import archive_in
from tests.fakes import ManualClock
from tests.store.conftest import backend, contract_indices, make_store, store
from worker.archive.reading import Unread
from worker.imports.captures import import_feed
from worker.imports.preparing import Bench
from worker.imports.run import Source, import_file
from worker.imports.tally import Tally
from worker.store.base import Store

__all__ = ["backend", "contract_indices", "make_store", "store"]


class Pool:
    """Runs in this process what the real one runs in children; breaks where a test says so."""

    def __init__(self) -> None:
        self.broken: dict[str, Exception] = {}
        self.urls: list[str] = []

    def run(self, function, page, *args, **kwargs):
        self.urls.append(page.url)
        if error := self.broken.get(page.url):
            raise error
        return function(page, *args, **kwargs)


class Importer:
    """An import under the name "crawl", from bytes."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.pool = Pool()
        self.clock = ManualClock()
        self.broken: list[Unread] = []
        self.feed = import_feed("crawl", self.clock.now(), 1800)
        store.feeds.add([self.feed])
        self.archive = archive_in(folder)
        self.bench = Bench(
            store=store,
            pool=self.pool,
            archive=self.archive,
            clock=self.clock,
            feed=self.feed,
            lease_s=900.0,
            threads=3,
            stopping=threading.Event(),
        )

    def __call__(self, raw: bytes, *, minutes: float = 1, **source: str) -> Tally:
        """Import a file some minutes later."""
        self.clock.seconds += timedelta(minutes=minutes).total_seconds()
        tally = Tally()
        import_file(
            self.bench, Source(file=io.BytesIO(raw), **source), tally, lambda _: None, self.broken.append
        )
        self.store.articles.refresh()
        return tally


@pytest.fixture
def importer(store: Store, tmp_path: Path) -> Callable[..., Tally]:
    return Importer(store, tmp_path / "archive")
