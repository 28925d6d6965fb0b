"""The copy where pages are not in the archive yet, and where the archive is away."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.extract.pages import FETCHED_AT
from tests.fakes import ManualClock
from tests.reindex.library import Library, html
from tests.store.builders import NOW
from worker.archive.files import file_name
from worker.errors import ArchiveNotUploadedError, ArchiveUnavailableError
from worker.models import Carried
from worker.reindex import run
from worker.reindex.bench import Bench
from worker.reindex.control import Asked, end_copy, progress, start
from worker.reindex.run import copy_all

UPLOAD_S = 1800.0


class Elsewhere(Library):
    """A library some of whose pages lie in another machine's spool; `away` is raised for each page asked for."""

    def __init__(self, store, count):
        super().__init__(store, count)
        self.clock = ManualClock()
        self.spooled: set[str] = set()
        self.away: list[Exception] = []
        self.told: list[Exception] = []
        self.asked = 0

    @property
    def bench(self) -> Bench:
        return replace(super().bench, upload_s=UPLOAD_S, met=self.told.append)

    def read(self, location):
        self.asked += 1
        if self.away:
            raise self.away.pop()
        if location.file in self.spooled:
            raise ArchiveNotUploadedError(detail=f"{location.file}: not here")
        return super().read(location)


@pytest.fixture
def library(store, monkeypatch):
    library = Elsewhere(store, 12)
    on_wait(library, monkeypatch, lambda: None)
    return library


def on_wait(library, monkeypatch, then):
    """Do `then` whenever the copy has nothing to do but wait; nothing else moves the clock, half a lease a time."""

    def wait(seconds):
        if seconds:
            library.clock.seconds += run.LEASE_S / 2
            then()

    monkeypatch.setattr(library.stopping, "wait", wait)


def placed(library, number, age_s):
    """Add an article whose page is in another machine's spool, in a file that was begun so long ago."""
    name = file_name(library.clock.now() - timedelta(seconds=age_s), "b", 1, "aa", number)
    library.spooled.add(name)
    library.add(number)
    document = library.documents()[number]
    moved = replace(document, archive=replace(document.archive, file=name))
    library.store.versions.amend([Carried(before=document, after=moved)])


def copied(library):
    rebuild = start(library.store, library.clock, Asked())
    assert copy_all(library.bench, rebuild)
    end_copy(library.store, library.clock, rebuild)
    library.store.articles.refresh()
    return dict(library.store.rebuilds.get().said)


def test_pages_that_are_on_their_way_are_waited_for(library, monkeypatch):
    for number in (21, 22, 23):
        placed(library, number, 60)
    looks = []

    def look():
        now = progress(library.store, library.clock.now())
        looks.append((now.waiting, now.seen, now.workers, sorted(library.documents("twin"))))
        if len(looks) == 3:
            library.spooled.clear()

    on_wait(library, monkeypatch, look)
    assert copied(library) == {"remade": 15}
    assert looks[0] == (3, 12, 0, list(range(1, 13)))
    assert library.documents("twin")[22].title == "Harbour reopens 22"


def test_pages_that_should_have_come_long_ago_are_kept_as_they_were(library):
    placed(library, 21, UPLOAD_S + 60)
    assert copied(library) == {"remade": 12, "kept: archive_not_uploaded": 1}
    assert library.documents("twin")[21] == library.documents()[21]


def test_what_does_not_come_in_time_is_kept_in_the_end(library):
    placed(library, 21, UPLOAD_S - 90)
    assert copied(library) == {"remade": 12, "kept: archive_not_uploaded": 1}
    assert library.documents("twin").keys() == library.documents().keys()


def test_many_that_wait_are_tried_page_by_page(library, monkeypatch):
    monkeypatch.setattr(run, "PAGE", 2)
    for number in range(21, 31):
        placed(library, number, 60)
    on_wait(library, monkeypatch, library.spooled.clear)
    assert copied(library) == {"remade": 22}
    assert sum(part.seen for part in library.store.rebuilds.slices()) == 22
    assert library.asked == 12 + 10 + 10 + 10  # on the walk, at its end, and once they are there


def test_a_stop_leaves_what_waits_to_the_next_start(library, monkeypatch):
    placed(library, 21, 60)
    rebuild = start(library.store, library.clock, Asked())
    on_wait(library, monkeypatch, library.stopping.set)
    assert not copy_all(library.bench, rebuild)
    assert sum(len(part.waiting) for part in library.store.rebuilds.slices()) == 1
    library.stopping.clear()
    library.spooled.clear()
    on_wait(library, monkeypatch, lambda: None)
    assert copied(library) == {"remade": 13}


def test_an_article_that_is_written_while_its_page_waits_is_its_writers(library, monkeypatch):
    placed(library, 21, 60)

    def write():
        if library.spooled:
            library.store.entries.retry(["entry-21"], NOW)
            library.write(21, html(21, "Harbour closes"), fetched_at=FETCHED_AT + timedelta(hours=1))
            library.spooled.clear()

    on_wait(library, monkeypatch, write)
    copied(library)
    new, live = library.documents("twin")[21], library.documents()[21]
    assert new.title == live.title == "Harbour closes 21"
    assert new.revision == live.revision == 2


def test_an_archive_that_is_away_is_waited_for(library):
    library.away = [ArchiveUnavailableError(detail="archive s3://b: away")] * 5
    assert copied(library) == {"remade": 12}
    assert [str(each) for each in library.told] == ["archive s3://b: away"] * 5
    assert library.documents("twin").keys() == library.documents().keys()


def test_an_archive_that_stays_away_keeps_no_stop_waiting(library, monkeypatch):
    library.away = [ArchiveUnavailableError(detail="archive s3://b: away")] * 5
    on_wait(library, monkeypatch, library.stopping.set)
    rebuild = start(library.store, library.clock, Asked())
    assert not copy_all(library.bench, rebuild)
    library.stopping.clear()
    library.away = []
    on_wait(library, monkeypatch, lambda: None)
    assert copied(library) == {"remade": 12}
