"""What one poll changes in a feed's record: answers, failures, moves and ends, a rule a row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tests.fakes import START, ManualClock
from worker.archive.base import NoArchive
from worker.errors import (
    ConnectionCutError,
    DnsError,
    FetchTimeoutError,
    GoneError,
    HostBusyError,
    HttpRetryableError,
    HttpStatusError,
    NotFoundError,
    ParseError,
    TlsError,
)
from worker.feeds.rhythm import begin
from worker.models import Admission, Entry, Feed, FeedState, Hints, Hop, Page, ParsedFeed
from worker.poll import failed, poll_feed, poll_hit_a_bug, polled, validators
from worker.settings import Settings

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TARGET = "https://b.example/feed"
FEED = Feed(
    feed_id="f" * 16,
    url="https://a.example/feed",
    title="The paper",
    site_url="https://a.example/",
    domain="a.example",
    added_at=START - 100 * DAY,
    next_poll_at=START,
    interval_s=1800,
    etag='W/"old"',
    last_modified="Tue, 24 Nov 2026 10:00:00 GMT",
    body_hash="old",
    last_polled_at=START - HOUR,
    last_success_at=START - HOUR,
    last_full_at=START - DAY,
)


class Feeds:
    """The feed store's part that a poll uses."""

    def __init__(self, *feeds: Feed) -> None:
        self.stored = {feed.feed_id: feed for feed in feeds}

    def get(self, feed_id):
        return self.stored.get(feed_id)

    def find(self, url):
        return next((feed for feed in self.stored.values() if url in (feed.url, feed.redirect_url)), None)

    def update(self, feed_id, changes):
        self.stored[feed_id] = replace(self.stored[feed_id], **changes)


class Gate:
    """Remembers which sites it was told to leave alone, and for how long."""

    def __init__(self) -> None:
        self.stopped = []

    def stop(self, site, seconds):
        self.stopped.append((site, seconds))


class Web:
    """Answers each fetch with the next of `answers`; raises those that are errors."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.sent = []

    def fetch(self, url, kind, headers):
        self.sent.append((url, dict(headers)))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def mill(*answers, feeds=(FEED,), listing: ParsedFeed | Exception | None = None) -> SimpleNamespace:
    """A mill whose web gives these answers and whose pool parses every body to `listing`."""

    def run(parse, body, **known):
        if isinstance(listing, Exception):
            raise listing
        return listing

    def admit(feed_id, entries, now):
        return Admission(new=tuple(entry.entry_id for entry in entries))

    return SimpleNamespace(
        clock=ManualClock(),
        settings=Settings(_env_file=None),
        store=SimpleNamespace(feeds=Feeds(*feeds), entries=SimpleNamespace(admit=admit)),
        gate=Gate(),
        fetcher=Web(*answers),
        pool=SimpleNamespace(run=run),
        archive=NoArchive(),
    )


def page(status: int = 200, *, body: bytes = b"new", via: tuple[int, ...] = (), **headers: str) -> Page:
    return Page(
        url=FEED.url,
        final_url=TARGET if via else FEED.url,
        status=status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=b"" if status == 304 else body,
        fetched_at=START,
        redirects=tuple(Hop(status=each, url=FEED.url) for each in via),
        fetch_ms=100,
    )


def entries(*numbers: int) -> tuple[Entry, ...]:
    return tuple(
        Entry(entry_id=f"{n:08x}{'0' * 24}", feed_id=FEED.feed_id, url=f"https://a.example/{n}")
        for n in numbers
    )


def after(answer, feed: Feed = FEED, listing=None) -> Feed:
    """The feed's record after one poll that meets this answer."""
    made = mill(answer, feeds=(feed,), listing=listing or ParsedFeed(format="rss20", entries=entries(1)))
    poll_feed(made, feed.feed_id)
    return made.store.feeds.stored[feed.feed_id]


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


UNCHANGED = replace(FEED, body_hash="11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437")
"""Its hash is that of the body `new`."""


@pytest.mark.parametrize(
    ("feed", "answer", "outcome", "etag", "last_modified"),
    [
        pytest.param(FEED, page(etag='"new"'), "parsed", '"new"', None, id="200 replaces both, even by nothing"),
        pytest.param(FEED, page(304), "not_modified", FEED.etag, FEED.last_modified, id="304 without any keeps them"),
        pytest.param(FEED, page(304, etag='"new"'), "not_modified", '"new"', FEED.last_modified, id="304 with one replaces that one"),
        pytest.param(UNCHANGED, page(last_modified="now"), "unchanged", None, "now", id="200 with a known body, too"),
    ],
)  # fmt: skip
def test_validators_after_a_poll(feed, answer, outcome, etag, last_modified):
    changed = after(answer, feed)
    assert (changed.last_outcome, changed.etag, changed.last_modified) == (outcome, etag, last_modified)


