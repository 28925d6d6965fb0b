"""Whose turn it is among the due feeds, and how long the rest of a crowded site waits."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.store.turns import EVERYTHING, DueFeed, Share, take_turns

LEASE_S = 900.0


def due(names: str) -> list[DueFeed]:
    """`a1` is a feed of site a."""
    return [DueFeed(name, name[0]) for name in names.split()]


@pytest.mark.parametrize(
    ("names", "limit", "share", "taken", "put_off"),
    [
        pytest.param("", 9, Share(2, 2), "", {}, id="nothing due"),
        pytest.param("a1 b1 c1", 2, Share(2, 2), "a1 b1", {}, id="longest overdue first, the rest stay due"),
        pytest.param(
            "a1 a2 a3 a4 b1", 9, Share(2, 2), "a1 a2 b1", {"a3": 4, "a4": 6}, id="a crowd comes one by one"
        ),
        pytest.param("a1 a2 b1", 1, Share(1, 2), "a1", {"a2": 2}, id="without room as well"),
        pytest.param("a1 a2", 0, Share(1, 2), "", {"a2": 2}, id="without any"),
        pytest.param("a1 a2 a3", 9, Share(1, 600), "a1", {"a2": 600, "a3": 900}, id="a lease at most"),
        pytest.param("a1 a2 a3", 2, Share(2, 0), "a1 a2", {}, id="no delay, nobody put off"),
        pytest.param("a1 a2 a3", 9, EVERYTHING, "a1 a2 a3", {}, id="no limit by site"),
    ],
)
def test_turns(names, limit, share, taken, put_off):
    assert take_turns(due(names), limit, share, LEASE_S) == (taken.split(), put_off)


feeds = st.lists(
    st.builds(lambda site, n: DueFeed(f"{site}{n}", site), st.sampled_from("abc"), st.integers(0, 99)),
    unique_by=lambda feed: feed.feed_id,
)


@given(feeds, st.integers(0, 20), st.integers(1, 4), st.sampled_from([0.0, 0.5, 2.0, 300.0]))
def test_the_room_is_used_no_site_has_more_than_its_share_and_none_starts_too_soon(
    all_due, limit, per_site, delay_s
):
    taken, put_off = take_turns(all_due, limit, Share(per_site, delay_s), LEASE_S)
    sites = Counter(feed.site for feed in all_due)
    assert len(taken) == min(limit, sum(min(per_site, count) for count in sites.values()))
    assert all(count <= per_site for count in Counter(feed_id[0] for feed_id in taken).values())
    assert not put_off.keys() & set(taken)
    assert all(delay_s * per_site <= wait_s or wait_s == LEASE_S for wait_s in put_off.values())
    for site in sites:
        waits_s = [wait_s for feed_id, wait_s in put_off.items() if feed_id[0] == site]
        assert all(b - a == delay_s or b == LEASE_S for a, b in zip(waits_s, waits_s[1:], strict=False))
