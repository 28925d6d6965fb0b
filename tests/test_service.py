"""The service in one process, whole: real Celery, real children, a real store, a web on loopback."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.newsroom import Item, body_of, follow, page, publish, rss
from tests.site import Reply, Site
from tests.store.elasticsearch.backend import delete_all
from worker.clock import Clock
from worker.mill import open_store
from worker.service import RunResult, run_service
from worker.settings import Settings, read_settings
from worker.store.query import make_request

HOUR = 3600.0

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", pytest.param("elasticsearch", marks=pytest.mark.services)])
def settings(request, tmp_path: Path, monkeypatch) -> Iterator[Settings]:
    """Settings for a service of its own on either store, set up and empty."""
    monkeypatch.chdir(tmp_path)
    prefix = f"feedmill-{secrets.token_hex(4)}"
    on_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/feedmill.db" if on_sqlite else request.getfixturevalue("elasticsearch_url")
    settings = read_settings(
        store_url=url,
        store_prefix=prefix,
        allow_private_networks="127.0.0.0/8",
        allow_ports="any",
        host_delay_s=0,
        fetch_threads=4,
        extract_processes=1,
        retry_base_s=3600,
        archive_url=str(tmp_path / "archive"),
    )
    with closing(open_store(settings)) as store:
        store.setup()
    yield settings
    if not on_sqlite:
        delete_all(url, prefix)


@pytest.fixture
def run(settings: Settings, site: Site) -> Callable[..., RunResult]:
    """Run until idle; `at_s` sets the clock forward."""

    def run(*feeds: str, at_s: float = 0.0, **options: Any) -> RunResult:
        clock = Clock(offset_s=at_s)
        given = {"on_start": follow(*feeds), **options}
        return run_service(settings, until_idle=True, clock=clock, resolver=site.resolve, **given)

    return run


@pytest.fixture
def store(settings: Settings, run):
    """Open the store after a run (the fixture order makes it close first)."""
    opened = []

    def open_() -> Any:
        opened.append(open_store(settings))
        return opened[-1]

    yield open_
    for store in opened:
        store.close()


def search(store: Any, text: str) -> list[str]:
    return [hit.document.title for hit in store.articles.search(make_request(text)).hits]


def test_feeds_become_searchable_articles_and_every_entry_has_an_outcome(run, site, store):
    publish(site, ["harbour", "railway"])
    site.serve("/other.xml", rss([Item(site.url("/missing"), "Nothing there")]))
    result = run(site.url("/feed.xml"), site.url("/other.xml"))
    assert {k: v for k, v in result.counts.items() if v} == {"indexed": 2, "rejected": 1}
    opened = store()
    assert search(opened, "railways") == ["Plans for railway move on"]
    [dead] = opened.entries.dead()
    assert (dead.reason, dead.http_status) == ("not_found", 404)
    assert search(opened, "rights") == []


def test_a_second_run_fetches_no_page_again(run, site):
    publish(site, ["harbour"])
    run(site.url("/feed.xml"))
    run(at_s=HOUR)
    assert (site.count("/feed.xml"), site.count("/harbour")) == (2, 1)


def test_two_links_that_end_at_one_article_make_one_article_that_knows_both_feeds(run, site, store):
    canonical = site.url("/story")
    site.serve("/story", page("The story", body_of("Minsk", "potash deal"), canonical=canonical))
    site.serve("/story-amp", page("The story", body_of("Minsk", "potash deal"), canonical=canonical))
    site.serve("/a.xml", rss([Item(canonical, "The story")]))
    site.serve("/b.xml", rss([Item(site.url("/story-amp"), "The story, in short")]))
    result = run(site.url("/a.xml"), site.url("/b.xml"))
    assert {k: v for k, v in result.counts.items() if v} == {"indexed": 1, "duplicate": 1}
    opened = store()
    [hit] = opened.articles.search(make_request("potash")).hits
    assert len(hit.document.feed_ids) == 2


def test_two_feeds_that_list_one_link_under_different_titles_never_refetch_in_turn(run, site, store):
    site.serve("/story", page("The story", body_of("Minsk", "potash deal")))
    site.serve("/a.xml", rss([Item(site.url("/story"), "One title")]))
    site.serve("/b.xml", rss([Item(site.url("/story"), "Quite another title")]))
    for hours in range(3):
        run(site.url("/a.xml"), site.url("/b.xml"), at_s=hours * HOUR)
    assert site.count("/story") == 1
    [row] = store().entries.find_by_url(site.url("/story"))
    assert len(row.feed_ids) == 2


def test_an_edited_article_becomes_a_new_revision(run, site, store):
    link = site.url("/story")
    site.serve("/story", page("The story", body_of("Minsk", "potash deal")))
    site.serve("/feed.xml", rss([Item(link, "The story")]))
    run(site.url("/feed.xml"))
    site.serve("/story", page("The story, corrected", body_of("Minsk", "potash agreement")))
    site.serve("/feed.xml", rss([Item(link, "The story, corrected")]))
    result = run(at_s=HOUR)
    assert {k: v for k, v in result.counts.items() if v} == {"revised": 1}
    opened = store()
    document = opened.articles.find_by_url(link)
    assert (document.revision, document.title) == (2, "The story, corrected")
    assert search(opened, "deal") == []


def test_a_change_that_leaves_the_page_alone_is_unchanged(run, site, store):
    link = site.url("/story")
    site.serve("/story", page("The story", body_of("Minsk", "potash deal")))
    site.serve("/feed.xml", rss([Item(link, "The story")]))
    run(site.url("/feed.xml"))
    site.serve("/feed.xml", rss([Item(link, "The story (again)")]))
    result = run(at_s=HOUR)
    assert {k: v for k, v in result.counts.items() if v} == {"unchanged": 1}
    assert site.count("/story") == 2


def test_a_server_error_is_retried_later_and_does_not_hold_the_command(run, site, store):
    site.serve("/busy", Reply(status=503, headers={"Retry-After": "7200"}))
    site.serve("/feed.xml", rss([Item(site.url("/busy"), "Busy")]))
    result = run(site.url("/feed.xml"))
    assert (result.counts["pending"], result.waiting_for_retry) == (1, 1)
    [row] = store().entries.find_by_url(site.url("/busy"))
    assert (row.wait, row.reason, row.attempts) == ("retry", "http_5xx", 1)
    assert (row.due_at - row.admitted_at).total_seconds() >= 7200
    site.serve("/busy", page("Not busy any more", body_of("Riga", "harbour")))
    result = run(at_s=3 * HOUR)
    assert result.counts["indexed"] == 1


def test_a_broken_feed_keeps_its_validators_and_its_schedule(run, site, store):
    publish(site, ["harbour"])
    feed_url = site.url("/feed.xml")
    run(feed_url)
    site.serve("/feed.xml", Reply(body=b"<html><body>Down for maintenance</body></html>"))
    run(at_s=HOUR)
    feed = store().feeds.find(feed_url)
    assert (feed.consecutive_failures, feed.last_outcome, feed.state) == (1, "not_a_feed", "active")
    assert feed.next_poll_at > feed.last_polled_at


def test_unchanged_feeds_are_asked_conditionally_and_not_parsed(run, site, store):
    items = publish(site, ["harbour"])
    feed = rss(items)
    etag = '"v1"'

    def answer(request):
        if request.headers.get("if-none-match") == etag:
            return Reply(status=304, headers={"ETag": etag})
        return Reply(body=feed.body, content_type=feed.content_type, headers={"ETag": etag})

    site.serve("/feed.xml", answer)
    run(site.url("/feed.xml"))
    run(at_s=HOUR)
    stored = store().feeds.find(site.url("/feed.xml"))
    assert (stored.last_outcome, stored.etag) == ("not_modified", etag)


def test_an_entry_that_fails_outside_the_error_tree_is_kept_and_named_a_bug(run, site, store, monkeypatch):
    publish(site, ["harbour"])
    monkeypatch.setattr("worker.ingest.PAGE", "not a kind of page")
    result = run(site.url("/feed.xml"))
    assert result.waiting_for_retry == 1
    [row] = store().entries.find_by_url(site.url("/harbour"))
    assert (row.reason, row.attempts) == ("bug", 1)


def disallow_all(site: Site, path: str = "/") -> None:
    site.serve(
        "/robots.txt", Reply(body=f"User-agent: *\nDisallow: {path}\n".encode(), content_type="text/plain")
    )


def test_a_page_that_robots_disallow_is_rejected_and_its_feed_still_polled(run, site, store):
    publish(site, ["harbour", "railway"])
    disallow_all(site, "/harbour")
    result = run(site.url("/feed.xml"))
    assert {k: v for k, v in result.counts.items() if v} == {"indexed": 1, "rejected": 1}
    disallow_all(site)
    run(at_s=25 * HOUR)
    opened = store()
    [dead] = opened.entries.dead()
    assert (dead.outcome, dead.reason, dead.http_status) == ("rejected", "robots", None)
    assert (site.count("/feed.xml"), site.count("/harbour")) == (2, 0)
    assert opened.feeds.find(site.url("/feed.xml")).last_outcome == "unchanged"


def test_robots_that_fail_hold_their_host_back_and_no_other(run, site, store):
    """The feed's own host is another, and none of its pages is lost: they wait."""
    publish(site, ["harbour"])
    site.serve("/robots.txt", Reply(status=503))
    result = run(site.url("/feed.xml"))
    assert (result.counts["pending"], result.waiting_for_retry) == (1, 1)
    [row] = store().entries.find_by_url(site.url("/harbour"))
    assert (row.wait, row.reason, row.attempts) == ("retry", "robots_unavailable", 1)
    site.serve("/robots.txt", Reply(status=404))
    assert run(at_s=3 * HOUR).counts["indexed"] == 1


