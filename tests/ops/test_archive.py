"""`feedmill archive` and `feedmill extract FILE.warc.gz`: what operators see of the archive."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.archive.made import LARGE, SUBJECT, archive_in, page
from tests.fakes import ManualClock
from tests.newsroom import body_of
from tests.newsroom import page as article
from worker.archive.writing import WarcArchive
from worker.cli import run_command
from worker.models import Page

PLAN = "Plans for {} move on"


def story(number: int, place: str) -> Page:
    return page(number, body=article(PLAN.format(place), body_of(place, "harbour project")).body)


@pytest.fixture
def path(tmp_path: Path, monkeypatch) -> Path:
    path = tmp_path / "archive"
    monkeypatch.setenv("FEEDMILL_ARCHIVE_URL", str(path))
    return path


@pytest.fixture
def closed(path) -> Path:
    """A closed file: three pages, the second of which is no article."""
    archive = archive_in(path)
    for each in (story(1, "Riga"), page(2, body=b"<html><body></body></html>"), story(3, "Oslo")):
        place = archive.keep(each, SUBJECT)
    archive.close()
    return path / place.file


@pytest.fixture
def open_archive(closed, path) -> WarcArchive:
    """Another file, of one page, that is being written to."""
    archive = archive_in(path, LARGE, ManualClock(seconds=60, tokens=1000))
    archive.keep(story(4, "Bergen"), SUBJECT)
    return archive


def run(capsys, *arguments: str) -> tuple[int, list[str], str]:
    code = run_command(list(arguments))
    out, err = capsys.readouterr()
    return code, out.splitlines(), err


def spoil(file: Path, at: int) -> None:
    raw = bytearray(file.read_bytes())
    raw[at] ^= 255
    file.write_bytes(raw)


def test_files_are_listed_with_what_is_in_them(capsys, closed, open_archive):
    code, lines, _ = run(capsys, "archive", "list", "--json")
    listed = [json.loads(line) for line in lines]
    assert code == 0
    assert [(each["state"], each["records"], each["responses"]) for each in listed] == [
        ("closed", 8, 3),
        ("open", 3, 1),
    ]
    assert listed[0]["file"] == closed.name
    assert (listed[0]["first_at"], listed[0]["last_at"]) == (
        "2026-11-24T12:00:00.001Z",
        "2026-11-24T12:00:00.003Z",
    )
    _, lines, _ = run(capsys, "archive", "list")
    assert [line.split()[:2] for line in lines[1:]] == [[closed.name, "closed"], [listed[1]["file"], "open"]]


def test_no_folder_yet_is_an_empty_archive(capsys, path):
    assert run(capsys, "archive", "list", "--json") == (0, [], "")
    assert run(capsys, "archive", "verify") == (0, ["0 whole records in 0 files"], "")


@pytest.mark.parametrize("command", ["list", "verify"])
def test_where_no_pages_are_kept_that_is_said(capsys, monkeypatch, command):
    monkeypatch.setenv("FEEDMILL_ARCHIVE_URL", "off")
    code, _, err = run(capsys, "archive", command)
    assert (code, err) == (1, "feedmill: no pages are kept: FEEDMILL_ARCHIVE_URL is `off`\n")


def test_whole_files_verify(capsys, closed, open_archive):
    assert run(capsys, "archive", "verify") == (0, ["11 whole records in 2 files"], "")


def test_what_is_being_written_is_no_damage(capsys, closed, open_archive, path):
    (being_written,) = path.glob("*.open")
    with being_written.open("ab") as file:
        file.write(b"\x1f\x8b\x08\0half a record")
    assert run(capsys, "archive", "verify")[0] == 0


def test_damage_is_said_with_its_place_and_costs_no_other_record(capsys, closed):
    size = closed.stat().st_size
    spoil(closed, size // 3)
    code, lines, err = run(capsys, "archive", "verify", "--json")
    (checked,) = map(json.loads, lines)
    (damage,) = checked["damages"]
    assert (code, err) == (1, "feedmill: damaged at 1 place\n")
    assert checked["records"] == 7
    assert damage["offset"] <= size // 3 < damage["offset"] + damage["length"]
    code, lines, _ = run(capsys, "archive", "verify", closed.name)
    assert lines[0].startswith(f"{closed.name}: {damage['length']:,} bytes at {damage['offset']}: no gzip")


def test_a_file_left_open_is_closed_by_repair(capsys, closed):
    torn = closed.rename(closed.with_name(closed.name + ".open"))
    torn.write_bytes(torn.read_bytes()[:-200])
    code, lines, _ = run(capsys, "archive", "verify", str(torn))
    assert (code, len(lines)) == (1, 2)
    code, lines, _ = run(capsys, "archive", "verify", "--repair")
    assert (code, lines[-1]) == (0, "7 whole records in 1 file")
    assert closed.exists()


def test_a_file_that_is_not_there(capsys, path):
    code, _, err = run(capsys, "archive", "verify", "none.warc.gz")
    assert (code, err) == (1, "feedmill: there is no none.warc.gz, here or in the archive\n")


def test_status_says_how_large_the_archive_is(capsys, closed, open_archive, path, monkeypatch, tmp_path):
    monkeypatch.setenv("FEEDMILL_STORE_URL", f"sqlite:///{tmp_path}/feedmill.db")
    size = sum(each.stat().st_size for each in path.iterdir())
    _, lines, _ = run(capsys, "status", "--json")
    assert json.loads(lines[0])["archive"] == {"files": 2, "open": 1, "size": size, "bucket": None}
    _, lines, _ = run(capsys, "status")
    assert "archive     2 files, 0.0 MB, 1 open" in lines


@pytest.mark.slow
def test_every_response_of_a_file_is_extracted_in_order(capsys, closed):
    code, lines, err = run(capsys, "extract", str(closed), "--json")
    assert code == 0
    assert [json.loads(line)["title"] for line in lines] == [PLAN.format("Riga"), PLAN.format("Oslo")]
    said = err.splitlines()
    assert said[0].startswith("feedmill: no article: no_article: https://news.example/story/2: ")
    assert said[1:] == ["feedmill: 2 articles, 1 page without one"]


@pytest.mark.slow
def test_a_damaged_record_is_said_and_the_others_are_extracted(capsys, closed):
    spoil(closed, 600)
    code, lines, err = run(capsys, "extract", str(closed), "--json")
    assert code == 1
    assert [json.loads(line)["title"] for line in lines] == [PLAN.format("Oslo")]
    assert f"feedmill: {closed}: archive_damaged at 4" in err
    assert err.splitlines()[-1] == "feedmill: 1 article, 1 page without one, 1 record that cannot be read"
