"""The ledger's rules on rows alone: every row of each table is a state and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.store.builders import NOW, A, B, entry, later
from worker.models import EntryState, FeedState, LedgerRow, OutcomeKind, Wait
from worker.store.ledger import forgotten, held, is_held, listed, released, retried, unclaimed

ACTIVE, PAUSED, GONE = FeedState.ACTIVE, FeedState.PAUSED, FeedState.GONE
BOTH = {A: ACTIVE, B: ACTIVE}
DONE = {
    "state": EntryState.DONE,
    "outcome": OutcomeKind.INDEXED,
    "done_at": NOW,
    "due_at": None,
    "article_id": "x",
}
CLAIMED = {"claim": "t", "wait": Wait.LEASE, "due_at": later(15), "attempts": 2}
REMOVED = {
    **DONE,
    "outcome": OutcomeKind.REJECTED,
    "reason": "feed_removed",
    "feed_ids": (),
    "article_id": None,
}


def row(**fields: Any) -> LedgerRow:
    known = {"entry": entry(), "feed_ids": (A,), "due_at": NOW}
    return LedgerRow(**{**known, "first_seen_at": NOW, "listed_at": NOW, "admitted_at": NOW, **fields})


def changes(before: LedgerRow, after: LedgerRow | None) -> dict[str, Any] | None:
    """Return the fields that differ, None where there is no row."""
    if after is None:
        return None
    names = LedgerRow.__dataclass_fields__
    return {name: getattr(after, name) for name in names if getattr(after, name) != getattr(before, name)}


@pytest.mark.parametrize(
    ("feed_ids", "states", "expected"),
    [
        ((A,), {A: ACTIVE}, False),
        ((A,), {A: PAUSED}, True),
        ((A,), {A: GONE}, False),
        ((A, B), {A: PAUSED, B: ACTIVE}, False),
        ((A, B), {A: PAUSED, B: GONE}, True),
        ((A, B), {A: PAUSED}, True),
        ((), {}, False),
    ],
    ids=[
        "active",
        "paused",
        "gone",
        "another is active",
        "another is gone",
        "another was removed",
        "no feed",
    ],
)
def test_is_held(feed_ids: tuple[str, ...], states: dict[str, FeedState], expected: bool) -> None:
    assert is_held(feed_ids, states) is expected


AGAIN = {"generation": 2, "admitted_at": later(31)}


@pytest.mark.parametrize(
    ("before", "feed_id", "title", "states", "verdict", "changed"),
    [
        ({}, A, "Title", BOTH, "known", {}),
        ({}, B, "Title", BOTH, "known", {"feed_ids": tuple(sorted((A, B)))}),
        ({}, B, "New", BOTH, "known", {"feed_ids": tuple(sorted((A, B)))}),
        ({}, A, "New", BOTH, "changed", {**AGAIN, "due_at": later(31)}),
        (
            DONE, A, "New", BOTH, "changed",
            {**AGAIN, "state": EntryState.PENDING, "outcome": None, "done_at": None, "due_at": later(31)},
        ),
        (CLAIMED, A, "New", BOTH, "changed", AGAIN),
        ({"attempts": 3, "wait": Wait.RETRY}, A, "New", BOTH, "changed",
         {**AGAIN, "attempts": 0, "wait": Wait.NONE, "due_at": later(31)}),
        ({"generation": 10}, A, "New", BOTH, "known", {}),
        ({"admitted_at": later(2)}, A, "New", BOTH, "known", {}),
        ({}, A, "New", {A: PAUSED}, "changed", {**AGAIN, "due_at": None}),
        ({"due_at": None}, A, "Title", {A: PAUSED}, "known", {}),
        ({"due_at": None}, A, "Title", BOTH, "known", {"due_at": later(31)}),
        (DONE, A, "Title", BOTH, "known", {}),
    ],
    ids=[
        "again", "by another feed", "changed by another feed", "changed", "done and changed", "claimed and changed",
        "waiting for a retry and changed", "the tenth generation", "too soon", "changed while paused",
        "held and still paused", "held no more", "done",
    ],
)  # fmt: skip
def test_listed(before: dict, feed_id: str, title: str, states: dict, verdict: str, changed: dict) -> None:
    known = row(**before)
    after, said = listed(known, feed_id, entry("1", feed_id, title=title), later(31), states)
    found = changes(known, after)
    assert said == verdict
    assert {name: value for name, value in found.items() if name != "entry"} == changed
    assert (after.entry.title, after.entry.feed_id) == ("New" if verdict == "changed" else "Title", A)


def test_what_ended_with_its_feed_belongs_to_the_next_that_lists_it() -> None:
    after, verdict = listed(row(**REMOVED), B, entry("1", B), later(1), BOTH)
    assert (verdict, after.entry.feed_id, after.feed_ids, after.due_at) == ("changed", B, (B,), later(1))


def test_nothing_of_the_last_end_is_left_in_a_new_generation() -> None:
    ended = row(**DONE, reason="r", detail="d", body_hash="h", forced=True)
    for after in (
        listed(ended, A, entry(title="New"), later(31), BOTH)[0],
        retried(ended, NOW, BOTH, forced=False),
    ):
        assert (after.reason, after.detail, after.body_hash, after.outcome) == (None, None, None, None)
        assert (after.forced, after.article_id) == (True, "x")


@pytest.mark.parametrize(
    ("before", "states", "due_at"),
    [(DONE, BOTH, later(1)), (DONE, {A: PAUSED}, None)],
    ids=["active", "paused"],
)
def test_retried(before: dict, states: dict, due_at: Any) -> None:
    after = retried(row(**before), later(1), states, forced=True)
    assert (after.state, after.generation, after.due_at, after.forced) == (
        EntryState.PENDING,
        2,
        due_at,
        True,
    )


def test_only_done_rows_are_retried() -> None:
    assert retried(row(), NOW, BOTH, forced=True) is None


ENDED = {
    "feed_ids": (), "state": EntryState.DONE, "outcome": OutcomeKind.REJECTED, "reason": "feed_removed",
    "done_at": later(1), "due_at": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("before", "states", "changed"),
    [
        ({}, {}, ENDED),
        (CLAIMED, {}, {**ENDED, "claim": None, "wait": Wait.NONE}),
        ({"feed_ids": (A, B)}, {B: PAUSED}, {**ENDED, "feed_ids": (B,)}),
        ({"feed_ids": (A, B)}, {B: ACTIVE}, {"feed_ids": (B,)}),
        (DONE, {}, {"feed_ids": ()}),
    ],
    ids=["the last feed", "claimed", "the next is paused", "the next is active", "done"],
)
def test_forgotten(before: dict, states: dict, changed: dict) -> None:
    known = row(**before)
    found = changes(known, forgotten(known, A, later(1), states))
    assert {name: value for name, value in found.items() if name != "entry"} == changed


def test_the_owner_of_a_forgotten_row_is_the_next_feed() -> None:
    assert forgotten(row(feed_ids=(A, B)), A, NOW, {B: ACTIVE}).entry.feed_id == B
    assert forgotten(row(feed_ids=(A, B)), B, NOW, {A: ACTIVE}).entry.feed_id == A


@pytest.mark.parametrize(
    ("rule", "before", "changed"),
    [
        (lambda row: held(row, {A: PAUSED}), {}, {"due_at": None}),
        (lambda row: held(row, {A: PAUSED}), CLAIMED, {"due_at": None}),
        (lambda row: held(row, BOTH), {}, None),
        (lambda row: held(row, {A: PAUSED}), DONE, None),
        (lambda row: released(row, later(1), BOTH), {"due_at": None}, {"due_at": later(1)}),
        (
            lambda row: released(row, later(1), BOTH),
            {**CLAIMED, "due_at": None},
            {"due_at": later(1), "claim": None, "wait": Wait.NONE},
        ),
        (lambda row: released(row, later(1), {A: PAUSED}), {"due_at": None}, None),
        (lambda row: released(row, later(1), BOTH), {}, None),
        (lambda row: released(row, later(1), BOTH), DONE, None),
        (lambda row: unclaimed(row, NOW), CLAIMED, {"claim": None, "wait": Wait.NONE, "due_at": NOW}),
        (lambda row: unclaimed(row, NOW), {**CLAIMED, "due_at": None}, {"claim": None, "wait": Wait.NONE}),
        (lambda row: unclaimed(row, NOW), {}, None),
    ],
    ids=[
        "hold", "hold claimed", "hold where another is active", "hold done", "release", "release claimed",
        "release where paused", "release due", "release done", "unclaim", "unclaim held", "unclaim nobody's",
    ],
)  # fmt: skip
def test_feeds_away(rule, before: dict, changed: dict | None) -> None:
    known = row(**before)
    assert changes(known, rule(known)) == changed
