from __future__ import annotations

import gzip
import io
import threading
import time
from urllib.parse import urlsplit

import feedparser
import pytest

from tests.demo.conftest import NOW, get
from worker.demo.load import load_outlets
from worker.demo.server import DemoSite

EDITED = "courier/world/iceland-reykjanes-tremors"
REDIRECTS = {
    "/go/rss/90417": (302, "courier/business/rotterdam-crane-drivers-strike"),
    "/faro/cultura/museo-carnaval": (301, "faro/cultura/uruguay-murga-carnaval-museo"),
}
REMOVED = "/quai/economie/brocante-du-port-annulee"


@pytest.mark.parametrize("outlet", load_outlets(), ids=lambda outlet: outlet.prefix)
def test_every_listed_page_answers_as_meant(site, outlet):
    for article in outlet.articles:
        if article.feed_only:
            continue
        path = article.listed_as or article.path
        reply = get(f"{site.url}{path[1:]}?{article.listed_query}")
        expected, target = REDIRECTS.get(path, (404 if path == REMOVED else 200, None))
        assert (path, reply.status) == (path, expected)
        assert reply.headers.getheader("Location") == (target and site.url + target)
        if target:
            assert get(site.url + target).status == 200


def test_the_slow_page_keeps_one_waiting():
    with DemoSite(NOW, slow_s=0.4) as site:
        started = time.monotonic()
        assert get(f"{site.url}vestnik/news/10022").status == 200
        assert time.monotonic() - started >= 0.4


def test_closing_does_not_wait_for_the_slow_page():
    with DemoSite(NOW, slow_s=60) as site:
        reader = threading.Thread(target=get, args=(f"{site.url}vestnik/news/10022",))
        reader.start()
        deadline = time.monotonic() + 5
        while not site.requests() and time.monotonic() < deadline:
            pass
        assert site.requests() == {"/vestnik/news/10022": 1}
    reader.join(5)
    assert not reader.is_alive()


def test_robots_allow_everything_that_is_listed(site):
    reply = get(f"{site.url}robots.txt")
    assert (reply.status, reply.headers.getheader("Content-Type")) == (200, "text/plain")
    assert b"Disallow: /private/" in reply.body


def test_requests_are_counted_by_path(site):
    for path in ("courier/", "courier/?page=2", "nowhere"):
        get(site.url + path)
    assert site.requests() == {"/courier/": 2, "/nowhere": 1}


@pytest.mark.parametrize("feed", range(5))
@pytest.mark.parametrize(
    ("validator", "field"), [("ETag", "If_None_Match"), ("Last-Modified", "If_Modified_Since")]
)
def test_an_unchanged_feed_answers_304(site, feed, validator, field):
    first = get(site.feed_urls[feed])
    again = get(site.feed_urls[feed], **{field: first.headers.getheader(validator)})
    assert (first.status, again.status, again.body) == (200, 304, b"")
    assert again.headers.getheader("ETag") == first.headers.getheader("ETag")


@pytest.mark.parametrize(
    "headers",
    [
        {"If_None_Match": '"other"'},
        {"If_Modified_Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"If_Modified_Since": "yesterday"},
    ],
    ids=["another tag", "an old date", "no date"],
)
def test_a_stale_copy_gets_the_feed(site, headers):
    assert get(site.feed_urls[0], **headers).status == 200


def test_a_tag_outweighs_the_date(site):
    fresh = get(site.feed_urls[0]).headers.getheader("Last-Modified")
    assert get(site.feed_urls[0], If_None_Match='"other"', If_Modified_Since=fresh).status == 200


@pytest.mark.parametrize("path", ["courier/feed.xml", EDITED, "vestnik/news/10023"])
def test_gzip_for_those_who_take_it(site, path):
    plain, zipped = get(site.url + path), get(site.url + path, Accept_Encoding="br, gzip")
    assert plain.headers.getheader("Content-Encoding") is None
    assert zipped.headers.getheader("Content-Encoding") == "gzip"
    assert gzip.decompress(zipped.body) == plain.body
    assert len(zipped.body) < len(plain.body)


def feed_entry(body):
    return next(e for e in feedparser.parse(io.BytesIO(body)).entries if e.get("link", "").endswith(EDITED))


def test_publish_edit_changes_page_title_and_feed_times(site):
    feed, page = get(site.feed_urls[0]), get(site.url + EDITED)
    site.publish_edit()
    new_feed, new_page = get(site.feed_urls[0]), get(site.url + EDITED)
    before, after = feed_entry(feed.body), feed_entry(new_feed.body)
    assert before.title.startswith("Iceland watches")
    assert after.title.startswith("Eruption begins")
    assert before.updated_parsed < after.updated_parsed == NOW.utctimetuple()
    assert before.published_parsed == after.published_parsed
    assert b"Lava broke through" in new_page.body
    assert b"Lava broke through" not in page.body
    assert b"<title>Eruption begins" in new_page.body


def test_publish_edit_is_seen_by_a_conditional_poll_of_that_feed_alone(site):
    first = [get(url) for url in site.feed_urls]
    site.publish_edit()
    again = [
        get(
            url,
            If_None_Match=reply.headers.getheader("ETag"),
            If_Modified_Since=reply.headers.getheader("Last-Modified"),
        ).status
        for url, reply in zip(site.feed_urls, first, strict=True)
    ]
    assert again == [200, 304, 304, 304, 304]
    by_date = get(site.feed_urls[0], If_Modified_Since=first[0].headers.getheader("Last-Modified"))
    assert by_date.status == 200


def test_publish_edit_twice_is_the_same_edit(site):
    site.publish_edit()
    once = get(site.feed_urls[0]).body
    site.publish_edit()
    assert get(site.feed_urls[0]).body == once


def test_telling_urls_are_listed_by_feeds(site):
    site.publish_edit()
    listed = b"".join(get(url).body for url in site.feed_urls).decode()
    told = [urlsplit(url).path for url in site.telling_urls]
    assert told == [
        "/" + EDITED,
        "/courier/business/airport-lounge-prices",
        "/morgenblatt/wirtschaft/autozulieferer-ungarn-umbau-408.html",
        "/morgenblatt/partner/moldova-wine-cellars-museum-409.html",
        REMOVED,
        "/faro/cultura/museo-carnaval",
    ]
    assert [path for path in told if path.split("/", 2)[2] not in listed] == []


def test_two_sites_at_once_are_two_sites():
    with DemoSite(NOW) as one, DemoSite(NOW) as other:
        assert one.url != other.url
        one.publish_edit()
        assert b"Eruption begins" in get(one.url + EDITED).body
        assert b"Eruption begins" not in get(other.url + EDITED).body
        assert other.requests() == {"/" + EDITED: 1}


def test_one_now_gives_one_site():
    with DemoSite(NOW) as one, DemoSite(NOW) as other:
        for path in (*(urlsplit(url).path[1:] for url in one.feed_urls), EDITED, "vestnik/news/10021"):
            first = get(one.url + path).body.replace(one.url.encode(), b"")
            assert first == get(other.url + path).body.replace(other.url.encode(), b"")


def test_the_site_is_fresh_without_a_now():
    with DemoSite() as site:
        served_at = feedparser.parse(io.BytesIO(get(site.feed_urls[0]).body)).entries[0].published_parsed
        assert NOW.utctimetuple() < served_at
