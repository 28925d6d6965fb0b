"""The writer's queue: settlements come in one by one and leave in batches.

A batch closes when it is full, by count or by size, or `WINDOW_S` after its first settlement was
handed over. While the store takes a batch the next one gathers, so the window costs a quiet service a
moment and a busy one nothing.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from worker.clock import milliseconds

if TYPE_CHECKING:
    from worker.clock import Clock
    from worker.models import Settlement

CAPACITY = 256
"""Settlements that may wait: at 6 KB of text each some 1.5 MB."""
CAPACITY_CHARS = 20_000_000
"""Text that may wait, where articles are huge: 20 to 80 MB, by script."""
BATCH = 80
"""Most settlements in one batch: about 200 ms of work at the 2.3 ms that a 600-word document costs SQLite."""
BATCH_CHARS = 1_600_000
"""Most text in one batch. A request carries a character as 2 bytes (Latin, stored once and once more for
its language) to 6 (Chinese), so that a batch fits one body of 10 MB; what does not is cut there."""
WINDOW_S = 0.05
"""How long a settlement may wait for others. At 100 articles a second 9 then share a request instead of
1.5, at a third of our own work and two thirds of the server's; twice the wait saves a tenth more."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A settlement, when it was handed over by the monotonic clock, and how much text it brings."""

    settlement: Settlement
    since: float
    chars: int

    def timed(self, now: float) -> Settlement:
        """Return the settlement with `write_ms` (time in this queue) added to its timings."""
        waited = milliseconds(self.since, now)
        outcome = self.settlement.outcome
        total = waited + (outcome.timings.total_ms or 0)
        timings = replace(outcome.timings, write_ms=waited, total_ms=total)
        return replace(self.settlement, outcome=replace(outcome, timings=timings))


class Batches:
    """A bounded queue between many threads that put and one that takes batches."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        lock = threading.Lock()
        self._may_take, self._may_put = threading.Condition(lock), threading.Condition(lock)
        self._queue: deque[Queued] = deque()
        self._chars = 0
        self._unfinished = 0
        self._hurried = self._closed = self._stopped = False

    @property
    def unfinished(self) -> int:
        """How many settlements were put and are not `done`."""
        return self._unfinished

    def put(self, settlement: Settlement) -> bool:
        """Add a settlement, waiting for room; False where nobody takes any more."""
        queued = Queued(settlement, self._clock.monotonic(), chars_of(settlement))
        with self._may_put:
            self._may_put.wait_for(lambda: self._stopped or self._has_room(queued.chars))
            if self._stopped:
                return False
            self._queue.append(queued)
            self._chars += queued.chars
            self._unfinished += 1
            if len(self._queue) == 1 or self._is_full():
                self._may_take.notify()
        return True

    def take(self) -> list[Queued]:
        """Wait for a batch and return it; empty only once everything is taken after `close`."""
        with self._may_take:
            self._may_take.wait_for(lambda: self._queue or self._closed)
            while self._queue and not (self._hurried or self._is_full()):
                left_s = self._queue[0].since + WINDOW_S - self._clock.monotonic()
                if left_s <= 0 or not self._may_take.wait(left_s):
                    break
            batch = [self._queue.popleft() for _ in range(self._fitting())]
            self._chars -= sum(queued.chars for queued in batch)
            self._may_put.notify_all()
        return batch

    def done(self, count: int) -> None:
        """Note that so many of what was taken are settled."""
        with self._may_put:
            self._unfinished -= count

    def hurry(self) -> None:
        """From now on let nothing wait for others."""
        with self._may_take:
            self._hurried = True
            self._may_take.notify()

    def close(self) -> None:
        """Let `take` end once the queue is empty."""
        with self._may_take:
            self._hurried = self._closed = True
            self._may_take.notify()

    def stop(self) -> None:
        """Let nobody wait for room any more: what is queued stays."""
        with self._may_put:
            self._stopped = True
            self._may_put.notify_all()

    def _has_room(self, chars: int) -> bool:
        """Return whether so much more may wait; a text larger than all the room may wait alone."""
        is_few = len(self._queue) < CAPACITY and self._chars + chars <= CAPACITY_CHARS
        return is_few or not self._queue

    def _is_full(self) -> bool:
        """Return whether a batch has nothing to wait for."""
        return len(self._queue) >= BATCH or self._chars >= BATCH_CHARS

    def _fitting(self) -> int:
        """Return how many of the queue make up the next batch, at least one where there is any."""
        count = chars = 0
        for queued in self._queue:
            chars += queued.chars
            if count == BATCH or (count and chars > BATCH_CHARS):
                break
            count += 1
        return count


def chars_of(settlement: Settlement) -> int:
    """Return how many characters of text a settlement brings; what else it says is a few hundred."""
    if settlement.candidate is None:
        return 0
    document = settlement.candidate.document
    return len(document.title) + len(document.summary or "") + len(document.body)
