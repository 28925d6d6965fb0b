"""What an import came to, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from worker.imports.standing import Standing

if TYPE_CHECKING:
    from worker.models import Outcome


@dataclass(slots=True)
class Tally:
    """What came of everything in the files so far. `reasons` are those of entries without an article."""

    ended: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    passed_over: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    known: int = 0
    waiting: int = 0
    bugs: int = 0

    @property
    def pages(self) -> int:
        return sum(self.ended.values()) + self.known + self.waiting + self.bugs

    def count(self, outcome: Outcome) -> None:
        """Count an entry that has ended."""
        self.ended[outcome.kind.value] += 1
        if outcome.reason:
            self.reasons[outcome.reason] += 1

    def count_left(self, what: Standing) -> None:
        """Count a capture that there is nothing to be done with."""
        if what is Standing.KNOWN:
            self.known += 1
        else:
            self.waiting += 1
