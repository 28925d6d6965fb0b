"""An article's page that is done is not fetched again, whatever its feed does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.newsroom import Item, publish, rss
from tests.ops.test_listing import sitemap
from tests.site import Reply, Site
from tests.test_service import HOUR, run, settings, store
from worker.clock import Clock
from worker.feeds.opml import ListedFeed
from worker.mill import open_store
from worker.ops import subscriptions

__all__ = ["run", "settings", "store"]

pytestmark = pytest.mark.slow

DAY = 24 * HOUR
NAMES = ["harbour", "railway"]


@pytest.fixture
def listed(site: Site, run: Callable[..., Any]) -> list[Item]:
    """Two articles that were listed, fetched and indexed."""
    items = publish(site, NAMES)
    assert run(site.url("/feed.xml")).counts["indexed"] == 2
    return items


def fetches(site: Site) -> list[int]:
    return [site.count(f"/{name}") for name in NAMES]


def renamed(items: list[Item]) -> list[Item]:
    return [replace(item, guid=f"new-{n}") for n, item in enumerate(items)]


def over_https(items: list[Item]) -> list[Item]:
    return [replace(item, link=item.link.replace("http://", "https://")) for item in items]


def tracked(items: list[Item]) -> list[Item]:
    return [replace(item, link=f"{item.link}?utm_source=rss") for item in items]


@pytest.mark.parametrize(
    "listing",
    [
        pytest.param(lambda items: items, id="lists them again"),
        pytest.param(lambda items: items[::-1], id="in another order"),
        pytest.param(renamed, id="under other guids"),
        pytest.param(over_https, id="under https"),
        pytest.param(tracked, id="with tracking parameters"),
    ],
)
def test_the_feed_lists_them_otherwise(run, site, listed, listing):
    site.serve("/feed.xml", rss(listing(listed), title="Gazette, relaunched"))
    assert run(at_s=HOUR).counts["pending"] == 0
    assert fetches(site) == [1, 1]


@pytest.mark.parametrize(
    "days",
    [
        pytest.param(3, id="three days"),
        pytest.param(400, id="400 days: the ledger was pruned meanwhile"),
    ],
)
def test_they_fall_out_and_come_back(run, site, listed, days):
    other = publish(site, ["market"], feed="/other.xml")
    site.serve("/feed.xml", rss(other))
    run(at_s=HOUR)
    run(at_s=days * DAY)  # a pruning tick comes with every start
    site.serve("/feed.xml", rss([*other, *listed]))
    result = run(at_s=days * DAY + HOUR)
    assert fetches(site) == [1, 1]
    assert {kind: rows for kind, rows in result.counts.items() if rows} == {"indexed": 3}


def test_the_feed_is_imported_again(run, site, listed, store):
    opened = store()
    url = site.url("/feed.xml")
    again = subscriptions.import_feeds(opened, [ListedFeed(url=url)], Clock().now(), 1800)
    moved = subscriptions.import_feeds(
        opened, [ListedFeed(url=url.replace("http://", "https://"))], Clock().now(), 1800
    )
    assert (again.known, moved.known) == (1, 1)
    run(at_s=HOUR)
    assert fetches(site) == [1, 1]


def test_the_feed_is_removed_and_added_again(run, site, listed, settings):
    opened = open_store(settings)
    subscriptions.remove_feed(opened, subscriptions.find_feed(opened, site.url("/feed.xml")), Clock().now())
    opened.close()
    run(site.url("/feed.xml"), at_s=HOUR)
    assert (site.count("/feed.xml"), fetches(site)) == (2, [1, 1])


def test_another_feed_and_a_news_sitemap_list_them_too(run, site, listed, store):
    site.serve("/sport.xml", rss(renamed(listed)))
    news = sitemap(*NAMES).body.replace(b"https://a.example", site.url("").encode())
    site.serve("/news.xml", Reply(body=news, content_type="application/xml"))
    run(site.url("/sport.xml"), site.url("/news.xml"), at_s=HOUR)
    assert fetches(site) == [1, 1]
    [row] = store().entries.find_by_url(listed[0].link)
    assert len(row.feed_ids) == 3


def test_a_page_that_was_no_article_is_tried_again_after_the_ledger_forgot_it(run, site):
    """A year is a long time: what is kept for ever is what there is an article of."""
    site.serve("/feed.xml", rss([Item(site.url("/gone"), "Gone")]))
    run(site.url("/feed.xml"))
    site.serve("/feed.xml", rss([]))
    run(at_s=400 * DAY)
    site.serve("/feed.xml", rss([Item(site.url("/gone"), "Gone")]))
    run(at_s=400 * DAY + HOUR)
    assert site.count("/gone") == 2
