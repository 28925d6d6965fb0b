"""Closed files on their way to an object store: here one in memory, which fsspec has."""

from __future__ import annotations

import fcntl
import os
import threading
from datetime import UTC, datetime, timedelta

import pytest
import structlog.testing

from tests.archive.made import SUBJECT, page
from tests.fakes import ManualClock
from worker.archive.bucket import ABSENT_S, AWAY_S, Bucket
from worker.archive.files import find_beginning
from worker.archive.opening import open_archive, open_files
from worker.archive.reading import LONGEST_METADATA, MOST_METADATA, read_page
from worker.archive.retention import Hold, Limits
from worker.archive.spool import Spool
from worker.archive.uploading import LONGEST_PAUSE_S, SpooledArchive, Uploader, pause_s, upload
from worker.archive.writing import Rotation
from worker.errors import (
    ArchiveDamagedError,
    ArchiveMissingError,
    ArchiveNotUploadedError,
    ArchiveUnavailableError,
    OperationError,
)
from worker.models import ArchiveLocation, Hop
from worker.ops.retention import plan_prune


class Wire(Bucket):
    """An object store that counts what is asked of it, can be cut off, and can tear what it is sent."""

    def __init__(self, url, clock):
        super().__init__(url, clock)
        self.puts, self.pieces = [], 0
        self.cut = self.tears = False

    def put(self, path):
        self._pass()
        self.puts.append(path.name)
        if self.tears:
            path.with_name("torn").write_bytes(path.read_bytes()[:-1])
            self._store.put_file(str(path.with_name("torn")), self._path(path.name))
            return
        super().put(path)

    def find_size(self, name):
        self._pass()
        return super().find_size(name)

    def piece(self, name, offset, length):
        self._pass()
        self.pieces += 1
        return super().piece(name, offset, length)

    def _pass(self):
        if self.cut:
            raise ArchiveUnavailableError(detail="archive memory://: cut off")


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def bucket(tmp_path, clock):
    return Wire(f"memory://{tmp_path.name}/pages", clock)


@pytest.fixture
def spool(tmp_path, bucket):
    (tmp_path / "spool").mkdir()
    return Spool(tmp_path / "spool", bucket)


def keep(spool, *pages, clock=None):
    """Keep pages in files of their own, closed; return where they lie."""
    archive = SpooledArchive(
        spool, Rotation(max_bytes=1, max_age_s=900), clock or ManualClock(), lambda _: None
    )
    places = [archive.keep(each, SUBJECT) for each in pages]
    archive.close()
    return places


def paths(spool):
    return [each for each in spool.files() if each.suffix != ".open"]


def test_pages_read_back_before_and_after_their_files_have_moved(spool, bucket, clock):
    pages = [page(n, size=n * 30_000) for n in range(4)]
    places = keep(spool, *pages)
    assert [read_page(spool, place) for place in places] == pages
    assert bucket.pieces == 0
    assert Uploader(spool, clock).round()
    assert paths(spool) == []
    bucket.pieces = 0
    assert [read_page(spool, place) for place in places] == pages
    assert bucket.pieces == len(pages)
    assert list(bucket.files()) == sorted(place.file for place in places)


def test_a_page_with_much_to_be_told_of_it_costs_a_second_request(spool, bucket, clock):
    hops = tuple(Hop(status=301, url=f"https://news.example/{os.urandom(2_000).hex()}") for _ in range(5))
    long = page(1, redirects=hops)
    [place] = keep(spool, long)
    Uploader(spool, clock).round()
    bucket.pieces = 0
    assert read_page(spool, place) == long
    assert bucket.pieces == 2
    assert MOST_METADATA < 20_000 < LONGEST_METADATA


def test_what_is_in_neither_place_is_not_uploaded(spool, clock):
    keep(spool, page(1))
    elsewhere = ArchiveLocation(file="feedmill-20261124T115500-b-1-aa-00001.warc.gz", offset=0, length=9)
    with pytest.raises(ArchiveNotUploadedError) as failed:
        read_page(spool, elsewhere)
    assert (failed.value.reason, failed.value.retryable) == ("archive_not_uploaded", True)


