"""What one poll changes in a feed's record."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from tests.fakes import START, ManualClock
from worker.errors import NotFoundError, ParseError
from worker.models import Admission, Feed, Hop, Page, ParsedFeed
from worker.poll import counted, described, failed, polled, validators

MILL = SimpleNamespace(clock=ManualClock())
FEED = Feed(
    feed_id="f" * 16,
    url="https://a.example/feed",
    added_at=START,
    next_poll_at=START,
    interval_s=1800,
    etag='W/"old"',
    last_modified="Tue, 24 Nov 2026 10:00:00 GMT",
)


def page(status: int = 200, **headers: str) -> Page:
    return Page(url=FEED.url, final_url=FEED.url, status=status, headers=headers, body=b"", fetched_at=START)


@pytest.mark.parametrize(
    ("etag", "last_modified", "expected"),
    [
        pytest.param(None, None, {}, id="none stored, none sent"),
        pytest.param('W/"x"', None, {"If-None-Match": 'W/"x"'}, id="byte for byte"),
        pytest.param(None, "yesterday", {"If-Modified-Since": "yesterday"}, id="opaque, even if no date"),
        pytest.param("a", "b", {"If-None-Match": "a", "If-Modified-Since": "b"}, id="each on its own"),
    ],
)
def test_validators(etag, last_modified, expected):
    assert validators(replace(FEED, etag=etag, last_modified=last_modified)) == expected


@pytest.mark.parametrize(
    ("answer", "etag", "last_modified"),
    [
        pytest.param(page(etag='"new"'), '"new"', None, id="200 replaces both, even by nothing"),
        pytest.param(page(304), FEED.etag, FEED.last_modified, id="304 without validators keeps them"),
        pytest.param(
            page(304, etag='"new"'), '"new"', FEED.last_modified, id="304 with one replaces that one"
        ),
    ],
)
def test_validators_after_a_poll(answer, etag, last_modified):
    changes = polled(FEED, answer, "parsed", MILL)
    assert (changes["etag"], changes["last_modified"]) == (etag, last_modified)


def test_a_redirect_is_noted_and_forgotten_when_it_ends():
    moved = replace(page(), final_url="https://b.example/feed", redirects=(Hop(status=301, url=FEED.url),))
    changes = polled(FEED, moved, "parsed", MILL)
    assert (changes["redirect_url"], changes["redirect_count"]) == ("https://b.example/feed", 1)
    back = polled(
        replace(FEED, redirect_url="https://b.example/feed", redirect_count=3), page(), "parsed", MILL
    )
    assert (back["redirect_url"], back["redirect_count"]) == (None, 0)


def test_a_failure_keeps_validators_and_comes_again_later_each_time():
    first = failed(FEED, ParseError(None, "an HTML page"), MILL)
    second = failed(replace(FEED, consecutive_failures=1), NotFoundError(FEED.url, 404), MILL)
    assert not {"etag", "last_modified", "body_hash", "state", "url"} & (first.keys() | second.keys())
    assert (first["last_outcome"], first["consecutive_failures"], first["http_status"]) == (
        "not_a_feed",
        1,
        None,
    )
    assert (second["last_outcome"], second["http_status"]) == ("not_found", 404)
    assert START < first["next_poll_at"] < second["next_poll_at"]


def test_what_the_operator_said_stays():
    parsed = ParsedFeed(format="rss20", title="Their title", language="de", site_url="https://a.example/")
    assert described(FEED, parsed)["title"] == "Their title"
    named = replace(FEED, title="Our title", language="en")
    assert described(named, parsed)["title"] == "Our title"
    assert described(named, parsed)["language"] == "en"


def test_new_entries_are_counted_known_ones_are_not():
    seen = replace(FEED, entries_seen=10, last_new_entry_at=None)
    assert counted(seen, Admission(new=("a", "b"), known=5), START) == {
        "entries_seen": 12,
        "last_new_entry_at": START,
    }
    assert counted(seen, Admission(known=5), START) == {"entries_seen": 10, "last_new_entry_at": None}
