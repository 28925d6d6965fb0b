"""A disk that fills up in the middle of a run: it says so, waits, and carries on once there is room."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.disk import Disk
from tests.integration.process import Service
from tests.newsroom import publish
from tests.site import Site
from tests.waiting import wait_for
from worker.archive.contents import contents_of
from worker.archive.files import Folder
from worker.archive.reading import read_page
from worker.mill import open_store
from worker.settings import read_settings

ENTRIES = 200

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small disk"),
]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    with closing(Disk(folder, "700k")) as disk:
        yield disk


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Disk]:
    """A disk for the archive alone."""
    folder = tmp_path / "small"
    folder.mkdir()
    with closing(Disk(folder, "100k")) as disk:
        yield disk


def test_a_full_disk_is_said_in_one_line_and_costs_nothing(disk: Disk, loopback: Site, tmp_path: Path):
    publish(loopback, [f"town{n}" for n in range(ENTRIES)])
    feeds = tmp_path / "feeds.txt"
    feeds.write_text(loopback.url("/feed.xml"))
    # What could not even be put off on the full disk (its site had no seat left) waits for its lease.
    service = Service(disk.folder, log=tmp_path / "log", lease_s="20", archive_url=str(tmp_path / "archive"))
    process = service.start("--feeds", str(feeds))
    try:
        wait_for(lambda: "the disk is full" in service.said(), "the disk to fill up")
        assert service.done() < ENTRIES
        disk.grow("100m")
        wait_for(lambda: service.done() == ENTRIES, "the rest after there was room", deadline_s=90)
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in service.said()
    assert service.ask(lambda store: store.articles.count()) == ENTRIES


def test_a_full_disk_under_the_archive_costs_no_row_and_no_page(small: Disk, loopback: Site, tmp_path: Path):
    publish(loopback, [f"town{n}" for n in range(ENTRIES)])
    feeds = tmp_path / "feeds.txt"
    feeds.write_text(loopback.url("/feed.xml"))
    place = small.folder / "archive"
    service = Service(tmp_path, lease_s="20", archive_url=str(place), retry_base_s="1", max_attempts="50")
    process = service.start("--feeds", str(feeds))
    try:
        wait_for(lambda: "archive unavailable" in service.said(), "the disk to fill up")
        assert f"archive {place}: the disk is full: free some space, nothing was lost" in service.said()
        asked = [loopback.count(f"/town{n}") for n in range(ENTRIES)]
        assert service.done() < ENTRIES
        small.grow("100m")
        wait_for(lambda: service.done() == ENTRIES, "the rest after there was room", deadline_s=100)
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in service.said()
    assert sum(asked) < 2 * ENTRIES, "pages were fetched again and again for an archive that was full"
    with closing(open_store(read_settings(store_url=f"sqlite:///{service.database}"))) as store:
        for number in range(ENTRIES):
            document = store.articles.find_by_url(loopback.url(f"/town{number}"))
            assert read_page(Folder(place), document.archive).url == document.url
    for path in Folder(place).files():
        with path.open("rb") as file:
            assert contents_of(file).damages == ()
