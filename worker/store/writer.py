"""The writer: one thread that settles the attempts of all task threads, in batches.

A task hands its settlement over and returns; the outcome reaches the ledger with or after its
document (`Store.settle`), never before. The queue (`worker.store.batches`) is bounded: when the store is
slow, tasks wait.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import structlog

from worker.errors import ArchiveUnavailableError, StoreError, StoreUnavailableError
from worker.models import SettledState
from worker.store.batches import Batches

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from worker.clock import Clock
    from worker.models import Settled, Settlement
    from worker.store.base import Store
    from worker.store.batches import Queued

log = structlog.get_logger()

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
"""Pauses between tries while the store is unavailable; they double."""
REFUSED_TRIES = 3
"""Of 50 simultaneous writers of one article 2 to 7 are refused (five lost races each); few meet again."""
POLL_S = 0.1
"""How often a waiting thread looks whether it was asked to stop."""
STOP_GRACE_S = 30.0
"""How long a stop waits for a store that is away."""


class Writer:
    """Queue and thread in front of `Store.settle`.

    Args:
        store: where attempts are settled.
        clock: the injected clock.
        on_settled: told of every settlement that reached the store, in order.
        on_bug: told of a settlement that raised something outside the error tree; it was not written.
        make_durable: called before each batch is settled: what its outcomes point to is durable then.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        on_settled: Callable[[Settlement, Settled], None],
        on_bug: Callable[[Settlement, Exception], None],
        make_durable: Callable[[], object] = lambda: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._on_settled = on_settled
        self._on_bug = on_bug
        self._make_durable = make_durable
        self._batches = Batches(clock)
        self._give_up_at: float | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, settlement: Settlement) -> None:
        """Queue one settlement; blocks while the queue is full.

        Raises:
            StoreUnavailableError: the writer has given up; the row stays pending.
        """
        if not self._batches.put(settlement):
            raise StoreUnavailableError("the writer has stopped")

    def is_idle(self) -> bool:
        """Return whether everything submitted so far has been settled."""
        return self._batches.unfinished == 0

    def hurry(self, grace_s: float = STOP_GRACE_S) -> None:
        """From now on give up `grace_s` seconds later if the store is away then: a stop was asked for."""
        if self._give_up_at is None:
            self._give_up_at = self._clock.monotonic() + grace_s
        self._batches.hurry()

    def drain(self) -> int:
        """Settle what is queued, then end the thread; return how many settlements were left.

        Nobody may submit any more. What is left because the store stayed away (see `hurry`) is
        pending in the ledger and comes due again when its lease ends.
        """
        self.hurry()
        self._batches.close()
        self._thread.join()
        return self._batches.unfinished

    def _run(self) -> None:
        try:
            while batch := self._batches.take():
                if not self._settle(batch):
                    return
                self._batches.done(len(batch))
        finally:
            self._batches.stop()

    def _settle(self, batch: Sequence[Queued]) -> bool:
        """Settle a batch, waiting for an unavailable store or archive; False where it is time to give up."""
        now = self._clock.monotonic()
        settlements = [queued.timed(now) for queued in batch]
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                self._make_durable()
                self._settle_once(settlements)
            except (StoreError, ArchiveUnavailableError) as error:
                event = "store unavailable" if isinstance(error, StoreError) else "archive unavailable"
                log.warning(event, error=str(error), waiting=len(batch), pause_s=pause_s)
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
