"""A disk that fills up in the middle of a run: it says so, waits, and carries on once there is room."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.process import Service
from tests.waiting import wait_for
from tests.newsroom import publish
from tests.site import Site

ENTRIES = 200

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small disk"),
]


class Disk:
    """A file system in memory, as small as wanted."""

    def __init__(self, folder: Path, size: str) -> None:
        self.folder = folder
        self.mount(f"size={size}")

    def mount(self, options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"cannot mount: {done.stderr.strip()}")

    def grow(self, size: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.folder)], check=True)

    def unmount(self) -> None:
        subprocess.run(["umount", "-l", str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    disk = Disk(folder, "700k")
    yield disk
    disk.unmount()


def test_a_full_disk_is_said_in_one_line_and_costs_nothing(disk: Disk, loopback: Site, tmp_path: Path):
    publish(loopback, [f"town{n}" for n in range(ENTRIES)])
    feeds = tmp_path / "feeds.txt"
    feeds.write_text(loopback.url("/feed.xml"))
    # What could not even be put off on the full disk (its site had no seat left) waits for its lease.
    service = Service(disk.folder, log=tmp_path / "log", lease_s="20")
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
