from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.feeds.discover import FoundFeed, find_feed_link, find_feeds, find_hub

PAGE = "https://site.example/news/"
RSS = 'rel="alternate" type="application/rss+xml"'
PAGES = [
    ("declared", f'<link {RSS} href="/feed" title="All &amp; more">', ["https://site.example/feed"]),
    ("relative to the page", f'<link {RSS} href="rss.xml">', ["https://site.example/news/rss.xml"]),
    ("relative to the base", f'<base href="/x/"><link {RSS} href="rss.xml">', ["https://site.example/x/rss.xml"]),
    ("atom and JSON", '<link rel="alternate" type="application/atom+xml" href="/a"><link rel="alternate" type="application/feed+json" href="/j">',
     ["https://site.example/a", "https://site.example/j"]),
    ("media type with a parameter", '<link rel="ALTERNATE" type="Application/RSS+XML; charset=utf-8" href="/f">', ["https://site.example/f"]),
    ("another language is no feed", '<link rel="alternate" hreflang="de" href="/de">', []),
    ("an embedding is no feed", '<link rel="alternate" type="application/json+oembed" href="/o">', []),
    ("a style sheet is no feed", '<link rel="stylesheet" type="text/css" href="/feed.css">', []),
    ("linked", '<a href="/rss">RSS</a><a href="/about">About</a>', ["https://site.example/rss"]),
    ("declared first", f'<a href="/atom.xml">A</a><link {RSS} href="/feed">', ["https://site.example/feed", "https://site.example/atom.xml"]),
    ("each once", f'<link {RSS} href="/feed"><a href="/feed">RSS</a>', ["https://site.example/feed"]),
    ("feed scheme", '<a href="feed://other.example/x.rss">x</a>', ["https://other.example/x.rss"]),
    ("by query", '<a href="/?feed=rss2">x</a>', ["https://site.example/?feed=rss2"]),
    ("by host", '<a href="https://feeds.other.example/top">x</a>', ["https://feeds.other.example/top"]),
    ("feedback is no feed", '<a href="/feedback">x</a><a href="/rss-explained.html">x</a>', []),
    ("the page itself", f'<link {RSS} href="{PAGE}">', []),
    ("no address", f'<link {RSS} href="javascript:x"><link {RSS}>', []),
    ("nothing", "", []),
]  # fmt: skip


@pytest.mark.parametrize(("page", "urls"), [row[1:] for row in PAGES], ids=[row[0] for row in PAGES])
@pytest.mark.parametrize("kind", [str, str.encode], ids=["str", "bytes"])
def test_find_feeds(page, urls, kind):
    assert [feed.url for feed in find_feeds(kind(page), PAGE)] == urls


def test_titles_and_types():
    page = f'<link {RSS} href="/f" title="All &amp; more"><a href="/x.rss"><b>Sports</b> feed</a>'
    assert find_feeds(page, PAGE) == (
        FoundFeed(url="https://site.example/f", title="All & more", type="application/rss+xml"),
        FoundFeed(url="https://site.example/x.rss", title="Sports feed"),
    )


def test_at_most_fifty():
    assert len(find_feeds("".join(f'<a href="/{n}.rss">x</a>' for n in range(99)), PAGE)) == 50


SCRAPS = [
    "<link",
    " rel=alternate",
    " type=application/rss+xml",
    ' href="http://["',
    "<a href=feed:>",
    "<base href=//[>",
    ">",
    "\x00",
    "é",
]


@given(st.binary(max_size=100) | st.text(max_size=60) | st.lists(st.sampled_from(SCRAPS)).map("".join))
def test_any_page_is_searched(page):
    for feed in find_feeds(page, PAGE):
        assert feed.url.startswith("http")


ADDRESSES = [
    ("plain", "https://a.example/f", "https://a.example/f"),
    ("feed://", "feed://a.example/f", "https://a.example/f"),
    ("feed:http://", "feed:http://a.example/f", "http://a.example/f"),
    ("feed://https://", "feed://https://a.example/f", "https://a.example/f"),
    ("none", None, None),
    ("empty", "", None),
    ("only the scheme", "feed:", None),
]


@pytest.mark.parametrize(
    ("address", "url"), [row[1:] for row in ADDRESSES], ids=[row[0] for row in ADDRESSES]
)
def test_find_feed_link(address, url):
    assert find_feed_link(address) == url


HUBS = {
    '<https://hub.example/>; rel="hub"': "https://hub.example/",
    "<https://hub.example/>; rel=hub": "https://hub.example/",
    '<https://a.example/feed>; rel="self", <https://hub.example/h?a=1,2>; rel="hub"': "https://hub.example/h?a=1,2",
    '<https://hub.example/>; title="x"; rel="next HUB"': "https://hub.example/",
    "</hub>;rel=hub, <https://second.example/>; rel=hub": "https://a.example/hub",
    '<https://a.example/feed>; rel="self"': None,
    '<https://a.example/>; rel="github"': None,
    '<https://a.example/>; title="hub"': None,
    "<javascript:x>; rel=hub": None,
    "": None,
}


@pytest.mark.parametrize("header", HUBS)
def test_the_hub_that_a_response_names(header):
    assert find_hub({"link": header}, "https://a.example/feed") == HUBS[header]
