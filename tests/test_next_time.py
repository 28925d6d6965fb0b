"""Whatever becomes of a feed, it has a next time: when it is claimed, and after every answer."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes import START
from tests.store.builders import feed
from tests.test_poll import FEED, mill, page
from worker.errors import (
    DnsError,
    FetchTimeoutError,
    GoneError,
    HostBusyError,
    HttpRetryableError,
    HttpStatusError,
    NotFoundError,
    ParseError,
)
from worker.feeds.rhythm import begin
from worker.models import FeedState, Hints, ParsedFeed
from worker.poll import poll_feed, poll_hit_a_bug
from worker.store.sqlite import open_sqlite

DAY_S = 86_400
WEEK_S = 7 * DAY_S

RETRY_AFTER = st.none() | st.floats(0, 10**9)
ANSWERS = st.one_of(
    st.sampled_from([DnsError(FEED.url), FetchTimeoutError(FEED.url), ParseError(None, "no feed")]),
    st.sampled_from([GoneError(FEED.url, 410), NotFoundError(FEED.url, 404), ZeroDivisionError("a bug")]),
    st.builds(lambda s, wait: HttpRetryableError(FEED.url, s, wait), st.sampled_from([429, 500, 503]), RETRY_AFTER),
    st.builds(lambda wait: HttpStatusError(FEED.url, 403, wait), RETRY_AFTER),
    st.builds(lambda wait_s: HostBusyError("a.example", wait_s), st.floats(0.01, DAY_S)),
    st.builds(
        lambda status, age: page(status, cache_control=f"max-age={age}"), st.sampled_from([200, 304]), st.integers(0, 10**12)
    ),
)  # fmt: skip
LISTINGS = st.builds(
    lambda every_s, days: ParsedFeed(format="rss20", hints=Hints(every_s=every_s, skip_days=tuple(days))),
    st.integers(0, 10**9),
    st.sets(st.integers(0, 6), max_size=6),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with closing(open_sqlite(tmp_path_factory.mktemp("store") / "feedmill.db")) as store:
        store.feeds.add([feed("a")])
        yield store


@given(st.integers(1, 10**6), st.floats(0.01, 10**6), st.integers(0, 10**6))
@settings(deadline=None)
def test_a_claim_yields_a_next_time(store, interval_s, lease_s, late_s):
    """Within the lease and the interval: a lost hint costs no more, and nobody has the feed before."""
    [known] = store.feeds.all()
    due_at = START - timedelta(seconds=late_s)
    store.feeds.update(known.feed_id, {"next_poll_at": due_at, "interval_s": interval_s})
    [claimed] = store.feeds.claim_due(START, 1, lease_s)
    waits_s = (claimed.next_poll_at - START).total_seconds()
    assert waits_s == pytest.approx(min(interval_s, lease_s), abs=0.001)
    assert waits_s > 0
    assert store.feeds.claim_due(START, 1, lease_s) == []


@given(st.lists(ANSWERS, min_size=1, max_size=12), LISTINGS, st.none() | st.integers(1, 10**7))
@settings(deadline=None)
def test_every_answer_yields_a_next_time_within_a_week(answers, listing, own_floor_s):
    """Unless the operator's own floor is longer; skipped days may add to it."""
    rhythm = begin([START - n * timedelta(hours=5) for n in range(9)], START)
    made = mill(*answers, feeds=(replace(FEED, rhythm=rhythm, min_interval_s=own_floor_s),), listing=listing)
    for _ in answers:
        poll_or_bug(made)
        kept = made.store.feeds.stored[FEED.feed_id]
        wait_s = (kept.next_poll_at - made.clock.now()).total_seconds()
        assert 0 < wait_s <= 1.1 * max(WEEK_S, own_floor_s or 0) + WEEK_S
        if kept.state is FeedState.GONE:
            return
        made.clock.seconds += wait_s


def poll_or_bug(made) -> None:
    """Poll as the task does at its outer edge."""
    try:
        poll_feed(made, FEED.feed_id)
    except ZeroDivisionError as error:
        poll_hit_a_bug(made, FEED.feed_id, error)
