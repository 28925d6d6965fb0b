"""Which files of the archive go: a table, and what is deleted for real with what points to it on both stores."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tests.archive.made import SUBJECT, archive_in, names, page
from tests.fakes import ManualClock
from tests.store.builders import NOW, A, claim_one, document, entry, ingest, rejected, settlement
from tests.store.conftest import backend, contract_indices, make_store, store
from worker.app import Line, OneBeat
from worker.archive.files import Folder, file_name
from worker.archive.recovery import is_held
from worker.archive.retention import Hold, Kept, Limits, begun_at, plan
from worker.archive.writing import Rotation
from worker.errors import ArchiveUnavailableError
from worker.models import ArchiveLocation, Carried
from worker.ops.retention import limits, plan_prune, prune
from worker.progress import Meter
from worker.settings import read_settings
from worker.store.outage import Outage
from worker.tasks import _prune, _tick

__all__ = ["backend", "contract_indices", "make_store", "store"]

DAY = timedelta(days=1)
QUIET = timedelta(hours=2)


def kept(name: str, days: float, **fields) -> Kept:
    """A file of a megabyte that was begun and written so many days ago."""
    at = NOW - days * DAY
    return Kept(**{"name": name, "begun_at": at, "written_at": at, "size": 1_000_000, **fields})


FILES = [kept("d", 1), kept("a", 9), kept("c", 3), kept("b", 6)]
DAYS_5, MB_2 = Limits(older_than=5 * DAY), Limits(max_bytes=2_000_000)
OPEN, NEW, NEEDED = Hold.OPEN, Hold.NEW, Hold.NEEDED

CASES = [
    ("no limits", FILES, Limits(), "", "", {}),
    ("by age", FILES, DAYS_5, "", "ab", {}),
    ("by size, the oldest first", FILES, MB_2, "", "ab", {}),
    ("small enough", FILES, Limits(max_bytes=4_000_000), "", "", {}),
    ("all", FILES, Limits(max_bytes=0), "", "abcd", {}),
    ("by both", FILES, Limits(older_than=7 * DAY, max_bytes=3_000_000), "", "a", {}),
    ("one is pointed to", FILES, DAYS_5, "a", "b", {"a": NEEDED}),
    ("others go for one that is pointed to", FILES, MB_2, "a", "bc", {"a": NEEDED}),
    ("all are pointed to", FILES, MB_2, "abcd", "", dict.fromkeys("abcd", NEEDED)),
    ("being written", [kept("a", 9, is_open=True)], DAYS_5, "", "", {"a": OPEN}),
    ("begun long ago, closed now", [kept("a", 9, written_at=NOW)], DAYS_5, "", "", {"a": NEW}),
    ("just not old enough", [kept("a", 5)], DAYS_5, "", "", {}),
    ("no files", [], Limits(older_than=DAY, max_bytes=0), "", "", {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "wanted", "needed", "going", "held"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_plan(files, wanted, needed, going, held):
    found = plan(files, wanted, set(needed), NOW)
    assert "".join(file.name for file in found.going) == going
    assert {file.name: hold for file, hold in found.held} == held
    assert (found.size, found.freed) == (len(files) * 1_000_000, len(going) * 1_000_000)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (file_name(NOW, "host", 7, "0" * 16, 1), NOW),
        ("CC-NEWS-20160826124520-00000.warc.gz", NOW - DAY),
        ("feedmill-20269999T999999-x.warc.gz", NOW - DAY),
    ],
    ids=["ours", "another's", "no time"],
)
def test_the_name_says_when_a_file_was_begun(name, expected):
    assert begun_at(name, NOW - DAY) == expected


class Archived:
    """Files of one page each, an hour apart and long closed; and a store that points to some of them."""

    def __init__(self, store, path, count: int) -> None:
        self.store, self.path, self.folder = store, path, Folder(path)
        self.clock = ManualClock()
        archive = archive_in(path, Rotation(max_bytes=10**9, max_age_s=1.0), self.clock)
        self.places = []
        for number in range(count):
            self.places.append(archive.keep(page(number), SUBJECT))
            self.clock.seconds += 3600
        archive.close()
        long_ago = (NOW - QUIET - DAY).timestamp()
        for path in self.folder.files():
            os.utime(path, (long_ago, long_ago))
        self.left_open = archive

    def point(self, number: int, place: ArchiveLocation | None = None) -> None:
        """Let an article point to a file."""
        self.store.entries.admit(A, [entry(str(number))], NOW)
        written = document(str(number), archive=place or self.places[number])
        ingest(self.store, written, f"entry-{number}")
        self.store.articles.refresh()

    def pruned(self, *, even_referenced: bool = False) -> set[int]:
        """Delete all that may go; return the numbers of the files that are left."""
        now = self.clock.now() + DAY
        going = plan_prune(self.folder, self.store, limits(None, 0), now, even_referenced=even_referenced)
        prune(self.folder, going)
        left = names(self.path)
        return {number for number, place in enumerate(self.places) if place.file in left}


@pytest.fixture
def archived(store, tmp_path) -> Archived:
    return Archived(store, tmp_path / "archive", 4)


def test_what_nothing_points_to_goes(archived):
    assert archived.pruned() == set()


def test_what_articles_of_either_version_point_to_stays(archived):
    archived.point(0)
    archived.point(1)
    store = archived.store
    before = {number: store.articles.get(document(str(number)).article_id) for number in (0, 1)}
    into = store.versions.create()
    rebuilt = replace(before[1], archive=archived.places[2])
    store.versions.carry(
        [Carried(before=before[0], after=None), Carried(before=before[1], after=rebuilt)], into
    )
    assert archived.pruned() == {0, 1, 2}
    store.versions.swap()
    assert archived.pruned() == {0, 1, 2}
    store.versions.drop()
    assert archived.pruned() == {2}


def test_what_a_pending_row_points_to_stays(archived):
    store = archived.store
    for number in (0, 1):
        store.entries.admit(A, [entry(str(number))], NOW)
        claim = claim_one(store, f"entry-{number}")
        outcome = replace(rejected(claim).outcome, archive=archived.places[number])
        store.settle([settlement(claim, outcome=outcome)], NOW)
    store.entries.retry(["entry-1"], NOW)
    assert archived.pruned() == {1}


def test_even_referenced(archived):
    archived.point(0)
    assert archived.pruned(even_referenced=True) == set()


def test_a_file_that_is_written_stays(archived):
    archive = archive_in(archived.path, clock=archived.clock)
    archived.places.append(archive.keep(page(9), SUBJECT))
    assert archived.pruned(even_referenced=True) == set()
    (name,) = names(archived.path)
    assert name == archived.places[-1].file + ".open"
    assert is_held(archived.path / name)
    archive.close()


def test_two_that_prune_at_once(archived):
    now = archived.clock.now() + DAY
    going = plan_prune(archived.folder, archived.store, limits(None, 0), now, even_referenced=False)
    assert (prune(archived.folder, going), prune(archived.folder, going)) == (4, 0)


def test_a_folder_that_is_gone(archived):
    now = archived.clock.now() + DAY
    going = plan_prune(archived.folder, archived.store, limits(None, 0), now, even_referenced=False)
    for path in archived.folder.files():
        path.unlink()
    archived.path.rmdir()
    with pytest.raises(ArchiveUnavailableError, match="the folder is gone"):
        prune(archived.folder, going)
    assert (
        plan_prune(archived.folder, archived.store, limits(None, 0), now, even_referenced=False).going == ()
    )


@pytest.mark.parametrize(
    ("kept", "left"),
    [({}, {0, 1, 2, 3}), ({"archive_keep_days": 1}, {0}), ({"archive_max_gb": 0.000_001}, {0})],
    ids=["all are kept", "by age", "by size"],
)
def test_the_hourly_tick_deletes_what_the_settings_do_not_keep(archived, kept, left):
    archived.point(0)
    mill = SimpleNamespace(
        store=archived.store,
        settings=read_settings(archive_url=str(archived.path), **kept),
        clock=ManualClock(seconds=archived.clock.seconds + 2 * DAY.total_seconds()),
    )
    _prune(mill)
    there = names(archived.path)
    assert {number for number, place in enumerate(archived.places) if place.file in there} == left


def test_the_hourly_tick_where_no_pages_are_kept(archived):
    settings = read_settings(archive_url="off", archive_keep_days=1)
    _prune(SimpleNamespace(store=archived.store, settings=settings, clock=archived.clock))
    assert len(names(archived.path)) == 4


def test_a_folder_that_cannot_be_pruned_leaves_room_for_the_next_tick(archived, monkeypatch):
    clock = ManualClock()
    nothing = SimpleNamespace()
    line = Line(nothing, nothing, Outage(clock), nothing, OneBeat(), Meter(clock), nothing)

    def fail() -> None:
        raise ArchiveUnavailableError(detail="archive a: its file system is read-only")

    _tick(line, "prune", fail)
    assert line.outage.recent() == "archive a: its file system is read-only"
