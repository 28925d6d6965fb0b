"""An article's page that is done is not fetched again, whatever its feed does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.newsroom import Item, body_of, page, publish, rss
from tests.ops.test_listing import sitemap
from tests.site import Reply, Request, Site
from tests.test_service import HOUR, run, settings, store
from worker.clock import Clock
from worker.feeds.opml import ListedFeed
from worker.mill import open_store
from worker.models import Carried
from worker.ops import subscriptions
from worker.service import RunResult

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


def ended(result: RunResult) -> dict[str, int]:
    return {kind: rows for kind, rows in result.counts.items() if rows}


def renamed(items: list[Item]) -> list[Item]:
    return [replace(item, guid=f"new-{n}") for n, item in enumerate(items)]


def over_https(items: list[Item]) -> list[Item]:
    return [replace(item, link=item.link.replace("http://", "https://")) for item in items]


def twice(items: list[Item]) -> list[Item]:
    """Both guids at once: entries of their own, by the rule for live blogs."""
    return [*items, *renamed(items)]


def in_parts(items: list[Item]) -> list[Item]:
    return [replace(item, link=f"{item.link}#{part}", guid=part) for item in items for part in "ab"]


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
        pytest.param(twice, id="under old and new guids at once"),
        pytest.param(in_parts, id="in parts"),
    ],
)
def test_the_feed_lists_them_otherwise(run, site, listed, listing):
    site.serve("/feed.xml", rss(listing(listed), title="Gazette, relaunched"))
    assert run(at_s=HOUR).counts["pending"] == 0
    assert fetches(site) == [1, 1]


def test_a_listing_goes_back_to_one_guid_for_each_link(run, site):
    items = publish(site, NAMES)
    site.serve("/feed.xml", rss(twice(items)))
    assert ended(run(site.url("/feed.xml"))) == {"indexed": 2, "duplicate": 2}
    site.serve("/feed.xml", rss(items))
    assert ended(run(at_s=HOUR)) == {"indexed": 2, "duplicate": 4}
    assert fetches(site) == [1, 1]


def test_another_feed_tells_entries_of_a_link_apart(run, site, listed, store):
    site.serve("/sport.xml", rss(twice(listed)))
    run(site.url("/sport.xml"), at_s=HOUR)
    assert fetches(site) == [1, 1]
    assert len(store().articles.find_by_url(listed[0].link).feed_ids) == 2


@pytest.fixture
def live(site: Site) -> list[Item]:
    """A live blog: eight entries at one address."""
    link = site.url("/live")
    site.serve("/live", page("The vote, live", body_of("Minsk", "vote")))
    items = [Item(link, f"Update {n}", guid=f"live-{n}") for n in range(8)]
    site.serve("/feed.xml", rss(items))
    return items


def test_a_live_blog_is_one_page_however_many_threads_are_at_it(run, site, live):
    answer = page("The vote, live", body_of("Minsk", "vote"))

    def slow(request: Request) -> Reply:
        site.pause(1)
        return answer

    site.serve("/live", slow)
    assert ended(run(site.url("/feed.xml"))) == {"indexed": 1, "duplicate": 7}
    assert site.count("/live") == 1


def test_a_live_blog_that_fails_is_tried_once_for_all_its_entries(run, site, live):
    site.serve("/live", Reply(status=500))
    assert run(site.url("/feed.xml")).waiting_for_retry == 8
    assert site.count("/live") == 1
    site.serve("/live", page("The vote, live", body_of("Minsk", "vote")))
    assert ended(run(at_s=2 * HOUR)) == {"indexed": 1, "duplicate": 7}
    assert site.count("/live") == 2


def test_a_live_blog_that_goes_on_is_fetched_again_but_not_within_half_an_hour(run, site, live, store):
    run(site.url("/feed.xml"))
    site.serve("/live", page("The vote, live", body_of("Minsk", "vote", " The count has begun.")))
    later = [replace(live[0], guid=f"live-{n}", updated=Clock(offset_s=1200).now()) for n in (8, 9)]
    site.serve("/feed.xml", rss([*later, *live]))
    follow_now = {"on_start": lambda mill: mill.store.feeds.poll_now(mill.clock.now())}
    assert run(at_s=1200, **follow_now).waiting_for_retry == 2
    assert site.count("/live") == 1
    assert ended(run(at_s=HOUR)) == {"indexed": 1, "duplicate": 8, "revised": 1}
    assert site.count("/live") == 2
    assert "has begun" in store().articles.find_by_url(live[0].link).body


def test_a_link_that_redirects_to_a_page_that_is_done(run, site, listed, store):
    site.serve("/short", Reply(status=302, headers={"Location": listed[0].link}))
    site.serve("/other.xml", rss([Item(site.url("/short"), listed[0].title)]))
    assert ended(run(site.url("/other.xml"), at_s=HOUR)) == {"indexed": 2, "duplicate": 1}
    assert (site.count("/short"), fetches(site)) == (1, [1, 1])
    assert len(store().articles.find_by_url(listed[0].link).feed_ids) == 2


def test_a_feed_lists_the_pages_themselves_instead_of_links_that_redirect_there(run, site):
    items = publish(site, NAMES)
    for name, item in zip(NAMES, items, strict=True):
        site.serve(f"/to/{name}", Reply(status=301, headers={"Location": item.link}))
    site.serve(
        "/feed.xml",
        rss([replace(item, link=site.url(f"/to/{n}")) for n, item in zip(NAMES, items, strict=True)]),
    )
    run(site.url("/feed.xml"))
    site.serve("/feed.xml", rss(items))
    assert ended(run(at_s=HOUR)) == {"indexed": 2, "duplicate": 2}
    assert fetches(site) == [1, 1]


def test_what_changed_or_is_forced_is_fetched_again(run, site, listed, store):
    site.serve("/feed.xml", rss(twice(listed)))
    run(at_s=HOUR)
    changed = twice(listed)
    changed[2] = replace(changed[2], title="Plans for harbour are off")
    site.serve("/feed.xml", rss(changed))
    run(at_s=2 * HOUR)
    assert fetches(site) == [2, 1]
    opened = store()
    rows = opened.entries.find_by_url(listed[1].link)
    assert (
        opened.entries.admit_anyway([row.entry.entry_id for row in rows], Clock(offset_s=2 * HOUR).now()) == 3
    )
    run(at_s=3 * HOUR)
    assert fetches(site) == [2, 4]


def test_a_page_that_names_another_as_its_own_does_not_stand_for_it(run, site):
    """A template's mistake: the other page's article has never been fetched."""
    items = publish(site, NAMES)
    site.serve("/harbour", page(items[0].title, body_of("Riga", "harbour"), canonical=items[1].link))
    site.serve("/feed.xml", rss(items[:1]))
    run(site.url("/feed.xml"))
    site.serve("/feed.xml", rss(items))
    assert ended(run(at_s=HOUR)) == {"indexed": 2}
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
    assert ended(result) == {"indexed": 3}


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


def test_an_article_that_a_re_index_left_out_is_no_reason_to_wait_for_it(run, site, listed, store):
    opened = store()
    into = opened.versions.create()
    opened.articles.refresh()
    for document in opened.versions.page("", "", 10, "live"):
        after = None if document.url.endswith("/harbour") else document
        opened.versions.carry([Carried(before=document, after=after)], into)
    opened.versions.swap()
    opened.versions.drop()
    assert opened.articles.count() == 1
    site.serve("/feed.xml", rss(twice(listed)))
    assert ended(run(at_s=HOUR)) == {"indexed": 3, "duplicate": 3}
    assert fetches(site) == [2, 1]
    assert opened.articles.count() == 2
