"""Sitemap indexes: their latest news files are fetched, few and politely, and listed together."""

from __future__ import annotations

import gzip
from contextlib import closing
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any

import pytest

from tests.fakes import ManualClock
from tests.feeds.test_sitemap import file, news, urlset
from tests.newsroom import Item, rss
from tests.site import Reply, Site
from worker.clock import Clock
from worker.errors import HostBusyError, NotFoundError, ParseError
from worker.fetch.client import Fetcher
from worker.fetch.gate import LocalGate
from worker.fetch.policy import FEED, FetchPolicy
from worker.models import ParsedFeed
from worker.ops.listing import read_listing

XML = "application/xml"
IN_PROCESS: Any = SimpleNamespace(run=lambda function, *args, **named: function(*args, **named))


def index(*names: str) -> Reply:
    files = "".join(file(name) for name in names)
    return Reply(body=f"<sitemapindex>{files}</sitemapindex>".encode(), content_type=XML)


def sitemap(*paths: str) -> Reply:
    return Reply(body=urlset("".join(map(news, paths))), content_type=XML)


@pytest.fixture
def read(site: Site, make_fetcher):
    def read(path: str, **options: Any) -> ParsedFeed:
        fetcher = make_fetcher(site, **options)
        return read_listing(fetcher.fetch(site.url(path), FEED), "f" * 16, fetcher, IN_PROCESS, Clock())

    return read


def titles(feed: ParsedFeed) -> list[str | None]:
    return [entry.title for entry in feed.entries]


def test_a_feed_costs_one_request(site, read):
    site.serve("/feed", rss([Item("https://a.example/1", "One")]))
    assert titles(read("/feed")) == ["One"]
    assert len(site.requests) == 1


def test_the_latest_files_of_an_index_are_read_packed_or_not(site, read):
    site.serve("/index", index(*(f"news-{n}.xml" for n in range(1, 6))))
    site.serve("/news-1.xml", sitemap("1", "2"))
    site.serve(
        "/news-2.xml", Reply(body=gzip.compress(sitemap("2", "3").body), content_type="application/x-gzip")
    )
    site.serve("/news-3.xml", sitemap("4"))
    feed = read("/index")
    assert (titles(feed), feed.format) == (["1", "2", "3", "4"], "sitemapindex")
    assert [request.path for request in site.requests] == [
        "/index", "/news-1.xml", "/news-2.xml", "/news-3.xml",
    ]  # fmt: skip


def test_a_file_that_fails_takes_nothing_from_the_others(site, read):
    site.serve("/index", index("news-1.xml", "news-2.xml", "news-3.xml"))
    site.serve("/news-2.xml", sitemap("1"))
    site.serve("/news-3.xml", Reply(body=b"<html>Down</html>"))
    feed = read("/index")
    assert titles(feed) == ["1"]
    assert [note.partition(" (")[0].rpartition("/")[2] for note in feed.notes] == ["news-1.xml", "news-3.xml"]


@pytest.mark.parametrize(
    ("names", "error", "says"),
    [
        pytest.param(["missing.xml"], NotFoundError, "404", id="nothing there"),
        pytest.param(["pages.xml"], ParseError, "1 pages without news", id="no news in it"),
        pytest.param(["index"], ParseError, "names no files", id="itself"),
        pytest.param(["other-index"], ParseError, "an index in an index", id="another index"),
    ],
)
def test_an_index_that_leads_nowhere(site, read, names, error, says):
    site.serve("/index", index(*names))
    site.serve("/pages.xml", Reply(body=urlset("<url><loc>https://a.example/</loc></url>"), content_type=XML))
    site.serve("/other-index", index("deeper.xml"))
    with pytest.raises(error, match=says):
        read("/index")
    assert site.count("/deeper.xml") == 0


def test_the_gate_is_asked_for_each_file(site, read):
    site.serve("/index", index("news-1.xml"))
    with pytest.raises(HostBusyError):
        read("/index", host_delay_s=60)
    assert site.count("/news-1.xml") == 0


def test_a_crawl_delay_between_index_and_files_is_waited_for(site):
    """To defer would ask for the index again and again, and never for what it names."""
    site.serve("/index", index("news-1.xml", "news-2.xml"))
    site.serve("/news-1.xml", sitemap("1"))
    site.serve("/news-2.xml", sitemap("2"))
    clock: Any = ManualClock()
    policy = FetchPolicy(
        user_agent="x", allow_private_networks=(ip_network("127.0.0.1/32"),), allow_ports="any"
    )
    gate = LocalGate(clock)
    gate.slow("news.example", 20)
    with closing(Fetcher(policy, gate, clock, site.resolve)) as fetcher:
        page = fetcher.fetch(site.url("/index"), FEED)
        feed = read_listing(page, "f" * 16, fetcher, IN_PROCESS, clock)
    assert titles(feed) == ["1", "2"]
    assert clock.slept == [20, 20]
    assert site.count("/index") == 1
