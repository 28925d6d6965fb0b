"""`--from archive` without a network, and over files that are damaged, cut off and gone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.integration.desk import Desk, by_number
from tests.integration.offline import Offline
from worker.models import ArchiveLocation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

FILES, EACH = 5, 8
ALL = range(1, FILES * EACH + 1)


def numbers_in(file: int) -> range:
    return range(file * EACH + 1, (file + 1) * EACH + 1)


FLIPPED, CUT = numbers_in(0)[3], numbers_in(1)[4]
DAMAGED = {FLIPPED, CUT, *numbers_in(3)}
MISSING = {number for number in numbers_in(1) if number > CUT} | {*numbers_in(2)}


def damage(folder: Path, places: dict[int, ArchiveLocation]) -> None:
    """Flip a bit of one page, cut a file off within a page, delete a file, put another in a fourth one's place."""
    flipped, cut, deleted, other, whole = (folder / places[numbers_in(file)[0]].file for file in range(FILES))
    content = bytearray(flipped.read_bytes())
    content[places[FLIPPED].offset + places[FLIPPED].length // 2] ^= 1
    flipped.write_bytes(content)
    os.truncate(cut, places[CUT].offset + places[CUT].length // 2)
    deleted.unlink()
    other.write_bytes(whole.read_bytes())


@pytest.fixture
def offline(desk: Desk, tmp_path: Path) -> Offline:
    return Offline(tmp_path / "hook", os.environ.get("PYTHONPATH", ""), desk.settings["store_url"])


def test_what_cannot_be_read_is_counted_and_kept(desk: Desk, offline: Offline) -> None:
    places = desk.stock(ALL, files=FILES)
    old = by_number(desk.documents("live"))
    damage(desk.archive_folder, places)
    out = desk.ran("reindex", "start", "--from", "archive", **offline.environment)
    expected = {
        "remade": len(ALL) - len(DAMAGED) - len(MISSING),
        "kept: archive_damaged": len(DAMAGED),
        "kept: archive_missing": len(MISSING),
    }
    for result, count in expected.items():
        assert f"{count} {result}" in out
    assert json.loads(desk.ran("reindex", "status", "--json"))["results"] == expected
    report = json.loads(desk.ran("reindex", "diff", "--json"))
    assert (report["lost"], report["gained"], report["results"]) == (0, 0, expected)

    assert by_number(desk.documents("live")) == old
    new = by_number(desk.documents("twin"))
    assert new.keys() == old.keys()
    for number in ALL:
        if number in DAMAGED | MISSING:
            assert new[number] == old[number]
        else:
            assert new[number].title == f"Harbour reopens {number}"
    assert offline.refused() == []
    assert offline.watched() >= 2, "the children of the pool were not watched"


def test_the_network_is_really_away(desk: Desk, offline: Offline) -> None:
    allowed = {"FEEDMILL_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8", "FEEDMILL_ALLOW_PORTS": "any"}
    process = desk.began("extract", "http://127.0.0.1:9/", **offline.environment, **allowed)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in err) == (1, False), out + err
    assert "refused socket.connect ('127.0.0.1', 9)" in offline.refused()
