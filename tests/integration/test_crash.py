"""Pulling the plug: `kill -9`, Ctrl-C and SIGTERM in the middle of a run, and what is there afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.newsroom import publish
from tests.site import Site
from tests.waiting import wait_for
from worker.archive.files import Folder
from worker.archive.reading import read_page

ENTRIES = 500

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def feeds(loopback: Site, tmp_path: Path) -> Path:
    """Five feeds of a hundred entries each."""
    for number in range(5):
        publish(loopback, [f"town{number}x{n}" for n in range(ENTRIES // 5)], feed=f"/feed{number}.xml")
    path = tmp_path / "feeds.txt"
    path.write_text("".join(loopback.url(f"/feed{number}.xml") + "\n" for number in range(5)))
    return path


def test_kill_9_in_the_middle_loses_nothing_and_duplicates_nothing(service, feeds, loopback, tmp_path):
    process = service.start("--until-idle", "--feeds", str(feeds))
    wait_for(lambda: service.database.exists() and service.done() >= 100, "a hundred entries")
    process.kill()
    process.communicate()
    after_crash = service.counts()
    assert after_crash["pending"] > 0, "the run ended before it could be killed"

    process = service.start("--until-idle")
    output, _ = process.communicate(timeout=200)
    assert process.returncode == 0, service.said()[-2000:]
    counts = service.counts()
    assert sum(counts.values()) == ENTRIES
    assert {kind for kind, rows in counts.items() if rows} <= {"indexed", "duplicate", "unchanged"}
    assert counts["indexed"] >= ENTRIES - 16, "more than what was in flight was written twice"
    assert service.ask(lambda store: store.articles.count()) == ENTRIES
    assert f"{ENTRIES} entries seen" in output
    archive = Folder(tmp_path / "archive")
    assert not [path for path in archive.files() if path.name.endswith(".open")]
    for number in range(ENTRIES // 5):
        article = service.ask(lambda store, n=number: store.articles.find_by_url(loopback.url(f"/town3x{n}")))
        assert read_page(archive, article.archive).url == article.url


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_stop_under_load_finishes_what_runs_and_exits_0(service, feeds, number):
    process = service.start("--feeds", str(feeds))
    wait_for(lambda: service.database.exists() and service.done() >= 50, "fifty entries")
    process.send_signal(number)
    process.communicate(timeout=60)
    log = service.said()
    assert process.returncode == 0, log[-2000:]
    assert "Traceback" not in log
    counts = service.counts()
    assert sum(counts.values()) == ENTRIES
    assert service.ask(lambda store: store.articles.count()) == counts["indexed"]
    articles_without_outcome = service.ask(lambda store: store.entries.waiting()).get("lease", 0)
    assert articles_without_outcome <= 8 * 8 + 8, "more than the hints that were queued is still claimed"


def test_two_services_on_one_database_are_refused(service, feeds):
    first = service.start("--feeds", str(feeds))
    wait_for(lambda: service.database.exists() and service.done() >= 1, "the first service")
    second = service.start()
    second.communicate(timeout=30)
    assert second.returncode == 1
    assert f"process {first.pid}) is using" in service.said()
    first.terminate()
    first.communicate(timeout=60)


def test_search_feeds_and_dead_work_while_the_service_runs(service, feeds, loopback):
    process = service.start("--feeds", str(feeds))
    wait_for(lambda: service.database.exists() and service.done() >= 20, "twenty entries")
    environment = {**os.environ, "FEEDMILL_STORE_URL": f"sqlite:///{service.database}"}
    commands = (
        ["search", "project"],
        ["feeds", "add", "--no-check", "http://127.0.0.1:9/x.xml"],
        ["dead", "retry", "--all"],
        ["status"],
    )
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "worker", *command],
            env=environment,
            cwd=service.folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, ""), command
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert "locked" not in service.said()
