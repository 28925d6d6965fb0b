"""Which files of the archive may go, by age and size, and what keeps the others. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from worker.archive.files import find_beginning

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

GB = 1_000_000_000
SETTLED_AFTER = timedelta(hours=1)
"""Rows point to what was kept once they are settled: seconds later, or when a store that was away is back."""


class Hold(StrEnum):
    """Why a file that is old enough, or one too many, stays."""

    OPEN = "being written"
    SPOOLED = "to be uploaded first"
    NEW = "closed a moment ago"
    NEEDED = "pointed to"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file of the archive: when it was begun and last written, its bytes, and whether it is `.open`.

    One that `is_spooled` has yet to go to the object store.
    """

    name: str
    begun_at: datetime
    written_at: datetime
    size: int
    is_open: bool = False
    is_spooled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how much is kept; None for ever, and without a bound. `max_bytes` is that of all files."""

    older_than: timedelta | None = None
    max_bytes: int | None = None

    @property
    def are_any(self) -> bool:
        return self.older_than is not None or self.max_bytes is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to go, oldest first, and what else the limits would have go, each with what holds it.

    `size` is the bytes of all files.
    """

    going: tuple[Kept, ...]
    held: tuple[tuple[Kept, Hold], ...]
    size: int

    @property
    def freed(self) -> int:
        return sum(file.size for file in self.going)


def begun_at(name: str, otherwise: datetime) -> datetime:
    """Return when a file was begun, as its name says: copying an archive loses the times of its files."""
    return find_beginning(name) or otherwise


def plan(files: Sequence[Kept], limits: Limits, needed: Collection[str], now: datetime) -> Plan:
    """Return which files go: those that are too old, and then the oldest until the others are few enough.

    `needed` are the files that must stay, since articles or pending rows point to them.
    """
    size = left = sum(file.size for file in files)
    going, held = [], []
    for file in sorted(files, key=lambda file: (file.begun_at, file.name)):
        is_old = limits.older_than is not None and file.begun_at < now - limits.older_than
        is_over = limits.max_bytes is not None and left > limits.max_bytes
        if not (is_old or is_over):
            continue
        if hold := _hold_of(file, needed, now):
            held.append((file, hold))
        else:
            going.append(file)
            left -= file.size
    return Plan(going=tuple(going), held=tuple(held), size=size)


def _hold_of(file: Kept, needed: Collection[str], now: datetime) -> Hold | None:
    if file.is_open:
        return Hold.OPEN
    if file.is_spooled:
        return Hold.SPOOLED
    if file.written_at > now - SETTLED_AFTER:
        return Hold.NEW
    return Hold.NEEDED if file.name in needed else None