def test_the_operator_may_override_robots_for_one_feed(run, site):
    publish(site, ["harbour"])
    publish(site, ["railway"], feed="/other.xml")
    disallow_all(site)

    def override(mill: Any) -> None:
        follow(site.url("/feed.xml"), site.url("/other.xml"))(mill)
        mill.store.feeds.update(mill.store.feeds.find(site.url("/feed.xml")).feed_id, {"ignore_robots": True})

    result = run(on_start=override)
    assert {k: v for k, v in result.counts.items() if v} == {"indexed": 1, "rejected": 1}
    assert (site.count("/harbour"), site.count("/railway"), site.count("/robots.txt")) == (1, 0, 1)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_the_operator_may_override_robots_for_all(settings, site):
    publish(site, ["harbour"])
    disallow_all(site)
    result = run_service(
        settings.model_copy(update={"robots": "ignore"}),
        until_idle=True,
        resolver=site.resolve,
        on_start=follow(site.url("/feed.xml")),
    )
    assert (result.counts["indexed"], site.count("/robots.txt")) == (1, 0)


def test_a_restart_forgets_no_retry_after(run, site, store):
    """The whole host is stopped, its feed and robots.txt too, until its own time has come."""
    site.serve("/busy", Reply(status=429, headers={"Retry-After": "7200"}))
    site.serve("/feed.xml", rss([Item(site.url("/busy"), "Busy"), Item(site.url("/next"), "Next")]))
    for path in ("/next", "/new"):
        site.serve(path, page(f"A page at {path}", body_of("Riga", f"harbour {path[1:]}")))
    run(site.url("/feed.xml"))
    asked = len(site.requests)
    site.serve("/feed.xml", rss([Item(site.url("/new"), "New")]))
    run(at_s=HOUR)
    assert len(site.requests) == asked
    site.serve("/busy", page("Not busy any more", body_of("Oslo", "railway")))
    assert run(at_s=3 * HOUR).counts["indexed"] == 3
