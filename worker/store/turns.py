"""Which of the due feeds a claim takes, and when those of a crowded site come up again. Pure.

A site's gate lets one request start per delay, however many of its feeds are due. Those that it could only
turn away are put off to when it may let them in. Left in front, 500 of one site kept 2,000 others
from being polled for 75 s; claimed all the same, each would cost a hint and a thread's wait for nothing.
The price: after an outage they come behind all who are overdue by then.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

LOOKED_AT = 500
"""Due feeds that one claim looks at, the longest overdue. A crowd of more hides who is behind it for a tick
each: 1,000 feeds of one site cost the others two seconds, once."""


class DueFeed(NamedTuple):
    """A feed whose time has come, and the registrable domain whose gate it has to pass."""

    feed_id: str
    site: str


class Share(NamedTuple):
    """How many feeds of one site a claim may take, and how many seconds apart the site lets more start."""

    per_site: int
    delay_s: float


EVERYTHING = Share(LOOKED_AT, 0.0)
"""For whom no site limits."""


class Turns(NamedTuple):
    """What a claim does: the feeds it takes, and others of their sites, put off by so many seconds."""

    taken: list[str]
    put_off: dict[str, float]


def take_turns(due: Iterable[DueFeed], limit: int, share: Share, lease_s: float) -> Turns:
    """Return which feeds to claim, at most `limit`, given those that are due in the order of their times.

    Nobody is put off for longer than `lease_s`: what is due shall not look as if its host had asked for a
    pause. Who is neither taken nor put off stays as due as before.
    """
    taken: list[str] = []
    put_off: dict[str, float] = {}
    before: Counter[str] = Counter()
    for feed in due:
        wait_s = min(before[feed.site] * share.delay_s, lease_s)
        if before[feed.site] < share.per_site:
            if len(taken) < limit:
                taken.append(feed.feed_id)
        elif wait_s > 0:
            put_off[feed.feed_id] = wait_s
        before[feed.site] += 1
    return Turns(taken, put_off)
