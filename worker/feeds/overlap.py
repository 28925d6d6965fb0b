"""What two listings in a row have in common: which entries are fresh, and how many were missed. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

from worker.feeds import rhythm as rhythms
from worker.feeds.filling import densest_s, missed_before, shortest_fill_s
from worker.feeds.rates import REMEMBERED_S

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from worker.models import Entry, Rhythm

LATEST = 10
"""Entries remembered of a listing. All of them would be 1 KB a feed; what is newest is listed longest."""
_ID = 8
"""Hex digits of an id that are kept: of 100 entries one is mistaken for another in 4 million listings."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a listing taught: the rhythm from now on, and the entries that came and went unseen."""

    rhythm: Rhythm
    missed: int = 0


def see(
    known: Rhythm | None, entries: Sequence[Entry], new: Collection[str], polled_at: datetime, now: datetime
) -> Seen:
    """Return what the listing at `now` teaches; `new` are ids that the ledger did not know before.

    `polled_at` is the last successful poll before. Times are believed where they lie between the two
    polls; whatever else a feed's clock says, its new entries appeared in between.
    """
    if known is None:
        moments = [each.published_at for each in entries if each.published_at and each.published_at < now]
        begun = replace(rhythms.begin(moments, now), fill_s=_seconds(_densest_s(entries, now)))
        return Seen(_remembering(begun, entries, entries))
    fresh = [each for each in entries if each.entry_id in new or _is_between(each, polled_at, now)]
    missed = estimate_missed(known, entries, fresh, polled_at, now)
    middle = polled_at + (now - polled_at) / 2
    moments = [_time(each, polled_at, now) or middle for each in fresh]
    learned = rhythms.learn(known, [*moments, *([middle] * missed)], polled_at, now)
    filled = replace(
        learned,
        fill_s=_fill_s(known, entries, len(fresh) + missed, polled_at, now) if fresh else known.fill_s,
    )
    return Seen(_remembering(filled, entries, fresh), missed)


def nothing_new(known: Rhythm | None, polled_at: datetime | None, now: datetime) -> Rhythm | None:
    """Return the rhythm after a poll that found the listing unchanged."""
    if known is None or polled_at is None or now <= polled_at:
        return known
    return rhythms.learn(known, (), polled_at, now)


def has_overlap(known: Rhythm, entries: Sequence[Entry]) -> bool:
    """Return whether the listing holds any of the newest entries of the last one."""
    latest = set(known.latest)
    return any(each.entry_id[:_ID] in latest for each in entries)


def estimate_missed(
    known: Rhythm, entries: Sequence[Entry], fresh: Sequence[Entry], polled_at: datetime, now: datetime
) -> int:
    """Return how many entries came and fell out of the listing between the two polls.

    None as long as the listings overlap. A feed that starts anew or changes its ids looks the same.
    """
    if not fresh or not known.latest or has_overlap(known, entries):
        return 0
    moments = sorted(filter(None, (_time(each, polled_at, now) for each in fresh)))
    if not moments:
        return 1
    first, last = moments[0].timestamp(), moments[-1].timestamp()
    return missed_before(first, last, len(moments), len(entries), polled_at.timestamp())


def _fill_s(
    known: Rhythm, entries: Sequence[Entry], came: int, polled_at: datetime, now: datetime
) -> float | None:
    known_s = inf if known.fill_s is None else known.fill_s
    waited_s = (now - polled_at).total_seconds()
    return _seconds(shortest_fill_s(known_s, waited_s, len(entries), came, _densest_s(entries, now)))


def _densest_s(entries: Sequence[Entry], now: datetime) -> float:
    dates = sorted(
        each.published_at.timestamp()
        for each in entries
        if each.published_at and 0 < (now - each.published_at).total_seconds() < REMEMBERED_S
    )
    return densest_s(dates, len(entries))


def _seconds(seconds: float) -> float | None:
    return None if seconds == inf else round(seconds, 1)


def _is_between(entry: Entry, polled_at: datetime, now: datetime) -> bool:
    # An entry that its feed dates ahead is dated `now` by the parser, at every poll.
    return entry.published_at is not None and polled_at < entry.published_at < now


def _time(entry: Entry, polled_at: datetime, now: datetime) -> datetime | None:
    return entry.published_at if _is_between(entry, polled_at, now) else None


def _remembering(rhythm: Rhythm, entries: Sequence[Entry], fresh: Sequence[Entry]) -> Rhythm:
    """Return the rhythm with the newest of the fresh entries put before those remembered already.

    A pinned entry is fresh only once and is pushed out by ten others: it makes no overlap for ever.
    """
    dated = all(each.published_at for each in fresh)
    newest = sorted(fresh, key=_published, reverse=True) if dated else fresh
    latest = dict.fromkeys([*(each.entry_id[:_ID] for each in newest), *rhythm.latest])
    return replace(rhythm, listed=len(entries) or rhythm.listed, latest=tuple(latest)[:LATEST])


def _published(entry: Entry) -> datetime:
    assert entry.published_at
    return entry.published_at
