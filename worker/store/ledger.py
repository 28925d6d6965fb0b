"""The ledger's rules as pure functions of a row: what a listing, an ending, a pause make of it.

A backend that reads a row, decides and writes it back (if nobody else has written it meanwhile) needs
nothing else. No I/O, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from worker.models import Entry, EntryState, FeedState, LedgerRow, OutcomeKind, Wait

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Verdict = Literal["new", "changed", "known"]

CHANGE_SPACING = timedelta(minutes=30)
MAX_GENERATIONS = 10
"""With the spacing, a feed that changes its titles on every poll costs ten fetches an entry, no more."""
LISTED_SPACING = timedelta(days=1)
"""`listed_at` only has to tell a year-old row from a live one; a write per row and poll is not worth it."""
FEED_REMOVED = "feed_removed"
HOLDING = (FeedState.PAUSED, FeedState.IMPORTED)
LONGEST_DETAIL = 300
"""Characters of what was seen at the end: a line or two on a terminal."""


def is_held(feed_ids: tuple[str, ...], states: Mapping[str, FeedState]) -> bool:
    """Return whether nothing is fetched for a row: a paused feed or an import lists it, no active feed does.

    `states` has every feed in `feed_ids` that still exists.
    """
    listed_by = {states[feed_id] for feed_id in feed_ids if feed_id in states}
    return not listed_by.isdisjoint(HOLDING) and FeedState.ACTIVE not in listed_by


def listed(
    row: LedgerRow | None, feed_id: str, entry: Entry, now: datetime, states: Mapping[str, FeedState]
) -> tuple[LedgerRow, Verdict]:
    """Return the row after `feed_id` has listed `entry`, and what the entry is to the ledger."""
    if row is None:
        return _first(feed_id, entry, now, states), "new"
    known = _listed_again(row, feed_id, now, states)
    if is_change(_standing(known), feed_id, entry, now):
        return _renewed(known, entry, now, states), "changed"
    if known.state is EntryState.PENDING and known.due_at is None:
        return replace(known, due_at=_due(known, now, states)), "known"
    return known, "known"


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a known row decides whether a listing changes it; `feed_id` is the row's own feed."""

    feed_id: str
    entry_hash: str
    generation: int
    admitted_at: datetime
    outcome: str | None
    reason: str | None


def is_change(row: Standing, feed_id: str, entry: Entry, now: datetime) -> bool:
    """Return whether the listing makes a known row a new generation.

    Only its own feed can say that it changed; and one that ended because its last feed was removed
    begins anew when any feed lists it.
    """
    if row.outcome == OutcomeKind.REJECTED and row.reason == FEED_REMOVED:
        return True
    return (
        row.feed_id == feed_id
        and row.entry_hash != entry.entry_hash
        and row.generation < MAX_GENERATIONS
        and now - row.admitted_at >= CHANGE_SPACING
    )


def _standing(row: LedgerRow) -> Standing:
    entry = row.entry
    return Standing(entry.feed_id, entry.entry_hash, row.generation, row.admitted_at, row.outcome, row.reason)


def retried(
    row: LedgerRow, now: datetime, states: Mapping[str, FeedState], *, forced: bool
) -> LedgerRow | None:
    """Return a done row as pending again, None where it is not done. A forced row stays forced."""
    if row.state is not EntryState.DONE:
        return None
    again = replace(_begun_anew(row, now), forced=row.forced or forced)
    return replace(again, attempts=0, wait=Wait.NONE, due_at=_due(again, now, states))


def forgotten(row: LedgerRow, feed_id: str, now: datetime, states: Mapping[str, FeedState]) -> LedgerRow:
    """Return the row after `feed_id` is gone: passed on to the next feed, or ended where none is active."""
    feed_ids = tuple(each for each in row.feed_ids if each != feed_id)
    owner = min(feed_ids) if feed_ids and row.entry.feed_id == feed_id else row.entry.feed_id
    left = replace(row, feed_ids=feed_ids, entry=replace(row.entry, feed_id=owner))
    is_wanted = any(states.get(each) is FeedState.ACTIVE for each in feed_ids)
    if row.state is EntryState.DONE or is_wanted:
        return left
    return replace(
        left,
        entry=replace(left.entry, content=None),
        state=EntryState.DONE,
        outcome=OutcomeKind.REJECTED,
        reason=FEED_REMOVED,
        done_at=now,
        wait=Wait.NONE,
        claim=None,
        due_at=None,
    )