HOURLY = begin([START - n * HOUR for n in range(1000)], START)
TENTH_DAY = begin([START - n * 10 * DAY for n in range(11)], START)
HEALING = [
    ("polled for the first time", {"last_full_at": None, "last_polled_at": None, "etag": None, "last_modified": None}, False),
    ("hourly, six days of 304", {"rhythm": HOURLY, "last_full_at": START - 6 * DAY}, True),
    ("hourly, a week of 304", {"rhythm": HOURLY, "last_full_at": START - 7 * DAY}, False),
    ("every tenth day, a month of 304", {"rhythm": TENTH_DAY, "last_full_at": START - 30 * DAY}, True),
    ("every tenth day, two months", {"rhythm": TENTH_DAY, "last_full_at": START - 60 * DAY}, False),
    ("no rhythm, a month", {"last_full_at": START - 30 * DAY}, True),
    ("no rhythm, five weeks", {"last_full_at": START - 35 * DAY}, False),
    ("stored before this was noted", {"last_full_at": None}, True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "conditional"), [row[1:] for row in HEALING], ids=[row[0] for row in HEALING]
)
@pytest.mark.parametrize("answer", [page(), DnsError(FEED.url)], ids=["answered", "failed"])
def test_asked_in_full_once(fields, conditional, answer):
    made = mill(answer, page(304), feeds=(replace(FEED, **fields),), listing=ParsedFeed(format="rss20"))
    poll_feed(made, FEED.feed_id)
    assert bool(made.fetcher.sent[0][1]) is conditional
    kept = made.store.feeds.stored[FEED.feed_id]
    if not conditional:
        assert kept.last_full_at == START
    made.store.feeds.update(FEED.feed_id, {"etag": "e"})
    poll_feed(made, FEED.feed_id)
    assert made.fetcher.sent[1][1], "the next one is conditional again"


def test_what_the_operator_said_stays():
    parsed = ParsedFeed(format="rss20", title="Their title", language="de", site_url="https://a.example/")
    assert after(page(), replace(FEED, title=None), parsed).title == "Their title"
    named = after(page(), replace(FEED, title="Our title", language="en"), parsed)
    assert (named.title, named.language) == ("Our title", "en")


def test_new_entries_are_counted_known_ones_are_not():
    seen, listing = replace(FEED, entries_seen=10), ParsedFeed(format="rss20", entries=entries(1, 2, 3))
    made = mill()
    new = polled(seen, page(), "parsed", made, listing, Admission(new=("1", "2"), known=1))
    known = polled(seen, page(), "parsed", made, listing, Admission(known=3))
    assert (new["entries_seen"], new["last_new_entry_at"]) == (12, START)
    assert (known["entries_seen"], known["last_new_entry_at"]) == (10, None)


def test_what_was_missed_is_counted_and_polled_sooner():
    first = after(
        page(), replace(FEED, last_success_at=None), ParsedFeed(format="rss20", entries=entries(*range(20)))
    )
    again = ParsedFeed(format="rss20", entries=entries(*range(20, 40)))
    made = mill(page(body=b"newer"), feeds=(first,), listing=again)
    made.clock.seconds = 7200
    poll_feed(made, FEED.feed_id)
    second = made.store.feeds.stored[FEED.feed_id]
    assert (first.missed_entries, first.last_missed_at) == (0, None)
    assert (second.missed_entries, second.last_missed_at) == (1, made.clock.now())
    assert second.interval_s < 7200


FAILURES = [
    (DnsError(FEED.url), "dns", None),
    (TlsError(FEED.url), "tls", None),
    (FetchTimeoutError(FEED.url), "timeout", None),
    (ConnectionCutError(FEED.url), "connection_cut", None),
    (HttpRetryableError(FEED.url, 503), "http_5xx", 503),
    (NotFoundError(FEED.url, 404), "not_found", 404),
    (HttpStatusError(FEED.url, 401), "http_4xx", 401),
    (HttpRetryableError(FEED.url, 429), "throttled", 429),
    (HttpStatusError(FEED.url, 403), "throttled", 403),
    (ParseError(None, "an HTML page"), "not_a_feed", None),
]


