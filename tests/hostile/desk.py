"""A mill over a hostile web: real client, children, SQLite and writer. Only Celery is left out."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from tests.newsroom import body_of, page
from tests.site import Reply, Site
from worker import urls
from worker.archive.base import NoArchive
from worker.clock import Clock
from worker.fetch.client import Fetcher
from worker.fetch.gate import LocalGate
from worker.fetch.policy import FetchPolicy
from worker.ingest import ingest_entry, ingest_hit_a_bug
from worker.manners import Manners
from worker.mill import Mill, open_pool, open_store
from worker.models import Claim, Document, Entry, Feed, LedgerRow
from worker.ops.subscriptions import new_feed
from worker.poll import poll_feed, poll_hit_a_bug
from worker.settings import read_settings
from worker.store.writer import Writer

HEALTHY = "healthy"
FEEDS_OWN = "https://desk.example/feed"


@dataclass(frozen=True)
class Ended:
    """What the ledger says of one entry: an outcome or a wait, and why."""

    kind: str
    reason: str | None
    attempts: int
    http_status: int | None
    seconds: float
    fetch_ms: int | None
    document: Document | None

    @property
    def verdict(self) -> tuple[str, str | None]:
        return self.kind, self.reason


class Desk:
    """Does on threads what the tasks do: polls feeds, claims entries, ingests them, waits for the writer."""

    def __init__(self, mill: Mill, site: Site) -> None:
        self.mill = mill
        self.site = site
        self.bugs: list[Exception] = []
        self.writer = Writer(
            mill.store, mill.clock, lambda *_: None, lambda _, error: self.bugs.append(error)
        )
        site.serve("/healthy", page("Harbour reopens", body_of("Riga", "harbour plan")))

    def listed(self, links: Mapping[str, str], threads: int = 16) -> dict[str, Ended]:
        """Let a feed list these links, and a healthy page among them; return how each entry ended."""
        items = {HEALTHY: self.site.url("/healthy")} | dict(links)
        parts = "".join(
            f"<item><guid isPermaLink='false'>{name}</guid><link>{link}</link></item>"
            for name, link in ((escape(n), escape(link)) for n, link in items.items())
        )
        xml = f"<rss version='2.0'><channel><title>Desk</title><link>https://desk.example/</link>{parts}</channel></rss>"
        self.site.serve("/desk.xml", Reply(body=xml.encode(), content_type="application/rss+xml"))
        feed = self.polled(self.site.url("/desk.xml"))
        assert feed.last_outcome in ("parsed", "unchanged"), feed
        return self.worked_off(threads)

    def admitted(self, links: Mapping[str, str], threads: int = 16) -> dict[str, Ended]:
        """Put these links into the ledger as they are, past every rule for links in feeds."""
        now = self.mill.clock.now()
        feed = new_feed(FEEDS_OWN, now, 1800)
        self.mill.store.feeds.add([feed])
        self.mill.store.entries.admit(
            feed.feed_id,
            [
                Entry(entry_id=urls.entry_id_of(name), feed_id=feed.feed_id, url=link, guid=name, domain=name)
                for name, link in links.items()
            ],
            now,
        )
        return self.worked_off(threads)

    def worked_off(self, threads: int) -> dict[str, Ended]:
        """Ingest everything due, and return how it ended by guid."""
        store, now = self.mill.store, self.mill.clock.now()
        due = [row.entry_id for row in store.entries.due(now, 10_000, 10_000)]
        with ThreadPoolExecutor(threads) as pool:
            seconds = dict(pool.map(self._work, store.entries.claim(due, now, 900)))
        self.settled()
        rows = {entry_id: store.entries.get(entry_id) for entry_id in seconds}
        return {row.entry.guid: self._ended(row, seconds[entry_id]) for entry_id, row in rows.items()}

    def polled(self, url: str) -> Feed:
        """Follow and poll one feed; return its record."""
        store, now = self.mill.store, self.mill.clock.now()
        if (feed := store.feeds.find(url)) is None:
            feed = new_feed(url, now, 1800)
            store.feeds.add([feed])
        try:
            poll_feed(self.mill, feed.feed_id)
        except Exception as error:
            poll_hit_a_bug(self.mill, feed.feed_id, error)
        return store.feeds.get(feed.feed_id)

    def settled(self) -> None:
        end = time.monotonic() + 20
        while not self.writer.is_idle():
            assert time.monotonic() < end, "the writer hangs"
            threading.Event().wait(0.01)

    def rows_of(self, feed: Feed) -> list[LedgerRow]:
        """Return the ledger rows that are due and listed by one feed."""
        entries = self.mill.store.entries
        rows = (entries.get(due.entry_id) for due in entries.due(self.mill.clock.now(), 10_000, 10_000))
        return [row for row in rows if row and feed.feed_id in row.feed_ids]

    def _work(self, claim: Claim) -> tuple[str, float]:
        started = time.monotonic()
        try:
            ingest_entry(self.mill, self.writer.submit, claim)
        except Exception as error:
            ingest_hit_a_bug(self.mill, self.writer.submit, claim, error)
        return claim.entry_id, time.monotonic() - started

    def _ended(self, row: LedgerRow, seconds: float) -> Ended:
        document = self.mill.store.articles.get(row.article_id) if row.article_id else None
        return Ended(
            kind=str(row.outcome or row.wait),
            reason=row.reason,
            attempts=row.attempts,
            http_status=row.http_status,
            seconds=seconds,
            fetch_ms=row.timings.fetch_ms,
            document=document,
        )


@contextmanager
def open_desk(folder: Path, site: Site, tls: Any = None, **overrides: Any) -> Iterator[Desk]:
    """Open a desk whose client may visit 127.0.0.1 only and whose names the site resolves."""
    settings = read_settings(
        **{
            "store_url": f"sqlite:///{folder}/feedmill.db",
            "allow_private_networks": "127.0.0.1/32",
            "allow_ports": "any",
            "host_delay_s": 0,
            "fetch_timeout_s": 8,
            "connect_timeout_s": 4,
            "extract_processes": 2,
            "extract_timeout_s": 10,
            "retry_base_s": 3600,
            "robots": "ignore",  # a page's mischief is told by its own requests; robots.txt has tests of its own
            **overrides,
        }
    )
    clock = Clock()
    policy = FetchPolicy(
        user_agent=settings.user_agent,
        allow_private_networks=settings.allow_private_networks,
        allow_ports=settings.allow_ports,
        timeout_s=settings.fetch_timeout_s,
        connect_timeout_s=settings.connect_timeout_s,
        host_delay_s=settings.host_delay_s,
        per_site=64,  # all of the hostile web is one site
    )
    with (
        closing(Fetcher(policy, gate := LocalGate(clock), clock, site.resolve, tls=tls)) as fetcher,
        closing(open_pool(settings)) as pool,
        closing(open_store(settings)) as store,
    ):
        parts = {"settings": settings, "clock": clock, "store": store, "fetcher": fetcher, "pool": pool}
        manners = Manners(fetcher, gate, store.hosts, clock, settings.user_agent)
        desk = Desk(Mill(**parts, gate=gate, manners=manners, archive=NoArchive()), site)
        try:
            yield desk
        finally:
            desk.writer.drain()
