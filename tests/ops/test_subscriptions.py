"""What an operator may type for a feed, and what adding and removing does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.fakes import START, ManualClock
from worker.errors import OperationError, UsageError
from worker.feeds.opml import ListedFeed
from worker.models import Admission, Entry, Hints, Hop, Page, ParsedFeed
from worker.ops import subscriptions
from worker.poll import polled
from worker.settings import Settings
from worker.store.sqlite import open_sqlite
from worker.urls import feed_id_of


@pytest.fixture
def store(tmp_path):
    store = open_sqlite(tmp_path / "feedmill.db")
    yield store
    store.close()


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        pytest.param("https://a.example/feed", "https://a.example/feed", id="a URL"),
        pytest.param("  http://a.example/feed ", "http://a.example/feed", id="spaces around"),
        pytest.param("a.example", "https://a.example", id="a bare host"),
        pytest.param("a.example/feed.xml", "https://a.example/feed.xml", id="host and path"),
    ],
)
def test_feed_urls(typed, url):
    assert subscriptions.parse_feed_url(typed) == url


@pytest.mark.parametrize(
    "typed", ["", "feed", "file:///etc/passwd", "ftp://a.example/", "http://", "https://u:p@a.example/"]
)
def test_no_feed_urls(typed):
    with pytest.raises(UsageError, match="not a web address"):
        subscriptions.parse_feed_url(typed)


def test_importing_twice_adds_once_and_keeps_folders_as_tags(store):
    listed = [ListedFeed(url="https://a.example/feed", title="A", tags=("News", "Europe"))]
    assert subscriptions.import_feeds(store, listed, START, 1800).added
    again = subscriptions.import_feeds(store, listed, START, 1800)
    assert (again.added, again.known) == ((), 1)
    feed = subscriptions.find_feed(store, "a.example/feed")
    assert (feed.title, feed.tags, feed.next_poll_at) == ("A", ("News", "Europe"), START)


LINK = "https://a.example/1"
ENTRY = Entry(entry_id="e" * 32, feed_id=feed_id_of("https://a.example/feed"), url=LINK, published_at=START)
LOOKS = [
    ("nothing said", None, {}, 300, 86_400),
    ("max-age", None, {"cache-control": "max-age=7200"}, 7200, 7920),
    ("ttl", Hints(every_s=7200), {}, 7200, 7920),
    ("skipped hours", Hints(skip_hours=(12, 13)), {}, 7200, 7800),
    ("skipped days", Hints(skip_days=(START.weekday(),)), {}, 12 * 3600, 12 * 3600 + 600),
]


@pytest.mark.parametrize(
    ("hints", "headers", "least_s", "most_s"), [row[1:] for row in LOOKS], ids=[row[0] for row in LOOKS]
)
@pytest.mark.parametrize("jitter", [0.0, 0.9])
def test_after_the_look_the_feed_comes_when_it_would_after_a_poll(
    store, hints, headers, least_s, most_s, jitter
):
    parsed = ParsedFeed(format="rss20", hints=hints, entries=(ENTRY,))
    page = Page(url="u", final_url="u", status=200, headers=headers, body=b"x", fetched_at=START)
    feed = subscriptions.new_feed("https://a.example/feed", START, 1800)
    parts: Any = {"settings": Settings(_env_file=None), "clock": ManualClock(fraction=jitter)}
    store.feeds.add([feed])
    subscriptions.take_first_listing(store, feed, page, parsed, **parts)
    looked = subscriptions.find_feed(store, feed.feed_id)
    assert least_s <= (looked.next_poll_at - START).total_seconds() <= most_s
    mill: Any = SimpleNamespace(store=store, **parts)
    polled_first = polled(feed, page, "parsed", mill, parsed, Admission(new=(ENTRY.entry_id,)))
    assert all(getattr(looked, name) == changed for name, changed in polled_first.items())


def test_a_look_that_was_redirected_makes_the_target_known(store):
    hops = (Hop(status=301, url="https://a.example/feed"),)
    page = Page(url="https://a.example/feed", final_url="https://b.example/feed", status=200, headers={},
                body=b"x", fetched_at=START, redirects=hops)  # fmt: skip
    feed = subscriptions.new_feed("https://a.example/feed", START, 1800)
    store.feeds.add([feed])
    listing = ParsedFeed(format="rss20", entries=(ENTRY,))
    clock: Any = ManualClock()
    subscriptions.take_first_listing(store, feed, page, listing, Settings(_env_file=None), clock)
    assert subscriptions.find_feed(store, "https://b.example/feed").feed_id == feed.feed_id


def test_an_unknown_feed_is_said_to_be_unknown(store):
    with pytest.raises(OperationError, match="no such feed"):
        subscriptions.find_feed(store, "https://nowhere.example/")


def test_paused_resumed_removed(store):
    subscriptions.import_feeds(store, [ListedFeed(url="https://a.example/feed")], START, 1800)
    feed = subscriptions.find_feed(store, "https://a.example/feed")
    subscriptions.pause_feed(store, feed)
    assert store.feeds.claim_due(START, 10, 900) == []
    subscriptions.resume_feed(store, feed, START)
    assert [due.feed_id for due in store.feeds.claim_due(START, 10, 900)] == [feed.feed_id]
    subscriptions.remove_feed(store, feed, START)
    assert list(store.feeds.all()) == []
