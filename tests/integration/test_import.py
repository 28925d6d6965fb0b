"""Importing as a process of its own: killed again and again, beside a service at work, on both stores."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.archive.strange import by_library, http, packed, record, story
from tests.newsroom import Item, rss
from tests.site import Reply, Request, Site
from tests.test_service import settings
from tests.waiting import wait_for
from worker.archive.files import Folder
from worker.archive.reading import read_page
from worker.mill import open_store
from worker.models import EntryState, OutcomeKind
from worker.settings import Settings
from worker.urls import article_id_of

__all__ = ["settings"]

PAGES = 200
LISTED = 28

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Processes:
    """Commands in processes of their own, over one store."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings, self._folder = settings, folder
        self._started: list[subprocess.Popen[str]] = []

    def start(self, *words: str) -> subprocess.Popen[str]:
        said = self._settings.model_dump(include={"store_url", "store_prefix", "archive_url"})
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FEEDMILL_")},
            **{f"FEEDMILL_{name.upper()}": str(value) for name, value in said.items()},
            "FEEDMILL_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
            "FEEDMILL_ALLOW_PORTS": "any",
            "FEEDMILL_HOST_DELAY_S": "0",
            "FEEDMILL_EXTRACT_PROCESSES": "1",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "worker", *words],
            cwd=self._folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def close(self) -> None:
        for process in self._started:
            process.kill()
            process.communicate()


@pytest.fixture
def processes(settings: Settings, tmp_path: Path) -> Iterator[Processes]:
    with closing(Processes(settings, tmp_path)) as made:
        yield made


@pytest.fixture
def ask(settings: Settings) -> Iterator[Callable[[Callable[[Any], Any]], Any]]:
    """Ask the store something."""
    with closing(open_store(settings)) as store:
        yield lambda question: question(store)


def ended(ask: Any) -> int:
    return sum(rows for kind, rows in ask(lambda store: store.entries.counts()).items() if kind != "pending")


def url_of(site: Site, number: int) -> str:
    return site.url(f"/town{number}")


def fetched_of(site: Site) -> set[str]:
    return {each.path for each in site.requests} - {"/feed.xml", "/robots.txt"}


def in_a_while(body: bytes) -> Callable[[Request], Reply]:
    def answer(_request: Request) -> Reply:
        time.sleep(0.2)
        return Reply(body=body)

    return answer


def test_killed_three_times_beside_a_service_at_work(settings, processes, ask, loopback, tmp_path):
    """Some captured pages are listed by a feed, and fetched while they are imported."""
    pages = {url_of(loopback, number): story(f"town{number}") for number in range(PAGES)}
    crawl = tmp_path / "crawl.warc.gz"
    crawl.write_bytes(by_library(pages))
    listed = [
        Item(url_of(loopback, number), f"Plans for town{number} move on")
        for number in range(PAGES - LISTED, PAGES)  # the last to be imported
    ]
    for item in listed:
        loopback.serve(f"/{item.link.rpartition('/')[2]}", in_a_while(story(f"fetched {item.title[-8:]}")))
    loopback.serve("/feed.xml", rss(listed))
    feeds = tmp_path / "feeds.txt"
    feeds.write_text(loopback.url("/feed.xml") + "\n")

    for killed_at in (20, 70, 130):
        importing = processes.start("archive", "import", crawl.name)
        wait_for(lambda at=killed_at: ended(ask) >= at, f"{killed_at} entries")
        importing.send_signal(signal.SIGKILL)
        importing.communicate()
        if killed_at == 70:
            service = processes.start("run", "--feeds", str(feeds))
            wait_for(lambda: fetched_of(loopback), "a listed page is fetched")
    importing = processes.start("archive", "import", crawl.name)
    out, err = importing.communicate(timeout=120)
    assert importing.returncode == 0, err
    wait_for(lambda: ask(lambda store: store.entries.counts())["pending"] == 0, "the service to be done")
    service.send_signal(signal.SIGTERM)
    assert service.communicate(timeout=60)[1].count("Traceback") == 0
    assert service.returncode == 0

    counts = ask(lambda store: store.entries.counts())
    assert sum(counts.values()) == PAGES
    ask(lambda store: store.articles.refresh())
    assert ask(lambda store: store.articles.count()) == PAGES
    folder = Folder(settings.archive_folder)
    fetched = fetched_of(loopback)
    for url in pages:
        row = ask(lambda store, url=url: store.entries.get(article_id_of(url)))
        article = ask(lambda store, row=row: store.articles.get(row.article_id))
        assert row.state is EntryState.DONE
        assert read_page(folder, article.archive).final_url == url
        if f"/{url.rpartition('/')[2]}" in fetched:
            assert article.fetched_at.year > 2021, "an old page is in the place of a fetched one"
        else:
            assert (article.fetched_at.year, row.outcome) == (2021, OutcomeKind.INDEXED)
    assert fetched <= {f"/{item.link.rpartition('/')[2]}" for item in listed}

    again = processes.start("archive", "import", crawl.name)
    out, err = again.communicate(timeout=60)
    assert (again.returncode, out.split("; passed")[0]) == (
        0,
        f"{PAGES} pages: nothing new; {PAGES} known already",
    )
    assert ask(lambda store: store.entries.counts()) == counts


def test_ctrl_c_ends_it_with_what_was_begun_written(processes, ask, tmp_path):
    crawl = tmp_path / "crawl.warc.gz"
    crawl.write_bytes(
        packed(*(record(f"https://news.example/{n}", http(story(str(n)))) for n in range(2000)))
    )
    importing = processes.start("archive", "import", crawl.name)
    wait_for(lambda: ended(ask) >= 1, "the first entries")
    importing.send_signal(signal.SIGINT)
    out, err = importing.communicate(timeout=60)
    assert (importing.returncode, err.splitlines()[-1]) == (1, "feedmill: stopped: the same command goes on")
    counts = ask(lambda store: store.entries.counts())
    assert counts["pending"] == 0
    assert out.startswith(f"{counts['indexed']:,} pages: {counts['indexed']:,} indexed")
