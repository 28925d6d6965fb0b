"""How fast a listing fills, and how many entries fell out of it unseen. Pure, plain numbers like `rates`."""

from __future__ import annotations

from math import exp, inf
from typing import TYPE_CHECKING

from worker.feeds.rates import MEMORY_S

if TYPE_CHECKING:
    from collections.abc import Sequence

_FEWEST = 3
"""The entries at least, and half of a listing, that say how fast all of it can fill."""
_IMPORT_S = 900.0
"""Dates by which a listing filled in less are an import's; such a burst counts only when seen."""


def densest_s(dates: Sequence[float], listed: int) -> float:
    """Return the time in which a listing would fill at the pace of its densest half, `inf` without dates.

    `dates` are the believable ones of its `listed` entries, in order.
    """
    half = half_of(listed)
    fastest_s = inf
    for first in range(len(dates) - half + 1):
        fill_s = (dates[first + half - 1] - dates[first]) * listed / (half - 1)
        if _IMPORT_S <= fill_s < fastest_s:
            fastest_s = fill_s
    return fastest_s


def shortest_fill_s(known_s: float, waited_s: float, listed: int, came: int, dense_s: float) -> float:
    """Return the shortest time in which the listing would have filled, forgotten as slowly as all else.

    That is what was `known_s`, the densest half of the listing by its dates, or as fast as the entries that
    `came` between two polls; `inf` where nothing says.
    """
    faded_s = known_s * exp(waited_s / MEMORY_S)
    came_s = waited_s * listed / came if came >= half_of(listed) else inf
    return min(faded_s, came_s, dense_s)


def missed_before(first: float, last: float, dated: int, listed: int, polled_at: float) -> int:
    """Return how many entries came and went unseen between the last poll and a listing with none of its own.

    The gap from the poll to the oldest of its `dated` entries (`first` to `last`) is filled at their rate:
    at least one, at most another listing, since bursts have no tail that long.
    """
    if dated < 2 or last <= first:
        return 1
    return min(listed, max(1, round((first - polled_at) * (dated - 1) / (last - first))))


def half_of(listed: int) -> int:
    """Return how many entries are half of a listing, and enough to say anything."""
    return max(_FEWEST, (listed + 1) // 2)