def held(row: LedgerRow, states: Mapping[str, FeedState]) -> LedgerRow | None:
    """Return a due row without its time where its feeds are paused; None where they are not.

    A claimed row is held, too: its worker may finish it, but its lease brings it back no more.
    """
    if row.due_at is None or not is_held(row.feed_ids, states):
        return None
    return replace(row, due_at=None)


def released(row: LedgerRow, now: datetime, states: Mapping[str, FeedState]) -> LedgerRow | None:
    """Return a held row as due now, None where it is not held or its feeds still are."""
    if row.state is EntryState.DONE or row.due_at is not None or is_held(row.feed_ids, states):
        return None
    return replace(row, due_at=now, wait=Wait.NONE, claim=None)


def taken(
    row: LedgerRow, token: str, now: datetime, until: datetime, states: Mapping[str, FeedState]
) -> LedgerRow | None:
    """Return a row claimed for a page that nobody has to fetch; None where a page is to be fetched for it.

    A done one begins a generation. A held one stays held, and may be taken again by anybody else.
    """
    if row.state is EntryState.PENDING and row.due_at is not None:
        return None
    begun = _begun_anew(row, now) if row.state is EntryState.DONE else row
    due_at = None if is_held(row.feed_ids, states) else until
    return replace(begun, claim=token, wait=Wait.LEASE, attempts=0, reason=None, due_at=due_at)


def unclaimed(row: LedgerRow, now: datetime) -> LedgerRow | None:
    """Return a claimed row as due now (unless it is held), None where nobody claims it."""
    if row.claim is None:
        return None
    return replace(row, claim=None, wait=Wait.NONE, due_at=None if row.due_at is None else now)


def _begun_anew(row: LedgerRow, now: datetime) -> LedgerRow:
    """Return the row as the next generation, with nothing left of how the last one ended."""
    return replace(
        row,
        state=EntryState.PENDING,
        outcome=None,
        reason=None,
        detail=None,
        body_hash=None,
        done_at=None,
        generation=row.generation + 1,
        admitted_at=now,
    )


def first_row(entry: Entry, feed_ids: tuple[str, ...], now: datetime) -> LedgerRow:
    """Return the row of an entry that has just been seen for the first time."""
    return LedgerRow(entry=entry, feed_ids=feed_ids, first_seen_at=now, listed_at=now, admitted_at=now)


def _first(feed_id: str, entry: Entry, now: datetime, states: Mapping[str, FeedState]) -> LedgerRow:
    row = first_row(replace(entry, feed_id=feed_id), (feed_id,), now)
    return replace(row, due_at=_due(row, now, states))


def _listed_again(row: LedgerRow, feed_id: str, now: datetime, states: Mapping[str, FeedState]) -> LedgerRow:
    """Note that `feed_id` lists the row. Its own feed is the first that still does; an import gives way."""
    owner = row.entry.feed_id
    gives_way = states.get(owner) is FeedState.IMPORTED is not states.get(feed_id)
    if gives_way or owner not in (*row.feed_ids, feed_id):
        owner = feed_id
    return replace(
        row,
        entry=row.entry if owner == row.entry.feed_id else replace(row.entry, feed_id=owner),
        feed_ids=tuple(sorted({*row.feed_ids, feed_id})),
        listed_at=now if now - row.listed_at >= LISTED_SPACING else row.listed_at,
    )


def _renewed(row: LedgerRow, entry: Entry, now: datetime, states: Mapping[str, FeedState]) -> LedgerRow:
    own = replace(entry, feed_id=row.entry.feed_id)
    renewed = replace(_begun_anew(row, now), entry=own)
    if row.claim is not None:
        # Claim and lease stay: its worker's finish will find that the generation has moved on.
        return renewed
    return replace(renewed, attempts=0, wait=Wait.NONE, due_at=_due(renewed, now, states))


def _due(row: LedgerRow, now: datetime, states: Mapping[str, FeedState]) -> datetime | None:
    return None if is_held(row.feed_ids, states) else now
