"""From due rows to hints: what is sent to the broker for the next few seconds of work.

The backlog (queued and running) stays under a mark, so the broker never holds more than hints for
work about to be done. `plan_dispatch` decides; the rest asks the store and sends.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

from worker.errors import BrokerError
from worker.fetch.policy import PATIENCE_S
from worker.models import Phase
from worker.reindex.control import end_if_done
from worker.store.rebuilds import is_free
from worker.store.turns import Share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from worker.backlog import Backlog
    from worker.mill import Mill
    from worker.models import Claim, DueRow, Feed

Hint = TypeVar("Hint")

FEED_TICK_S = ENTRY_TICK_S = 1.0
"""How often beat asks for due feeds and due entries, in seconds. With the design's 5 s for feeds (step 1) the
same polls a second would take five times the hints in the queue."""
REBUILD_TICK_S = 5.0
"""How often beat asks whether a rebuild is copying: how long a place stays free at most, between two turns of
twenty seconds, and what one read costs while none is."""
ENTRIES_PER_THREAD = 8
"""The mark: a few seconds of work, so that no thread waits for the next tick (design, step 2)."""
FEEDS_PER_THREAD = 4
"""The same for polls, most of which are answered "not modified" in .2 to .5 s: four a thread last until the
next tick where each takes .25 s, so that threads bound the rate and dispatch does not. 16 threads may start
64 a second then; 100,000 feeds at 20 polls a day need 23. More would not survive its lease: where every site
hangs, a hint waits for four polls and, Celery serving the queues in turn, four entries, of a minute each."""


def per_host(host_delay_s: float, room: int) -> int:
    """Return how many rows of one host one claim may take: what its gate lets start until they matter.

    A tick later more can be claimed, and `PATIENCE_S` is slept; beyond that a row would only be
    claimed to be deferred. Without a delay, one host may have all the room.
    """
    if host_delay_s <= 0:
        return max(1, room)
    return 1 + int((ENTRY_TICK_S + PATIENCE_S) / host_delay_s)


def plan_dispatch(due: Iterable[DueRow], room: int, per_host: int) -> list[str]:
    """Return at most `room` entry ids to claim, at most `per_host` of one host, hosts taking turns.

    Within a host the newest comes first: what was published last matters most to a news desk.
    """
    hosts: defaultdict[str, list[DueRow]] = defaultdict(list)
    for row in due:
        hosts[row.domain].append(row)
    for rows in hosts.values():
        rows.sort(key=lambda row: row.first_seen_at, reverse=True)
    turns = [rows[turn].entry_id for turn in range(per_host) for rows in hosts.values() if turn < len(rows)]
    return turns[: max(0, room)]


class EntryDispatcher:
    """Sends hints for due entries, resuming each time at the host after the last one served."""

    def __init__(self) -> None:
        self._after_domain = ""

    def dispatch(self, mill: Mill, backlog: Backlog, send: Callable[[Claim], object]) -> int:
        """Claim due rows up to the mark and send a hint for each one won; return how many."""
        room = backlog.room("ingest", ENTRIES_PER_THREAD)
        if room <= 0:
            return 0
        now = mill.clock.now()
        share = per_host(mill.settings.host_delay_s, room)
        due = mill.store.entries.due(now, room, share, self._after_domain)
        if not due:
            return 0
        self._after_domain = due[-1].domain
        claims = mill.store.entries.claim(plan_dispatch(due, room, share), now, mill.settings.lease_s)
        return _send_all(claims, send, lambda unsent: mill.store.entries.unclaim(unsent, mill.clock.now()))


def dispatch_feeds(mill: Mill, backlog: Backlog, send: Callable[[Feed], object]) -> int:
    """Claim due feeds up to the mark, of one site as many as its gate lets start, and send a hint for each.

    Return how many. The site's other feeds are put off by the same claim.
    """
    room = backlog.room("poll", FEEDS_PER_THREAD)
    if room <= 0:
        return 0
    delay_s = mill.settings.host_delay_s
    share = Share(per_host(delay_s, room), delay_s)
    feeds = mill.store.feeds.claim_due(mill.clock.now(), room, mill.settings.lease_s, share)

    def give_back(unsent: Sequence[Feed]) -> None:
        for feed in unsent:
            mill.store.feeds.update(feed.feed_id, {"next_poll_at": mill.clock.now()})

    return _send_all(feeds, send, give_back)


def dispatch_rebuild(mill: Mill, backlog: Backlog, send: Callable[[], object]) -> int:
    """Send as many hints as free slices of the copying rebuild and free places call for; return how many.

    Hints name no slice: whoever takes one claims what is free then. A copy whose last worker died before
    it could end it is ended here.
    """
    store, now = mill.store, mill.clock.now()
    rebuild = store.rebuilds.get()
    if rebuild is None or rebuild.phase is not Phase.COPYING or not rebuild.to_version:
        return 0
    if end_if_done(store, mill.clock, rebuild):
        return 0
    free = sum(is_free(part, now) for part in store.rebuilds.slices())
    hints = backlog.copy_hints(free) if free else 0
    for _ in range(hints):
        send()
    return hints


def _send_all(
    hints: Sequence[Hint], send: Callable[[Hint], object], give_back: Callable[[Sequence[Hint]], object]
) -> int:
    """Send every hint; return how many.

    Raises:
        BrokerError: it is away; what could not be sent was given back and is due again.
    """
    for at, hint in enumerate(hints):
        try:
            send(hint)
        except BrokerError:
            give_back(hints[at:])
            raise
    return len(hints)
