"""What a killed writer leaves: cut to whole records, closed, and never at the cost of a record before."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.archive.made import SUBJECT, archive_in, names, page
from worker.archive.contents import contents_of
from worker.archive.files import Folder
from worker.archive.reading import pages_in, read_page
from worker.archive.recovery import is_held, recover
from worker.errors import ArchiveDamagedError, ArchiveMissingError


@pytest.fixture(scope="module")
def left(tmp_path_factory) -> tuple[str, bytes, int]:
    """A file as its writer left it: name, bytes, and where the last response begins."""
    path = tmp_path_factory.mktemp("left") / "archive"
    archive = archive_in(path)
    for number in range(3):
        last = archive.keep(page(number, size=300), SUBJECT)
    (name,) = names(path)
    raw = (path / name).read_bytes()
    archive.close()
    return name, raw, last.offset


def recovered(path: Path, name: str, raw: bytes) -> list[int]:
    """Put the file there, recover it, and return its pages' numbers; it must be whole then."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    (path / name).write_bytes(raw)
    recover(Folder(path))
    assert not any(each.endswith(".open") for each in names(path))
    found: list[int] = []
    for each in names(path):
        with (path / each).open("rb") as file:
            contents = contents_of(file)
            assert (contents.damages, contents.length) == ((), os.fstat(file.fileno()).st_size)
            found += [int(each.url.rpartition("/")[2]) for each in pages_in(file)]
    return found


@pytest.mark.slow
def test_a_last_record_cut_at_any_byte_costs_no_other(left, tmp_path):
    name, raw, last = left
    end_of_response = raw.index(b"\x1f\x8b\x08", last + 1)
    for cut in range(last, len(raw) + 1):
        whole = 3 if cut >= end_of_response else 2
        assert recovered(tmp_path / "a", name, raw[:cut]) == [0, 1, 2][:whole], cut


@settings(max_examples=60, deadline=None)
@given(kept=st.integers(0, 1000), junk=st.binary(max_size=50), zeros=st.integers(0, 5000))
def test_whatever_stands_behind_the_last_whole_record_is_cut(left, tmp_path_factory, kept, junk, zeros):
    """A file system may have a file's length on disk and not yet its blocks: zeros, or what was there before."""
    name, raw, last = left
    cut = last + kept % (len(raw) - last)
    found = recovered(tmp_path_factory.mktemp("a") / "a", name, raw[:cut] + junk + b"\0" * zeros)
    assert found[:2] == [0, 1]


@pytest.mark.parametrize("left_over", [0, 1, 50], ids=["empty", "a byte", "half a warcinfo"])
def test_a_file_without_a_page_is_deleted(left, tmp_path, left_over):
    name, raw, _ = left
    assert recovered(tmp_path / "a", name, raw[:left_over]) == []
    assert names(tmp_path / "a") == []


def test_damage_before_whole_records_is_left_to_verify(left, tmp_path):
    name, raw, last = left
    spoiled = bytearray(raw)
    spoiled[600] ^= 255
    (tmp_path / name).write_bytes(spoiled)
    (told,) = recover(Folder(tmp_path))
    assert (told.cut, told.contents.responses) == (0, 2)
    assert len(told.contents.damages) == 1
    assert (tmp_path / told.name).read_bytes() == spoiled


def test_one_line_says_what_was_cut(left, tmp_path):
    name, raw, last = left
    (tmp_path / name).write_bytes(raw[: last + 10])
    with capture_logs() as said:
        recover(Folder(tmp_path))
    (line,) = said
    assert (line["event"], line["cut_bytes"], line["pages"]) == ("archive file was left open", 10, 2)


def test_a_file_that_cannot_be_closed_holds_up_no_other(left, tmp_path):
    name, raw, _ = left
    (tmp_path / "feedmill-1.warc.gz.open").mkdir()
    (tmp_path / name).write_bytes(raw)
    with capture_logs() as said:
        assert [each.name for each in recover(Folder(tmp_path))] == [name.removesuffix(".open")]
    assert said[0]["event"] == "archive file cannot be closed"


def test_what_another_holds_open_is_left_alone(tmp_path):
    path = tmp_path / "a"
    archive = archive_in(path)
    place = archive.keep(page(1), SUBJECT)
    assert is_held(path / names(path)[0])
    assert recover(Folder(path)) == []
    archive.keep(page(2), SUBJECT)
    archive.close()
    assert not is_held(path / names(path)[0])
    assert read_page(Folder(path), place) == page(1)


@pytest.mark.parametrize("meanwhile", ["deleted", "held"])
def test_a_new_file_that_another_takes_for_one_left_open_is_not_used(tmp_path, monkeypatch, meanwhile):
    """Between being created and being locked it looks like one."""
    path, looks, real = tmp_path / "a", iter([True, False]), fcntl.flock

    def flock(file, operation):
        if operation & fcntl.LOCK_EX and next(looks, False):
            if meanwhile == "held":
                raise BlockingIOError
            recover(Folder(path))
        return real(file, operation)

    archive = archive_in(path)
    monkeypatch.setattr(fcntl, "flock", flock)
    place = archive.keep(page(1), SUBJECT)
    archive.close()
    assert place.file.endswith("-00002.warc.gz")
    assert read_page(Folder(path), place) == page(1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "rounds", "writers"), [(1, 40, 1), (2, 15, 3)], ids=["one writer", "three on one folder"]
)
def test_kill_9_at_random_moments_loses_nothing_that_was_synced(tmp_path, seed, rounds, writers):
    command = [
        sys.executable,
        "-m",
        "tests.archive.killed",
        str(tmp_path / "a"),
        *map(str, (seed, rounds, writers)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["synced"] > 0
    assert seen["torn"] > 0, "no kill met a record half written: the test shows nothing"
    assert (seen["lost"], seen["damages"], seen["left_open"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"file": "none.warc.gz"}, ArchiveMissingError, id="no file"),
        pytest.param({"file": "../x.warc.gz"}, ArchiveMissingError, id="elsewhere"),
        pytest.param({"offset": 10**9}, ArchiveMissingError, id="behind the end"),
        pytest.param({"offset": 7}, ArchiveDamagedError, id="no record there"),
        pytest.param({"length": 100}, ArchiveDamagedError, id="shorter"),
        pytest.param({"length": 10**4}, ArchiveDamagedError, id="longer"),
    ],
)
def test_places_where_no_page_is(tmp_path, changes, error):
    archive = archive_in(tmp_path / "a")
    place = archive.keep(page(1), SUBJECT)
    archive.close()
    with pytest.raises(error):
        read_page(Folder(tmp_path / "a"), replace(place, **changes))
