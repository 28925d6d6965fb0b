"""The design's paragraph "Identity", a row each."""

from __future__ import annotations

import pytest

from tests.feeds.listed import FEED_ID, NOW, parsed, rss
from worker.feeds.parse import parse_feed
from worker.urls import entry_id_of


def item(link: str | None = None, guid: str | None = None, title: str = "t", more: str = "") -> str:
    linked = f"<link>{link}</link>" if link else ""
    named = f'<guid isPermaLink="false">{guid}</guid>' if guid else ""
    return f"<item><title>{title}</title>{linked}{named}{more}</item>"


A = "https://site.example/a"
DATED = "<pubDate>Mon, 02 Mar 2026 08:00:00 GMT</pubDate><description>s</description>"
IDS = [
    ("the link's identity URL", [item("http://SITE.example/a?utm_source=x#top", "g")], [(A,)]),
    ("no link: feed and guid", [item(guid="g")], [(FEED_ID, "g")]),
    ("no link, no guid", [item(more=DATED)], [(FEED_ID, "t", "s", "2026-03-02T08:00:00+00:00")]),
    ("nothing but a title", [item()], [(FEED_ID, "t", "", "")]),
    ("shared link, guids differ", [item(A, "1"), item(A, "2")], [(FEED_ID, "1"), (FEED_ID, "2")]),
    ("shared link, guids differ, one without", [item(A, "1"), item(A, "2"), item(A)],
     [(FEED_ID, "1"), (FEED_ID, "2"), (A,)]),
    ("shared link, one guid", [item(A, "1"), item(A)], [(A,)]),
    ("guid shared by two links", [item(A, "1"), item(f"{A}b", "1")], [(A,), (f"{A}b",)]),
    ("home page: feed and guid", [item("https://site.example/", "1")], [(FEED_ID, "1")]),
    ("home page with utm", [item("https://site.example/?utm_source=rss", "1")], [(FEED_ID, "1")]),
    ("home page, no guid", [item("https://site.example/index.html")], [(FEED_ID, "t", "", "")]),
    ("a query is a page", [item("https://site.example/?p=1", "1")], [("https://site.example/?p=1",)]),
    ("fragments tell apart", [item(f"{A}#1"), item(f"{A}#2")], [(f"{A}#1",), (f"{A}#2",)]),
    ("one with, one without fragment", [item(f"{A}#1"), item(A)], [(f"{A}#1",), (A,)]),
    ("the same fragment twice is no difference", [item(f"{A}#1"), item(f"{A}#1")], [(A,)]),
]  # fmt: skip


@pytest.mark.parametrize(("items", "identities"), [row[1:] for row in IDS], ids=[row[0] for row in IDS])
def test_entry_id(items, identities):
    assert [entry.entry_id for entry in rss("".join(items)).entries] == [entry_id_of(*i) for i in identities]


COLLAPSED = [
    ("same link and guid", [item(A, "1"), item(A, "1", title="other")], ["same link and guid"]),
    ("same link, no guid", [item(A), item(f"{A}?utm_source=x")], ["same link, no guid"]),
    ("same link, one without a guid", [item(A, "1"), item(A)], ["same link, one without a guid"]),
    ("same guid, no link", [item(guid="1"), item(guid="1")], ["same guid, no link"]),
    ("the same entry twice", [item(more=DATED)] * 3, ["same title, summary and date"] * 2),
    ("empty", [item(A), "<item/>"], ["empty entry"]),
    ("different dates are different entries", [item(more=DATED), item()], []),
    ("nothing shared", [item(A), item(f"{A}b")], []),
]


@pytest.mark.parametrize(
    ("items", "rules"), [row[1:] for row in COLLAPSED], ids=[row[0] for row in COLLAPSED]
)
def test_collapse(items, rules):
    feed = rss("".join(items))
    assert [gone.rule for gone in feed.collapsed] == rules
    assert feed.listed == len(items) == len(feed.entries) + len(feed.collapsed)


def test_the_first_listed_stays():
    feed = rss(item(A, "1", title="new") + item(A, "1", title="old"))
    assert [entry.title for entry in feed.entries] == ["new"]
    assert [(gone.title, gone.url) for gone in feed.collapsed] == [("old", A)]


def hash_of(title: str, updated: str = "2026-03-02T10:00:00Z", summary: str = "s", now=NOW) -> str:
    feed = parsed(
        f'<feed xmlns="http://www.w3.org/2005/Atom"><title>f</title><entry><id>x</id><title>{title}</title>'
        f"<updated>{updated}</updated><summary>{summary}</summary></entry></feed>",
        now=now,
    )
    return feed.entries[0].entry_hash


HASHES = [
    ("the summary is not covered", {"title": "A"}, {"title": "A", "summary": "other"}, True),
    ("case, width and spaces are normalised", {"title": "Ａ  b"}, {"title": "a B"}, True),
    ("the title is covered", {"title": "A"}, {"title": "B"}, False),
    ("the updated time is covered", {"title": "A"}, {"title": "A", "updated": "2026-03-02T10:00:01Z"}, False),
    ("the same moment in another zone", {"title": "A"}, {"title": "A", "updated": "2026-03-02T11:00:00+01:00"}, True),
    ("the time of the poll is not", {"title": "A", "updated": "2026-03-03T13:00:00Z"},
     {"title": "A", "updated": "2026-03-03T13:00:00Z", "now": NOW.replace(hour=11)}, True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "equal"), [row[1:] for row in HASHES], ids=[row[0] for row in HASHES]
)
def test_entry_hash(one, other, equal):
    assert (hash_of(**one) == hash_of(**other)) == equal


def test_ids_depend_on_the_feed_only_where_they_must():
    body = f"<rss version='2.0'><channel><title>c</title>{item(A)}{item(guid='g')}</channel></rss>".encode()
    one, two = (
        parse_feed(body, feed_id=feed, url=A, headers={}, now=NOW).entries for feed in ("1" * 16, "2" * 16)
    )
    assert [a.entry_id == b.entry_id for a, b in zip(one, two, strict=True)] == [True, False]