def test_a_missing_file_is_asked_for_once_in_a_while(spool, bucket, clock):
    elsewhere = ArchiveLocation(file="feedmill-20261124T115500-b-1-aa-00001.warc.gz", offset=0, length=9)
    for seconds, asked in ((0, 1), (1, 1), (ABSENT_S, 2)):
        clock.seconds = seconds
        with pytest.raises(ArchiveNotUploadedError):
            read_page(spool, elsewhere)
        assert bucket.pieces == asked


def test_an_object_store_that_is_away_is_not_asked_for_each_page(spool, bucket, clock):
    [place] = keep(spool, page(1))
    Uploader(spool, clock).round()
    bucket.pieces, bucket.cut = 0, True
    with pytest.raises(ArchiveUnavailableError):
        read_page(spool, place)
    bucket.cut = False
    with pytest.raises(ArchiveUnavailableError):
        read_page(spool, place)
    assert bucket.pieces == 0
    clock.seconds += AWAY_S
    assert read_page(spool, place) == page(1)


@pytest.mark.parametrize("name", ["../spool/x.warc.gz", "/etc/passwd", "feedmill-archive.txt", ""])
def test_no_other_object_is_asked_for(spool, bucket, name):
    bucket.try_out()
    with pytest.raises(ArchiveMissingError):
        spool.read(name, 0, 1)
    with pytest.raises(ArchiveMissingError):
        spool.opened(name)
    assert bucket.pieces == 0


def test_a_place_behind_the_end_is_missing(spool, clock):
    [place] = keep(spool, page(1))
    for _ in range(2):
        with pytest.raises(ArchiveMissingError, match="ends before 99999"):
            spool.read(place.file, 99_999, 10)
        Uploader(spool, clock).round()


def test_what_reads_back_differently_stays_here_and_costs_no_other_file(spool, bucket, clock):
    places = keep(spool, page(1), page(2))
    bucket.tears = True
    with pytest.raises(ArchiveDamagedError, match="reads back differently"):
        upload(paths(spool)[0], bucket)
    uploader = Uploader(spool, clock)
    assert not uploader.round()
    assert bucket.puts[1:] == [place.file for place in places]
    bucket.tears = False
    assert uploader.round()
    assert [read_page(spool, place) for place in places] == [page(1), page(2)]


def test_what_was_sent_by_one_that_was_killed_then_is_not_sent_again(spool, bucket):
    keep(spool, page(1))
    [path] = paths(spool)
    bucket.put(path)
    assert upload(path, bucket)
    assert bucket.puts == [path.name]
    assert paths(spool) == []


def test_what_another_process_is_at_is_left_to_it(spool, bucket):
    keep(spool, page(1))
    [path] = paths(spool)
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert not upload(path, bucket)
    assert upload(path, bucket)
    assert not upload(path, bucket)
    assert bucket.puts == [path.name]


