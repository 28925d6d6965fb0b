"""Writing the archive: places, rotation, what is durable when, and what a failing disk costs."""

from __future__ import annotations

import errno
import os
import re
import threading
from pathlib import Path

import pytest

from tests.archive.made import SUBJECT, archive_in, names, page
from tests.fakes import START, ManualClock
from worker.archive.contents import contents_of, find_said_contents
from worker.archive.files import Folder, file_name
from worker.archive.opening import open_archive
from worker.archive.reading import pages_in, read_page
from worker.archive.writing import AWAY_S, Rotation
from worker.errors import ArchiveUnavailableError, OperationError
from worker.models import ArchiveLocation

FOREVER = 10**9


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def pages_of(path: Path) -> list[list]:
    """Return the pages of each file, in order."""
    found = []
    for name in names(path):
        with (path / name).open("rb") as file:
            found.append(list(pages_in(file)))
    return found


def test_pages_are_read_back_from_an_open_and_from_a_closed_file(path):
    archive, pages = archive_in(path), [page(n) for n in range(5)]
    places = [archive.keep(each, SUBJECT) for each in pages]
    assert [name.endswith(".warc.gz.open") for name in names(path)] == [True]
    assert [read_page(Folder(path), place) for place in places] == pages
    archive.close()
    assert [name.endswith(".warc.gz") for name in names(path)] == [True]
    assert [read_page(Folder(path), place) for place in places] == pages


def test_names_sort_by_time_and_are_safe_in_a_file_system():
    name = file_name(START, "a.host/with:odd\nname" * 9, 7, "0" * 16, 3)
    assert re.fullmatch(r"feedmill-20261124T120000-[A-Za-z0-9-]{40}-7-0{16}-00003\.warc\.gz", name)


def test_a_file_ends_before_it_gets_too_large(path):
    archive = archive_in(path, Rotation(max_bytes=10_000, max_age_s=FOREVER))
    for number in range(12):
        archive.keep(page(number, size=2_000), SUBJECT)
    archive.close()
    sizes = [(path / name).stat().st_size for name in names(path)]
    assert len(sizes) == 4
    # The record that says what is in a file comes on top.
    assert all(size <= 10_500 for size in sizes)
    assert [each.fetch_ms for each in sum(pages_of(path), [])] == list(range(12))


def test_a_page_larger_than_a_file_has_one_of_its_own(path):
    archive = archive_in(path, Rotation(max_bytes=10_000, max_age_s=FOREVER))
    for number, size in enumerate([100, 50_000, 100]):
        archive.keep(page(number, size=size), SUBJECT)
    archive.close()
    assert [len(pages) for pages in pages_of(path)] == [1, 1, 1]


@pytest.mark.parametrize("by", ["keep", "sync"])
def test_a_file_ends_when_it_is_old_whether_pages_come_or_not(path, by):
    clock = ManualClock()
    archive = archive_in(path, Rotation(max_bytes=FOREVER, max_age_s=900), clock)
    archive.keep(page(1), SUBJECT)
    clock.seconds += 899
    archive.sync()
    assert [name.endswith(".open") for name in names(path)] == [True]
    clock.seconds += 1
    if by == "keep":
        archive.keep(page(2), SUBJECT)
    archive.sync()
    assert sorted(name.endswith(".open") for name in names(path)) == (
        [False, True] if by == "keep" else [False]
    )
    archive.close()


def test_no_file_is_made_before_there_is_a_page_and_none_stays_without_one(path, monkeypatch):
    archive = archive_in(path)
    archive.sync()
    assert names(path) == []
    real = os.pwrite
    fits = iter([True, False])
    monkeypatch.setattr(os, "pwrite", lambda *call: real(*call) if next(fits, True) else no_space())
    with pytest.raises(ArchiveUnavailableError):
        archive.keep(page(), SUBJECT)
    archive.close()
    assert names(path) == []


