"""Times that say when a publishing system was filled or rebuilt, not when its entries were published."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from worker.feeds.identity import Draft

FEWEST = 3
"""Entries that share a time before it counts as a stamp: two come out together every day."""

SHARE = 0.5
"""The least part of a listing's dated entries that a stamp is on. Of 102 real feeds eight have one time on
three entries or more; midnights aside, the largest share is 5 of 56."""

FETCH = timedelta(minutes=1)
"""A listing all of whose entries are as young as this writes the time of the request into them."""

NOTE = "date shared by most of the listing (an import or a rebuild), dropped"


def without_stamps(drafts: Sequence[Draft], now: datetime) -> tuple[list[Draft], int]:
    """Return the drafts without times that are stamps, and how many lost theirs.

    What the feed stated stays in `Draft.published` and `updated`: ids and hashes do not change with the
    company that an entry is listed in.
    """
    stated = [d.published.time for d in drafts if d.published.time and d.entry.published_at]
    stamps = set(stated) if _is_time_of_fetch(stated, now) else _shared(stated)
    kept = [_without(draft, stamps) for draft in drafts]
    return kept, sum(one is not other for one, other in zip(drafts, kept, strict=True))


def _shared(stated: Sequence[datetime]) -> set[datetime]:
    """Return the time that is on at least three and at least half of the entries.

    A midnight is a day: half of a listing may well be of one (6 of 9 in a real feed), so that it takes all.
    """
    seconds = [moment.replace(microsecond=0) for moment in stated]
    common, count = next(iter(Counter(seconds).most_common(1)), (None, 0))
    share = 1.0 if common and common.time() == time() else SHARE
    if count < FEWEST or count < share * len(stated):
        return set()
    return {moment for moment, second in zip(stated, seconds, strict=True) if second == common}


def _is_time_of_fetch(stated: Collection[datetime], now: datetime) -> bool:
    return len(stated) >= FEWEST and all(abs(now - moment) <= FETCH for moment in stated)


def _without(draft: Draft, stamps: Collection[datetime]) -> Draft:
    if draft.entry.published_at is None or draft.published.time not in stamps:
        return draft
    # An updated time that is the same stamp would come back as the feed's other date.
    updated = None if draft.updated.time == draft.published.time else draft.entry.updated_at
    return replace(draft, entry=replace(draft.entry, published_at=None, updated_at=updated))