@pytest.mark.parametrize(
    ("error", "outcome", "status"), FAILURES, ids=[f"{row[1]} {row[2]}" for row in FAILURES]
)
def test_kinds_of_failure_are_told_apart(error, outcome, status):
    feed = after(error)
    assert (feed.last_outcome, feed.http_status, feed.consecutive_failures) == (outcome, status, 1)
    assert feed.error == str(error)
    assert feed.next_poll_at > START


def test_403_before_any_success_is_no_throttle():
    assert (
        after(HttpStatusError(FEED.url, 403), replace(FEED, last_success_at=None)).last_outcome == "http_4xx"
    )


def test_a_403_that_lasts_is_no_throttle_any_more():
    outcomes, feed = [], FEED
    for _ in range(5):
        feed = after(HttpStatusError(FEED.url, 403), feed)
        outcomes.append(feed.last_outcome)
    assert outcomes == ["throttled"] * 3 + ["http_4xx"] * 2


NEVER_SERVED = replace(FEED, last_success_at=None)
FAILING = replace(FEED, consecutive_failures=3)
OTHERS = "https://feeds.bbc.co.uk/feed"
STOPS = [
    ("403 after success", FEED, HttpStatusError(FEED.url, 403), [("a.example", 600)]),
    ("403 of the place it is redirected to", FEED, HttpStatusError(OTHERS, 403), [("bbc.co.uk", 600)]),
    ("the third in a row", replace(FEED, consecutive_failures=2), HttpStatusError(FEED.url, 403), [("a.example", 600)]),
    ("the fourth: the feed is closed", FAILING, HttpStatusError(FEED.url, 403), []),
    ("403 of a feed that was never served", NEVER_SERVED, HttpStatusError(FEED.url, 403), []),
    ("403 that says for how long", FEED, HttpStatusError(FEED.url, 403, 3600.0), [("a.example", 3600)]),
    ("403 that says a month", FEED, HttpStatusError(FEED.url, 403, 30 * 86_400.0), [("a.example", 86_400)]),
    ("403 that says a second", FEED, HttpStatusError(FEED.url, 403, 1.0), [("a.example", 600)]),
    ("429 that says nothing", FEED, HttpRetryableError(FEED.url, 429), [("a.example", 600)]),
    ("429 that says nothing, for weeks", FAILING, HttpRetryableError(FEED.url, 429), [("a.example", 600)]),
    ("429 that says for how long: the client has told the gate", FEED, HttpRetryableError(FEED.url, 429, 60.0), []),
    ("401", FEED, HttpStatusError(FEED.url, 401), []),
    ("404", FEED, NotFoundError(FEED.url, 404), []),
    ("503", FEED, HttpRetryableError(FEED.url, 503), []),
    ("no answer", FEED, FetchTimeoutError(FEED.url), []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("feed", "error", "stopped"), [row[1:] for row in STOPS], ids=[row[0] for row in STOPS]
)
def test_a_throttle_puts_off_the_whole_site(feed, error, stopped):
    made = mill(error, feeds=(feed,))
    poll_feed(made, FEED.feed_id)
    assert made.gate.stopped == stopped
    wait_s = (made.store.feeds.stored[FEED.feed_id].next_poll_at - START).total_seconds()
    assert all(wait_s > stop_s for _, stop_s in stopped), "the feed itself comes after its site's pause"


def test_a_maintenance_page_changes_nothing_but_the_health():
    health = {
        "last_polled_at", "last_outcome", "http_status", "consecutive_failures", "error", "next_poll_at",
    }  # fmt: skip
    for answer in (page(via=(301,)), page(), page(via=(302,))):
        changed = after(answer, listing=ParseError(None, "an HTML page"))
        same = {name: getattr(FEED, name) for name in health}
        assert replace(changed, **same) == FEED


WAITS = [
    ("one failure", DnsError(FEED.url), 0, 3600),
    ("two", DnsError(FEED.url), 1, 7200),
    ("a year of them: a week, less jitter", DnsError(FEED.url), 500, 0.95 * 7 * 86_400),
    ("429 that asks for an hour and a half", HttpRetryableError(FEED.url, 429, 5400.0), 0, 1.05 * 5400),
    ("429 that asks for a month: a day", HttpRetryableError(FEED.url, 429, 30 * 86_400.0), 0, 1.05 * 86_400),
    ("410: half a day", GoneError(FEED.url, 410), 0, 1.05 * 43_200),
]


@pytest.mark.parametrize(
    ("error", "failures", "wait_s"), [row[1:] for row in WAITS], ids=[row[0] for row in WAITS]
)
def test_the_next_try(error, failures, wait_s):
    feed = after(error, replace(FEED, consecutive_failures=failures))
    assert (feed.next_poll_at - START).total_seconds() == pytest.approx(wait_s)


NO_WEEKEND = Hints(skip_days=(5, 6))
KEPT = [
    ("its ttl", Hints(every_s=7200), 0, 1.05 * 7200),
    ("a ttl shorter than the backoff", Hints(every_s=600), 0, 3600),
    ("skipped hours", Hints(skip_hours=(12, 13, 14)), 0, 3 * 3600 + 300),
    ("a ttl that ends in skipped hours", Hints(every_s=7200, skip_hours=(14,)), 0, 3 * 3600 + 300),
    ("skipped days, after two days of failures", NO_WEEKEND, 7, None),
    ("skipped days at the weekly try", Hints(skip_days=(0, 1)), 500, 7 * 86_400),
]


@pytest.mark.parametrize(
    ("hints", "failures", "wait_s"), [row[1:] for row in KEPT], ids=[row[0] for row in KEPT]
)
def test_a_feed_that_fails_is_left_alone_when_it_asked_to_be(hints, failures, wait_s):
    feed = after(DnsError(FEED.url), replace(FEED, hints=hints, consecutive_failures=failures))
    wait = feed.next_poll_at - START
    assert wait <= timedelta(days=7)
    if wait_s is None:
        assert feed.next_poll_at.weekday() not in hints.skip_days
    else:
        assert wait.total_seconds() == pytest.approx(wait_s)


def test_a_throttle_waits_ten_minutes_even_where_polls_are_frequent():
    made = mill()
    made.settings = Settings(_env_file=None, poll_min_s=60)
    frequent = replace(FEED, rhythm=begin([START - n * timedelta(seconds=30) for n in range(5000)], START))
    waits = [
        failed(frequent, error, made)["next_poll_at"] - START
        for error in (DnsError(FEED.url), HttpRetryableError(FEED.url, 429))
    ]
    assert waits[0] < timedelta(minutes=5) < timedelta(minutes=10) < waits[1]


GONE = GoneError(FEED.url, 410)
ENDS = [
    ("three times", [GONE] * 3, FeedState.GONE),
    ("twice", [GONE] * 2, FeedState.ACTIVE),
    ("with a dead network in between", [GONE, DnsError(FEED.url), GONE, GONE], FeedState.GONE),
    ("with a 404 in between", [GONE, GONE, NotFoundError(FEED.url, 404), GONE], FeedState.ACTIVE),
    ("with an answer in between", [GONE, GONE, page(304), GONE], FeedState.ACTIVE),
    ("404 for ever", [NotFoundError(FEED.url, 404)] * 20, FeedState.ACTIVE),
]


@pytest.mark.parametrize(("answers", "state"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
def test_gone(answers, state):
    made = mill(*answers)
    for _ in answers:
        poll_feed(made, FEED.feed_id)
    assert made.store.feeds.stored[FEED.feed_id].state is state


def test_a_gone_feed_is_not_polled_and_gets_three_answers_again_once_revived():
    made = mill(*[GONE] * 6)
    for _ in range(4):
        poll_feed(made, FEED.feed_id)
    assert len(made.fetcher.sent) == 3
    made.store.feeds.update(FEED.feed_id, {"state": FeedState.ACTIVE})
    poll_feed(made, FEED.feed_id)
    assert made.store.feeds.stored[FEED.feed_id].state is FeedState.ACTIVE


KNOWN = replace(FEED, rhythm=replace(HOURLY, latest=("00000001",)))
SAME = ParsedFeed(format="rss20", entries=entries(2, 1))
OTHER = ParsedFeed(format="rss20", title="Parked", site_url="https://parked.example/", entries=entries(8, 9))
MOVED = replace(KNOWN, redirect_url=TARGET, redirect_count=4, redirect_since=START - 3 * DAY)
MOVES = [
    ("the fifth time after three days", MOVED, page(via=(301,)), SAME, TARGET),
    ("308 as well", MOVED, page(via=(308,)), SAME, TARGET),
    ("a known body", replace(MOVED, body_hash=UNCHANGED.body_hash), page(via=(301,)), SAME, TARGET),
    ("the fourth time", replace(MOVED, redirect_count=3), page(via=(301,)), SAME, FEED.url),
    ("within three days", replace(MOVED, redirect_since=START - 2 * DAY), page(via=(301,)), SAME, FEED.url),
    ("a temporary one", MOVED, page(via=(302,)), SAME, FEED.url),
    ("a temporary hop among them", MOVED, page(via=(301, 307)), SAME, FEED.url),
    ("to another place each time", replace(MOVED, redirect_url="https://c.example/"), page(via=(301,)), SAME, FEED.url),
    ("to a feed that has nothing of it", MOVED, page(via=(301,)), OTHER, FEED.url),
    ("with the same title", MOVED, page(via=(301,)), replace(OTHER, title="The paper"), TARGET),
    ("of the same site", MOVED, page(via=(301,)), replace(OTHER, site_url="https://a.example/"), TARGET),
    ("304, which shows no feed", MOVED, page(304, via=(301,)), SAME, FEED.url),
    ("to a maintenance page", MOVED, page(via=(301,)), ParseError(None, "an HTML page"), FEED.url),
    ("not at all any more", MOVED, page(), SAME, FEED.url),
]  # fmt: skip


@pytest.mark.parametrize(
    ("feed", "answer", "listing", "url"), [row[1:] for row in MOVES], ids=[row[0] for row in MOVES]
)
def test_moves(feed, answer, listing, url):
    changed = after(answer, feed, listing)
    assert (changed.url, changed.feed_id) == (url, FEED.feed_id)
    if url == TARGET:
        assert (changed.domain, changed.redirect_url, changed.redirect_count) == ("b.example", None, 0)


def test_a_redirect_is_noted_and_forgotten_when_it_ends():
    first = after(page(via=(301,)), KNOWN, SAME)
    assert (first.redirect_url, first.redirect_count, first.redirect_since) == (TARGET, 1, START)
    second = after(page(304, via=(301,)), first)
    assert (second.redirect_count, second.redirect_since) == (2, START)
    back = after(page(304), second)
    assert (back.redirect_url, back.redirect_count, back.redirect_since) == (None, 0, None)


def test_no_feed_moves_onto_another():
    other = replace(FEED, feed_id="0" * 16, url=TARGET)
    made = mill(page(via=(301,)), feeds=(other, MOVED), listing=SAME)
    poll_feed(made, FEED.feed_id)
    assert made.store.feeds.stored[FEED.feed_id].url == FEED.url


DUE = [
    ("nothing known: the first interval", {}, page(304), 1800),
    ("max-age", {}, page(304, cache_control="max-age=7200"), 1.05 * 7200),
    ("its ttl, also where nothing is parsed", {"hints": Hints(every_s=7200)}, page(304), 1.05 * 7200),
    ("its own floor", {"min_interval_s": 7200}, page(304), 7200 / 0.9),
    ("skipped hours: five minutes into the first other", {"hints": Hints(skip_hours=(12, 13))}, page(304), 7200 + 300),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "answer", "wait_s"), [row[1:] for row in DUE], ids=[row[0] for row in DUE]
)
def test_the_next_poll(fields, answer, wait_s):
    feed = after(answer, replace(FEED, **fields))
    assert (feed.next_poll_at - START).total_seconds() == pytest.approx(wait_s)


def test_the_rhythm_decides_and_shows_in_the_record():
    feed = after(page(304), replace(FEED, rhythm=HOURLY))
    assert feed.interval_s < 3600
    assert feed.entries_per_day == pytest.approx(24, rel=0.1)


def test_a_busy_host_defers_and_changes_nothing_else():
    feed = after(HostBusyError("a.example", 10.0))
    assert timedelta(seconds=10) <= feed.next_poll_at - START <= timedelta(seconds=11)
    assert replace(feed, next_poll_at=FEED.next_poll_at) == FEED


def test_an_index_that_was_asked_for_is_not_asked_again_before_its_time():
    """Only its files had to wait: to come again when they may be had would ask for the index each time."""
    feed = after(page(), listing=HostBusyError("a.example", 40.0))
    assert feed.next_poll_at - START >= timedelta(seconds=300)


def test_a_bug_of_ours_keeps_the_feed_scheduled():
    made = mill()
    poll_hit_a_bug(made, FEED.feed_id, ZeroDivisionError("division by zero"))
    feed = made.store.feeds.stored[FEED.feed_id]
    assert (feed.last_outcome, feed.consecutive_failures) == ("bug", 1)
    assert feed.next_poll_at > START
