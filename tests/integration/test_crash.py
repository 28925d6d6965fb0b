"""Pulling the plug: `kill -9`, Ctrl-C and SIGTERM in the middle of a run, and what is there afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.newsroom import publish
from tests.site import Site
from worker.mill import open_store
from worker.settings import read_settings

ENTRIES = 500

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Service:
    """`feedmill run` in a process of its own, over one database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "feedmill.db"

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("FEEDMILL_")},
            "FEEDMILL_STORE_URL": f"sqlite:///{self.database}",
            "FEEDMILL_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
            "FEEDMILL_ALLOW_PORTS": "any",
            "FEEDMILL_HOST_DELAY_S": "0",
            "FEEDMILL_FETCH_THREADS": "8",
        }
        with (self.folder / "log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "worker", "run", *arguments],
                cwd=self.folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def counts(self) -> dict[str, int]:
        return self.ask(lambda store: store.entries.counts())

    def ask(self, question: Callable[[Any], Any]) -> Any:
        store = open_store(read_settings(store_url=f"sqlite:///{self.database}"))
        try:
            return question(store)
        finally:
            store.close()

    def done(self) -> int:
        return sum(n for kind, n in self.counts().items() if kind != "pending")


def wait_for(condition: Callable[[], Any], what: str, deadline_s: float = 60.0) -> None:
    ends = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < ends, f"waited {deadline_s} s for {what}"
        time.sleep(0.05)


@pytest.fixture
def loopback(site: Site, monkeypatch) -> Site:
    """The site under its address, since another process does not know its names."""
    named = site.url
    monkeypatch.setattr(site, "url", lambda path="/", host="127.0.0.1", **more: named(path, host, **more))
    return site


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    yield Service(tmp_path)


@pytest.fixture
def feeds(loopback: Site, tmp_path: Path) -> Path:
    """Five feeds of a hundred entries each."""
    for number in range(5):
        publish(loopback, [f"town{number}x{n}" for n in range(ENTRIES // 5)], feed=f"/feed{number}.xml")
    path = tmp_path / "feeds.txt"
    path.write_text("".join(loopback.url(f"/feed{number}.xml") + "\n" for number in range(5)))
    return path


def test_kill_9_in_the_middle_loses_nothing_and_duplicates_nothing(service, feeds, loopback):
    process = service.start("--until-idle", "--feeds", str(feeds))
    wait_for(lambda: service.database.exists() and service.done() >= 100, "a hundred entries")
    process.kill()
    process.communicate()
    after_crash = service.counts()
    assert after_crash["pending"] > 0, "the run ended before it could be killed"

    process = service.start("--until-idle")
    output, _ = process.communicate(timeout=200)
    assert process.returncode == 0, (service.folder / "log").read_text()[-2000:]
    counts = service.counts()
    assert sum(counts.values()) == ENTRIES
    assert {kind for kind, rows in counts.items() if rows} <= {"indexed", "duplicate", "unchanged"}
    assert counts["indexed"] >= ENTRIES - 16, "more than what was in flight was written twice"
    assert service.ask(lambda store: store.articles.count()) == ENTRIES
    assert f"{ENTRIES} entries seen" in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_stop_under_load_finishes_what_runs_and_exits_0(service, feeds, number):
    process = service.start("--feeds", str(feeds))
    wait_for(lambda: service.database.exists() and service.done() >= 50, "fifty entries")
    process.send_signal(number)
    process.communicate(timeout=60)
    log = (service.folder / "log").read_text()
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
    assert f"process {first.pid}) is using" in (service.folder / "log").read_text()
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
    assert "locked" not in (service.folder / "log").read_text()
