"""What an operator may type for a feed, and what adding and removing does."""

from __future__ import annotations

import pytest

from tests.fakes import START
from worker.errors import OperationError, UsageError
from worker.feeds.opml import ListedFeed
from worker.ops import subscriptions
from worker.store.sqlite import open_sqlite


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