def test_a_closed_file_says_at_its_end_what_is_in_it(path):
    archive = archive_in(path)
    place = archive.keep(page(1), SUBJECT)
    archive.keep(page(2), SUBJECT)
    archive.keep(page(1), SUBJECT, place)
    archive.close()
    with (path / names(path)[0]).open("rb") as file:
        assert find_said_contents(file) == contents_of(file)
        said = contents_of(file)
    assert (said.records, said.responses, said.revisits, said.damages) == (8, 2, 1, ())
    assert (said.first_at, said.last_at) == (page(1).fetched_at, page(2).fetched_at)


@pytest.mark.parametrize("spoil", ["gone", "damaged", "another body", "an earlier place that is none"])
def test_an_unchanged_page_is_kept_whole_where_the_earlier_one_cannot_be_read(path, spoil):
    archive = archive_in(path)
    place = archive.keep(page(1), SUBJECT)
    archive.close()
    file = path / place.file
    if spoil == "gone":
        file.unlink()
    elif spoil == "damaged":
        raw = bytearray(file.read_bytes())
        raw[place.offset + place.length // 2] ^= 1
        file.write_bytes(raw)
    elif spoil == "an earlier place that is none":
        place = ArchiveLocation(file="../../etc/passwd", offset=0, length=10)
    again = page(2 if spoil == "another body" else 1, url="https://news.example/again")
    archive = archive_in(path, clock=ManualClock(tokens=1000))
    new = archive.keep(again, SUBJECT, place)
    archive.close()
    assert new != place
    assert read_page(Folder(path), new) == again


def test_one_sync_makes_all_durable_that_was_kept_before_it(path, monkeypatch):
    archive, synced = archive_in(path), []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_size) or real(file))
    for number in range(50):
        archive.keep(page(number), SUBJECT)
    assert synced == []
    archive.sync()
    size = (path / names(path)[0]).stat().st_size
    assert synced[0] == size
    assert len(synced) == 2, "the file, and the folder that has its name"
    archive.keep(page(51), SUBJECT)
    archive.sync()
    archive.sync()
    assert len(synced) == 3, "what is durable is not synced again"


