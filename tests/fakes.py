"""Stateful stand-ins for what tests must steer: time, and a store that refuses."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from worker.models import Settled, SettledState

START = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass
class ManualClock:
    """A clock that moves only when it is told to, or when somebody sleeps on it."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)
    fraction: float = 0.5
    tokens: int = 0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def jitter(self) -> float:
        return self.fraction

    def token(self) -> str:
        self.tokens += 1
        return f"{self.tokens:016x}"


class FlakyStore:
    """Settles in memory; raises the next of `failures` instead while there are any.

    A settlement whose entry id is in `poison` raises ZeroDivisionError: a bug in a backend. One in
    `refusals` is refused that many times.
    """

    def __init__(
        self,
        failures: list[Exception] | None = None,
        poison: frozenset[str] = frozenset(),
        refusals: dict[str, int] | None = None,
    ) -> None:
        self.failures = list(failures or [])
        self.poison = poison
        self.refusals = dict(refusals or {})
        self.batches: list[list[str]] = []
        self.gate = threading.Event()
        self.gate.set()

    def settle(self, settlements, now):
        self.gate.wait(10)
        if self.failures:
            raise self.failures.pop(0)
        ids = [settlement.claim.entry_id for settlement in settlements]
        if self.poison & set(ids):
            raise ZeroDivisionError("a bug in the store")
        self.batches.append(ids)
        return [self._answer(settlement) for settlement in settlements]

    def _answer(self, settlement):
        name = settlement.claim.entry_id
        if self.refusals.get(name, 0) > 0:
            self.refusals[name] -= 1
            return Settled(state=SettledState.REFUSED, error="five lost races")
        return Settled(state=SettledState.FINISHED, outcome=settlement.outcome)
