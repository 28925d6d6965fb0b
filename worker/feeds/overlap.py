"""What two listings in a row have in common: which entries are fresh, and how many were missed. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, exp
from typing import TYPE_CHECKING

from worker.feeds import rhythm as rhythms

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from worker.models import Entry, Rhythm

LATEST = 10
"""Entries remembered of a listing. All of them would be 1 KB a feed; what is newest is listed longest."""
_ID = 8
"""Hex digits of an id that are kept: of 100 entries one is mistaken for another in 4 million listings."""

_HALF = 0.5
_FEWEST = 3
"""The share of a listing, and the entries at least, that say how fast all of it can fill."""
_IMPORT_S = 900.0
"""Dates by which a listing filled in less are an import's; such a burst counts only when seen."""


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
        begun = replace(rhythms.begin(moments, now), fill_s=_densest_s(entries, now))
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

    None as long as the listings overlap. Else the gap between the last poll and the oldest entry now
    listed is filled at the rate of the listing itself: at least one, at most another listing, since bursts
    have no tail that long. A feed that starts anew or changes its ids looks the same.
    """
    if not fresh or not known.latest or has_overlap(known, entries):
        return 0
    moments = sorted(filter(None, (_time(each, polled_at, now) for each in fresh)))
    span_s = (moments[-1] - moments[0]).total_seconds() if len(moments) > 1 else 0.0
    if span_s <= 0:
        return 1
    gap_s = (moments[0] - polled_at).total_seconds()
    return min(len(entries), max(1, round(gap_s * (len(moments) - 1) / span_s)))


def _fill_s(
    known: Rhythm, entries: Sequence[Entry], came: int, polled_at: datetime, now: datetime
) -> float | None:
    """Return the shortest time in which the listing would have filled, forgotten as slowly as all else.

    That is as fast as the densest half of the listing by its dates, or as the entries that `came` between
    two polls.
    """
    waited_s = (now - polled_at).total_seconds()
    seen_s = [] if known.fill_s is None else [known.fill_s * exp(waited_s / rhythms.MEMORY_S)]
    if came >= _half(entries):
        seen_s.append(waited_s * len(entries) / came)
    if (dense_s := _densest_s(entries, now)) is not None:
        seen_s.append(dense_s)
    return round(min(seen_s), 1) if seen_s else None


def _densest_s(entries: Sequence[Entry], now: datetime) -> float | None:
    """Return the time in which the listing would fill at the pace of its densest half, None without dates."""
    dates = sorted(
        each.published_at.timestamp()
        for each in entries
        if each.published_at and 0 < (now - each.published_at).total_seconds() < rhythms.REMEMBERED_S
    )
    half = _half(entries)
    stretch = len(entries) / (half - 1)
    fills_s = [(last - first) * stretch for first, last in zip(dates, dates[half - 1 :], strict=False)]
    return min((each for each in fills_s if each >= _IMPORT_S), default=None)


def _half(entries: Sequence[Entry]) -> int:
    return max(_FEWEST, ceil(len(entries) * _HALF))


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