def no_space() -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Disk:
    """Lets the next writes write a part, and fail; as a full disk does."""

    def __init__(self, monkeypatch) -> None:
        self.full = False
        self._pwrite = os.pwrite
        monkeypatch.setattr(os, "pwrite", self.pwrite)

    def pwrite(self, file, data, offset):
        if not self.full:
            return self._pwrite(file, data, offset)
        self._pwrite(file, data[: len(data) // 2], offset)
        return no_space()


def test_a_full_disk_is_said_and_what_was_half_written_is_not_in_the_file(path, monkeypatch):
    met, clock, disk = [], ManualClock(), Disk(monkeypatch)
    archive = archive_in(path, clock=clock, met=met.append)
    first = archive.keep(page(1), SUBJECT)
    disk.full = True
    with pytest.raises(ArchiveUnavailableError, match="the disk is full: free some space") as failed:
        archive.keep(page(2), SUBJECT)
    assert (failed.value.reason, failed.value.retryable) == ("archive_away", True)
    assert met == [failed.value]
    with pytest.raises(ArchiveUnavailableError):
        archive.require()
    disk.full = False
    clock.seconds += AWAY_S
    archive.require()
    third = archive.keep(page(3), SUBJECT)
    archive.close()
    assert [each.fetch_ms for each in pages_of(path)[0]] == [1, 3]
    with (path / names(path)[0]).open("rb") as file:
        assert contents_of(file).damages == ()
    assert [read_page(Folder(path), place) for place in (first, third)] == [page(1), page(3)]


def test_on_a_full_disk_a_file_can_be_closed(path, monkeypatch):
    disk = Disk(monkeypatch)
    archive = archive_in(path)
    archive.keep(page(1), SUBJECT)
    disk.full = True
    archive.close()
    assert [name.endswith(".warc.gz") for name in names(path)] == [True]
    assert pages_of(path) == [[page(1)]]


class Sync:
    """Fails as often as told, and forgets what was to be written meanwhile, as Linux does."""

    def __init__(self, monkeypatch) -> None:
        self.failures = 0
        self._pwrite, self._fsync = os.pwrite, os.fsync
        self._unwritten: list = []
        monkeypatch.setattr(os, "pwrite", self.pwrite)
        monkeypatch.setattr(os, "fsync", self.fsync)

    def pwrite(self, file, data, offset):
        self._unwritten.append((file, len(data), offset))
        return self._pwrite(file, data, offset)

    def fsync(self, file):
        mine = [(length, offset) for each, length, offset in self._unwritten if each == file]
        self._unwritten = [each for each in self._unwritten if each[0] != file]
        if not (self.failures and mine):
            return self._fsync(file)
        self.failures -= 1
        for length, offset in mine:
            self._pwrite(file, b"\0" * length, offset)
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_after_a_failed_sync_all_of_it_is_written_again(path, monkeypatch):
    met, disk = [], Sync(monkeypatch)
    archive = archive_in(path, met=met.append)
    safe = archive.keep(page(1), SUBJECT)
    archive.sync()
    places = [archive.keep(page(n), SUBJECT) for n in (2, 3)]
    disk.failures = 2
    for _ in range(2):
        with pytest.raises(ArchiveUnavailableError):
            archive.sync()
    places.append(archive.keep(page(4), SUBJECT))
    with pytest.raises(ArchiveUnavailableError):
        archive.require()
    archive.sync()
    archive.require()
    assert len(met) == 2
    found = [read_page(Folder(path), place) for place in (safe, *places)]
    assert found == [page(n) for n in (1, 2, 3, 4)]


def test_a_file_that_cannot_be_closed_now_is_closed_by_a_later_sync(path, monkeypatch):
    clock, disk = ManualClock(), Sync(monkeypatch)
    archive = archive_in(path, Rotation(max_bytes=FOREVER, max_age_s=10), clock)
    archive.keep(page(1), SUBJECT)
    clock.seconds += 10
    archive.keep(page(2), SUBJECT)
    disk.failures = 1
    with pytest.raises(ArchiveUnavailableError):
        archive.sync()
    archive.close()
    assert pages_of(path) == [[page(1)], [page(2)]]
    assert [name.endswith(".open") for name in names(path)] == [False, False]


def test_a_folder_deleted_under_a_running_service_stops_nothing_for_good(path):
    met: list = []
    archive = archive_in(path, met=met.append)
    archive.keep(page(1), SUBJECT)
    (path / names(path)[0]).unlink()
    path.rmdir()
    archive.sync()
    with pytest.raises(ArchiveUnavailableError, match="the folder is gone"):
        archive.keep(page(2), SUBJECT)
    path.mkdir()
    place = archive.keep(page(3), SUBJECT)
    archive.close()
    assert read_page(Folder(path), place) == page(3)


def test_many_threads_at_once(path):
    archive = archive_in(path, Rotation(max_bytes=60_000, max_age_s=FOREVER))
    places: dict[int, ArchiveLocation] = {}

    def work(first: int) -> None:
        for number in range(first, first + 25):
            places[number] = archive.keep(page(number, size=number * 20), SUBJECT)
            if number % 5 == 0:
                archive.sync()

    threads = [threading.Thread(target=work, args=(25 * n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    archive.close()
    assert len(places) == 200
    assert len(names(path)) > 5
    for number, place in places.items():
        assert read_page(Folder(path), place) == page(number, size=number * 20)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(lambda path: path.write_text(""), "is no folder: name one", id="a file"),
        pytest.param(lambda path: path.symlink_to("/dev/null/x"), "is no folder", id="in a file"),
    ],
)
def test_a_folder_that_cannot_be_used_is_said_in_one_line(path, spoil, said):
    spoil(path)
    with pytest.raises(OperationError, match=f"archive {path}: .*{said}.*FEEDMILL_ARCHIVE_URL"):
        open_archive(path, Rotation(max_bytes=1, max_age_s=1), ManualClock(), lambda _: None)


def test_off_keeps_nothing_and_never_fails():
    archive = open_archive(None, Rotation(max_bytes=1, max_age_s=1), ManualClock(), lambda _: None)
    archive.require()
    assert archive.keep(page(), SUBJECT) is None
    archive.sync()
    archive.close()
