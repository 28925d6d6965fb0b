"""Commands as real processes over one store and one archive, and what an older extractor left in both."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.extract.pages import page_of
from tests.store.builders import A, document, entry, feed, settlement
from tests.store.elasticsearch.backend import delete_all
from worker.archive.base import Archive
from worker.archive.opening import open_archive
from worker.archive.records import Subject, sha256
from worker.archive.writing import Rotation
from worker.clock import Clock
from worker.mill import open_store
from worker.models import ArchiveLocation, Document, Page, Settlement
from worker.settings import read_settings
from worker.store.base import Store

BATCH = 100
LEASE_S = 900.0
THEN = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
"""When the articles were fetched that an older extractor made."""
OWN_TOPIC = "own:breakwaters"
OWN_TAGS = f'[[topic]]\ncode = "{OWN_TOPIC}"\nname = "Breakwaters"\npatterns = "breakwater^3"\n'
TEXT = (
    "The harbour of Eastmere reopened on Tuesday after {n} days of repairs to its northern wall, officials said. "
    "Fishing boats of line {n} returned in the morning while crews removed the last of the scaffolding. "
    "The mayor thanked the engineers who had worked through two storms to finish the job before winter. "
)


def url_of(number: int) -> str:
    return f"https://news.example/{number}"


def has_breakwater(number: int) -> bool:
    return number % 4 == 0


def html(number: int, title: str) -> bytes:
    """Return a page; every fourth is about what the own topic finds."""
    more = "The breakwater and the old breakwater light stay closed." if has_breakwater(number) else ""
    return (
        f"<html><head><title>{title} {number}</title></head><body><article>"
        f"<h1>{title} {number}</h1><p>{TEXT.format(n=number)}</p><p>{more}</p></article></body></html>"
    ).encode()


def page(number: int, title: str, at: datetime) -> Page:
    fetched = page_of(html(number, title), url_of(number), "text/html; charset=utf-8")
    return Page(
        url=fetched.url,
        final_url=fetched.final_url,
        status=fetched.status,
        headers=fetched.headers,
        body=fetched.body,
        fetched_at=at,
    )


def keep(archive: Archive, kept: Page, number: int) -> ArchiveLocation:
    location = archive.keep(kept, Subject(feed_id=A, entry_id=f"entry-{number}"))
    assert location
    return location


class Desk:
    """One store and one archive, for this process and for commands beside it."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.archive_folder = folder / "archive"
        tags = folder / "tags"
        tags.mkdir()
        (tags / "own.toml").write_text(OWN_TAGS)
        chosen = {
            "archive_url": str(self.archive_folder),
            "tags_dir": str(tags),
            "extract_processes": "2",
            **settings,
        }
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FEEDMILL_")},
            **{f"FEEDMILL_{name.upper()}": value for name, value in chosen.items()},
        }
        self.settings = chosen
        self._processes: list[subprocess.Popen[str]] = []
        self.store: Store = open_store(read_settings(**chosen))
        self.store.setup()
        self.store.feeds.add([feed("a")])

    def began(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """Start `feedmill …` as a process of its own, which is killed if it outlives the desk."""
        process = subprocess.Popen(
            [sys.executable, "-m", "worker", *words],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._processes.append(process)
        return process

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()
        self.store.close()

    def ran(self, *words: str, deadline_s: float = 120.0, **environment: str) -> str:
        """Run `feedmill …`; return its output. It must not fail, nor show a traceback."""
        process = self.began(*words, **environment)
        out, err = process.communicate(timeout=deadline_s)
        assert process.returncode == 0, out + err
        assert "Traceback" not in err
        return out

    def documents(self, version: str) -> list[Document]:
        """Return everything in a version, page by page, as often as it is there."""
        self.store.articles.refresh()
        found: list[Document] = []
        while more := self.store.versions.page(found[-1].article_id if found else "", "", 500, version):  # type: ignore[arg-type]
            found += more
        return found

    def stock(self, numbers: range, files: int = 1) -> dict[int, ArchiveLocation]:
        """Archive pages and store what an older extractor made of them; return where the pages lie.

        It knew neither the title without the site's name nor where the text ends.
        """
        places = {}
        step = -(-len(numbers) // files)
        for start in range(0, len(numbers), step):
            archive = open_archive(
                self.archive_folder, Rotation(max_bytes=10**9, max_age_s=900), Clock(), print
            )
            for part in range(start, min(start + step, len(numbers)), BATCH):
                some = numbers[part : min(part + BATCH, start + step)]
                pages = {number: page(number, "Harbour reopens", THEN) for number in some}
                places |= {number: keep(archive, each, number) for number, each in pages.items()}
                archive.sync()
                self._store(pages, places)
            archive.close()
        self.store.articles.refresh()
        return places

    def _store(self, pages: Mapping[int, Page], places: Mapping[int, ArchiveLocation]) -> None:
        ids = [f"entry-{number}" for number in pages]
        self.store.entries.admit(A, [entry(str(number), title="") for number in pages], THEN)
        claims = {each.entry_id: each for each in self.store.entries.claim(ids, THEN, LEASE_S)}
        settlements: list[Settlement] = []
        for number, each in pages.items():
            made = document(
                str(number),
                title=f"Eastmere Courier: Harbour reopens {number}",
                body=f"{TEXT.format(n=number)}\nRead more about harbours",
                raw_digest=sha256(each.body),
                published_at=THEN,
                published_source="first_seen",
                first_seen_at=THEN,
                fetched_at=THEN,
                language="en",
                extractor_version="old",
                tagger_version="old",
                archive=places[number],
            )
            settlements.append(settlement(claims[f"entry-{number}"], made))
        assert all(each.outcome for each in self.store.settle(settlements, THEN))


def by_number(documents: list[Document]) -> dict[int, Document]:
    found = {int(each.url.rpartition("/")[2]): each for each in documents}
    assert len(found) == len(documents), "a document is there twice"
    return found


@contextmanager
def sqlite_desk(folder: Path) -> Iterator[Desk]:
    with closing(Desk(folder, store_url=f"sqlite:///{folder}/feedmill.db")) as desk:
        yield desk


@contextmanager
def elasticsearch_desk(folder: Path, url: str) -> Iterator[Desk]:
    prefix = f"feedmill-{secrets.token_hex(4)}"
    try:
        with closing(Desk(folder, store_url=url, store_prefix=prefix)) as desk:
            yield desk
    finally:
        delete_all(url, prefix)