def test_many_at_once_send_each_file_once(spool, bucket, clock):
    places = keep(spool, *map(page, range(20)))
    threads = [threading.Thread(target=Uploader(spool, clock).round) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    Uploader(spool, clock).round()
    assert sorted(bucket.puts) == [place.file for place in places]


def test_a_failure_is_told_once_and_so_is_its_end(spool, bucket, clock):
    keep(spool, page(1), page(2))
    uploader, bucket.cut = Uploader(spool, clock), True
    with structlog.testing.capture_logs() as told:
        assert [uploader.round() for _ in range(3)] == [False] * 3
        bucket.cut = False
        assert uploader.round()
        assert uploader.round()
    assert [(each["event"], each.get("files")) for each in told if each["log_level"] != "debug"] == [
        ("archive upload failed", 2),
        ("archive uploads again", None),
    ]
    assert told[0]["error"] == "archive memory://: cut off"


@pytest.mark.parametrize(
    ("failures", "jitter", "expected"),
    [
        (0, 0.0, 5.0),
        (1, 0.0, 10.0),
        (3, 0.0, 40.0),
        (3, 1.0, 30.0),
        (9, 0.0, LONGEST_PAUSE_S),
        (10**6, 0.0, 300),
    ],
)
def test_pauses_grow_up_to_minutes(failures, jitter, expected):
    assert pause_s(failures, jitter) == expected


def test_a_bug_in_a_backend_ends_no_thread(spool, bucket, clock, monkeypatch):
    [place] = keep(spool, page(1))
    failures = [ZeroDivisionError("in a backend")]
    real = Bucket.find_size

    def find_size(self, name):
        if failures:
            raise failures.pop()
        return real(self, name)

    monkeypatch.setattr(Wire, "find_size", find_size)
    monkeypatch.setattr("worker.archive.uploading.UPKEEP_S", 0.001)
    uploader = Uploader(spool, clock)
    with structlog.testing.capture_logs() as told:
        uploader.start()
        deadline = threading.Event()
        while paths(spool):
            assert not deadline.wait(0.01)
        uploader.stop()
    assert [each["event"] for each in told if each["log_level"] == "error"] == ["bug"]
    assert read_page(spool, place) == page(1)


def test_a_start_uploads_what_one_before_left_and_a_stop_what_it_closed(tmp_path, bucket, clock, spool):
    [left, torn] = keep(spool, page(1), page(2), clock=clock)
    path = spool.path / torn.file
    path.rename(f"{path}.open")
    opened = open_archive(spool.path, Rotation(max_bytes=10**9, max_age_s=900), clock, print, bucket.place)
    last = opened.keep(page(3), SUBJECT)
    opened.close()
    assert list(spool.path.iterdir()) == []
    there = open_files(tmp_path / "elsewhere", bucket.place, clock)
    assert [read_page(there, place) for place in (left, torn, last)] == [page(1), page(2), page(3)]


def test_a_stop_waits_for_no_upload_for_long(spool, bucket, clock, monkeypatch):
    monkeypatch.setattr("worker.archive.uploading.STOP_S", 0.05)
    keep(spool, page(1))
    let_go = threading.Event()
    monkeypatch.setattr(Wire, "put", lambda self, path: let_go.wait(10))
    uploader = Uploader(spool, clock)
    uploader.start()
    uploader.stop()
    assert len(paths(spool)) == 1
    let_go.set()
    uploader._thread.join(10)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param("s5://b/p", "Protocol not known: s5", id="no such store"),
        pytest.param("gs://b/p", "gs:// needs another package: Please install gcsfs", id="package missing"),
    ],
)
def test_a_store_that_cannot_be_spoken_to_is_said(tmp_path, url, said):
    with pytest.raises(OperationError, match=said):
        open_archive(tmp_path, Rotation(max_bytes=1, max_age_s=1), ManualClock(), print, url)


@pytest.mark.parametrize(
    ("name", "began"),
    [
        ("feedmill-20261124T115500-b-1-aa-00001.warc.gz", "2026-11-24T11:55:00+00:00"),
        ("feedmill-20261324T115500-b-1-aa-00001.warc.gz", None),
        ("CC-NEWS-20261124115500-00001.warc.gz", None),
    ],
)
def test_a_name_says_when_its_file_was_begun(name, began):
    found = find_beginning(name)
    assert (found.isoformat() if found else None) == began


def test_retention_leaves_what_waits_and_what_it_does_not_know_the_age_of(spool, clock):
    [new] = keep(spool, page(1), clock=clock)
    Uploader(spool, clock).round()
    [waits] = keep(spool, page(3), clock=clock)
    limits, much_later = Limits(max_bytes=0), datetime.now(UTC) + timedelta(days=9)
    going = plan_prune(spool, None, limits, much_later, even_referenced=True)
    assert {each.name: hold for each, hold in going.held} == {new.file: Hold.NEW, waits.file: Hold.SPOOLED}
    assert not going.going
