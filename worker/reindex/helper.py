"""A worker's part in a rebuild, beside its other work: turns at slices, each short, and few at once."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from worker.errors import ArchiveUnavailableError, PoolError, StoreError
from worker.models import REBUILD, Phase
from worker.reindex.bench import CHUNK, Bench
from worker.reindex.control import end_if_done
from worker.reindex.pages import arrival_s, open_pages, readers_of
from worker.reindex.plan import find_difference
from worker.reindex.run import LEASE_S, copy_slice, is_copying
from worker.reindex.steps import Step
from worker.store.outage import Outage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.mill import Mill
    from worker.models import Rebuild

log = structlog.get_logger()

TURN_S = 20.0
"""How long a turn lasts, to the end of the page at hand: a fraction of the longest attempt (`progress`), and
so long that what it begins with (a claim reads all slices) is a small part of it."""
GUEST_CHUNK = 2
"""Documents in one call to a child that ingestion wants, too. Children serve calls in turn: where all are
busy, a copy gets so many pages for one of each thread that ingests (design notes have the measurement)."""


def copies_of(threads: int, processes: int, queues: Sequence[str]) -> int:
    """Return how many turns a worker may take at once.

    Of a worker that does other work, too, they have no more than half of the threads and half of the
    children, though at least one; a single thread is kept for the other work. One for rebuilds alone has
    one more than children, as `feedmill reindex start` has.
    """
    if REBUILD not in queues:
        return 0
    if set(queues) == {REBUILD}:
        return min(threads, processes + 1)
    return min(threads // 2, max(1, processes // 2))


def open_helper(mill: Mill, queues: Sequence[str]) -> Helper:
    """Return what a worker of these queues does for rebuilds, with its mill's store, archive and children."""
    bench = Bench(
        store=mill.store,
        pool=mill.pool,
        read_page=open_pages(mill.settings, mill.clock),
        clock=mill.clock,
        stopping=threading.Event(),
        readers=readers_of(mill.settings),
        upload_s=arrival_s(mill.settings),
        met=Outage(mill.clock).met,
        chunk=CHUNK if set(queues) == {REBUILD} else GUEST_CHUNK,
    )
    copies = copies_of(mill.settings.fetch_threads, mill.settings.extract_processes, queues)
    return Helper(bench, copies, has_pages=mill.settings.archive_folder is not None)


class Helper:
    """Takes turns at whatever rebuild is copying.

    Args:
        bench: what the copy works with; its `stopping` is set when the worker stops.
        copies: most turns at once.
        has_pages: whether this worker has the archive.
    """

    def __init__(self, bench: Bench, copies: int, *, has_pages: bool) -> None:
        self.copies = copies
        self._bench = bench
        self._has_pages = has_pages
        self._places = threading.Semaphore(copies)
        self._lock = threading.Lock()
        self._said_of = ""

    def leave_off(self) -> None:
        """Give slices back after the pages at hand, and take no more."""
        self._bench.stopping.set()

    def take_turn(self) -> bool:
        """Work on slices for `TURN_S`, where there is a place; return whether there is more for us to do.

        Raises:
            StoreError: the store failed while the rebuild was copying.
        """
        if not self._places.acquire(blocking=False):
            return False
        try:
            rebuild = self._bench.store.rebuilds.get()
            if rebuild is None or rebuild.phase is not Phase.COPYING or not rebuild.to_version:
                return False
            return self._may_help(rebuild) and self._help(rebuild)
        finally:
            self._places.release()

    def _may_help(self, rebuild: Rebuild) -> bool:
        """Return whether what we would make is what the rebuild makes; if not, say so once."""
        difference = find_difference(rebuild)
        if difference is None and Step.EXTRACT.value in rebuild.only and not self._has_pages:
            difference = "its pages are not to be had here: FEEDMILL_ARCHIVE_URL is off"
        if difference:
            self._say_once(rebuild, difference)
        return difference is None

    def _say_once(self, rebuild: Rebuild, difference: str) -> None:
        with self._lock:
            said, self._said_of = self._said_of, rebuild.rebuild_id
        if said != rebuild.rebuild_id:
            log.warning("takes no part in the rebuild", because=difference)

    def _help(self, rebuild: Rebuild) -> bool:
        clock = self._bench.clock
        bench = replace(self._bench, until=clock.monotonic() + TURN_S)
        try:
            return _work(bench, rebuild)
        except PoolError as error:
            log.warning("left the rebuild", error=str(error))
        except ArchiveUnavailableError as error:
            bench.met(error)  # the next turn tries again
        except StoreError:
            if is_copying(bench.store, rebuild):
                raise  # else it was cancelled under our hands, and what we wrote to is gone
        return False


def _work(bench: Bench, rebuild: Rebuild) -> bool:
    """Work on free slices until the turn is over; return whether it ended before the slices did."""
    while not bench.is_over():
        part = bench.store.rebuilds.claim_slice(bench.clock.now(), LEASE_S, bench.clock.token())
        if part is None:
            if end_if_done(bench.store, bench.clock, rebuild):
                log.info("rebuild copied", version=rebuild.to_version)
            return False
        copy_slice(bench, rebuild, part)
    return not bench.stopping.is_set()
