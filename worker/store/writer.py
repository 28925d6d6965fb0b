"""The writer: one thread that settles the attempts of all task threads, in batches.

A task hands its settlement over and returns; the outcome reaches the ledger with or after its
document (`Store.settle`), never before. The queue is bounded: when the store is slow, tasks wait.
"""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from worker.clock import milliseconds
from worker.errors import StoreError, StoreUnavailableError
from worker.models import SettledState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from worker.clock import Clock
    from worker.models import Settled, Settlement
    from worker.store.base import Store

log = structlog.get_logger()

CAPACITY = 256
"""Settlements that may wait; at 20 KB each this bounds the queue at about 5 MB."""
BATCH = 80
"""Most settlements in one call: about 200 ms of work at the 2.3 ms that a 600-word document costs."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
"""Pauses between tries while the store is unavailable; they double."""
REFUSED_TRIES = 3
"""Of 50 simultaneous writers of one article 2 to 7 are refused (five lost races each); few meet again."""
POLL_S = 0.1
"""How often a waiting thread looks whether it was asked to stop."""
STOP_GRACE_S = 30.0
"""How long a stop waits for a store that is away."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A settlement and when it was handed over, by the monotonic clock."""

    settlement: Settlement
    since: float

    def timed(self, now: float) -> Settlement:
        """Return the settlement with `write_ms` (time in this queue) added to its timings."""
        waited = milliseconds(self.since, now)
        outcome = self.settlement.outcome
        total = waited + (outcome.timings.total_ms or 0)
        timings = replace(outcome.timings, write_ms=waited, total_ms=total)
        return replace(self.settlement, outcome=replace(outcome, timings=timings))


class Writer:
    """Queue and thread in front of `Store.settle`.

    Args:
        store: where attempts are settled.
        clock: the injected clock.
        on_settled: told of every settlement that reached the store, in order.
        on_bug: told of a settlement that raised something outside the error tree; it was not written.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        on_settled: Callable[[Settlement, Settled], None],
        on_bug: Callable[[Settlement, Exception], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._on_settled = on_settled
        self._on_bug = on_bug
        self._queue: queue.Queue[Queued] = queue.Queue(CAPACITY)
        self._closing = threading.Event()
        self._give_up_at: float | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, settlement: Settlement) -> None:
        """Queue one settlement; blocks while the queue is full.

        Raises:
            StoreUnavailableError: the writer has given up; the row stays pending.
        """
        queued = Queued(settlement, self._clock.monotonic())
        while self._thread.is_alive():
            try:
                return self._queue.put(queued, timeout=POLL_S)
            except queue.Full:
                continue
        raise StoreUnavailableError("the writer has stopped")

    def is_idle(self) -> bool:
        """Return whether everything submitted so far has been settled."""
        return self._queue.unfinished_tasks == 0

    def hurry(self, grace_s: float = STOP_GRACE_S) -> None:
        """From now on give up `grace_s` seconds later if the store is away then: a stop was asked for."""
        if self._give_up_at is None:
            self._give_up_at = self._clock.monotonic() + grace_s

    def drain(self) -> int:
        """Settle what is queued, then end the thread; return how many settlements were left.

        Nobody may submit any more. What is left because the store stayed away (see `hurry`) is
        pending in the ledger and comes due again when its lease ends.
        """
        self.hurry()
        self._closing.set()
        self._thread.join()
        return self._queue.unfinished_tasks

    def _run(self) -> None:
        while batch := self._next_batch():
            if not self._settle(batch):
                return
            for _ in batch:
                self._queue.task_done()

    def _next_batch(self) -> list[Queued]:
        """Wait for settlements and return them; empty only when the writer is closing."""
        batch: list[Queued] = []
        while not batch:
            closing = self._closing.is_set()  # read first: what was submitted before it must not be left
            try:
                batch.append(self._queue.get(timeout=POLL_S))
            except queue.Empty:
                if closing:
                    return []
        while len(batch) < BATCH and not self._queue.empty():
            batch.append(self._queue.get_nowait())  # this thread is the only reader
        return batch

    def _settle(self, batch: Sequence[Queued]) -> bool:
        """Settle a batch, waiting for an unavailable store; False where it is time to give up."""
        now = self._clock.monotonic()
        settlements = [queued.timed(now) for queued in batch]
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                self._settle_once(settlements)
            except StoreError as error:
                log.warning("store unavailable", error=str(error), waiting=len(batch), pause_s=pause_s)
            else:
                return True
            if self._give_up_at is not None and self._clock.monotonic() > self._give_up_at:
                return False
            self._pause(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _pause(self, seconds: float) -> None:
        """Wait before the next try; where a stop is asked for meanwhile, only until then."""
        hurried = self._give_up_at
        until = self._clock.monotonic() + (seconds if hurried is None else FIRST_PAUSE_S)
        while self._clock.monotonic() < until and self._give_up_at == hurried:
            self._clock.sleep(POLL_S)

    def _settle_once(self, settlements: Sequence[Settlement], tries: int = REFUSED_TRIES) -> None:
        """Settle together; where that hits a bug, one by one, so that it costs only its own row.

        What was refused (others kept writing the same article) is settled again, at last left to its lease.
        """
        try:
            answers = self._store.settle(settlements, self._clock.now())
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - this thread's outer edge: it must outlive a bug
            if len(settlements) > 1:
                for settlement in settlements:
                    self._settle_once([settlement])
            else:
                self._on_bug(settlements[0], error)
            return
        refused = []
        for settlement, settled in zip(settlements, answers, strict=True):
            if settled.state is SettledState.REFUSED and tries > 1:
                refused.append(settlement)
            else:
                self._on_settled(settlement, settled)
        if refused:
            self._settle_once(refused, tries - 1)
