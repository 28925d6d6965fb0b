"""Which due rows become hints: hosts take turns, the newest of each first, never above the mark."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.dispatch import per_host, plan_dispatch
from worker.models import DueRow

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def row(name: str, age_min: int = 0) -> DueRow:
    """`a1` is a row of host a."""
    return DueRow(entry_id=name, domain=name[0], first_seen_at=NOW - timedelta(minutes=age_min))


@pytest.mark.parametrize(
    ("due", "room", "share", "expected"),
    [
        pytest.param([], 10, 4, [], id="nothing due"),
        pytest.param([row("a1")], 0, 4, [], id="no room"),
        pytest.param([row("a1")], -5, 4, [], id="above the mark already"),
        pytest.param([row("a1", 9), row("a2", 1)], 10, 4, ["a2", "a1"], id="newest first"),
        pytest.param([row("a1"), row("a2", 1), row("a3", 2)], 10, 2, ["a1", "a2"], id="at most K of a host"),
        pytest.param(
            [row("a1"), row("a2", 1), row("b1", 60)], 10, 4, ["a1", "b1", "a2"], id="hosts take turns"
        ),
        pytest.param(
            [row(f"a{n}", n) for n in range(100)] + [row("b1", 999), row("c1", 999)],
            3,
            4,
            ["a0", "b1", "c1"],
            id="one host's backlog starves nobody",
        ),
    ],
)
def test_plan(due, room, share, expected):
    assert plan_dispatch(due, room, share) == expected


rows = st.lists(
    st.builds(row, st.text("abc", min_size=1, max_size=6), st.integers(0, 1000)),
    unique_by=lambda r: r.entry_id,
)


@given(rows, st.integers(-2, 50), st.integers(1, 5))
def test_plan_never_exceeds_room_or_host_share_and_wastes_no_room(due, room, share):
    plan = plan_dispatch(due, room, share)
    hosts = [entry_id[0] for entry_id in plan]
    assert len(set(plan)) == len(plan) <= max(0, room)
    assert all(hosts.count(host) <= share for host in hosts)
    possible = sum(min(share, [r.domain for r in due].count(host)) for host in {r.domain for r in due})
    assert len(plan) == min(max(0, room), possible)


@pytest.mark.parametrize(
    ("delay_s", "room", "share"),
    [
        pytest.param(0, 128, 128, id="no delay: all the room"),
        pytest.param(0, 0, 1, id="no room: still a valid share"),
        pytest.param(0.5, 128, 7, id="half a second: three seconds of it and one now"),
        pytest.param(2, 128, 2, id="the default: one now, one that is waited for"),
        pytest.param(60, 128, 1, id="a minute: one"),
    ],
)
def test_share_of_one_host(delay_s, room, share):
    assert per_host(delay_s, room) == share
