"""A feed that brings nothing new costs no parse: reading one takes as long as a page."""

from __future__ import annotations

import pytest

from tests.test_poll import FEED, UNCHANGED, mill, page
from worker.poll import poll_feed


@pytest.mark.parametrize(
    ("feed", "answer", "outcome"),
    [(FEED, page(304), "not_modified"), (UNCHANGED, page(), "unchanged")],
    ids=["304", "200 with the body that is known"],
)
def test_what_is_unchanged_is_not_parsed(feed, answer, outcome):
    made = mill(answer, feeds=(feed,), listing=AssertionError("parsed"))
    poll_feed(made, FEED.feed_id)
    assert made.store.feeds.stored[FEED.feed_id].last_outcome == outcome


def test_what_is_new_is_parsed():
    made = mill(page(body=b"newer"), feeds=(UNCHANGED,), listing=AssertionError("parsed"))
    with pytest.raises(AssertionError, match="parsed"):
        poll_feed(made, FEED.feed_id)
