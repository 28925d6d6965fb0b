"""News sitemaps and indexes of them as feeds of the running service."""

from __future__ import annotations

import gzip
from dataclasses import replace

import pytest

from tests.newsroom import body_of, page
from tests.ops.test_listing import index, sitemap
from tests.site import Reply, Site
from tests.test_service import HOUR, run, search, settings, store

__all__ = ["run", "settings", "store"]

pytestmark = pytest.mark.slow

NAMES = ["harbour", "railway", "market"]


def publish(site: Site, path: str, *names: str) -> None:
    """Serve one page per name, and a packed news sitemap that lists them."""
    for name in names:
        site.serve(f"/{name}", page(f"Plans for {name} move on", body_of(name.title(), f"{name} project")))
    body = sitemap(*names).body.replace(b"https://a.example", site.url("").rstrip("/").encode())
    site.serve(path, Reply(body=gzip.compress(body), content_type="application/x-gzip"))


def test_a_packed_news_sitemap_becomes_articles(run, site, store):
    publish(site, "/news.xml.gz", *NAMES)
    assert run(site.url("/news.xml.gz")).counts["indexed"] == 3
    assert search(store(), "railways") == ["Plans for railway move on"]


def test_an_index_is_followed_anew_at_each_poll_even_if_it_never_changes(run, site):
    """Files come into it, and change within it: nothing is missed, and no page is fetched twice."""
    site.serve("/index.xml", replace(index("news-1.xml.gz", "news-2.xml.gz"), headers={"ETag": '"same"'}))
    publish(site, "/news-1.xml.gz", "harbour")
    assert run(site.url("/index.xml")).counts["indexed"] == 1
    publish(site, "/news-1.xml.gz", "harbour", "railway")
    publish(site, "/news-2.xml.gz", "market")
    assert run(at_s=HOUR).counts["indexed"] == 3
    assert [site.count(f"/{name}") for name in NAMES] == [1, 1, 1]
    assert all("if-none-match" not in request.headers for request in site.requests)
