"""What the gazetteer is made of, gathered by section and written as one text."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

NAME, REGION, CITY, CAPITAL, DEMONYM, METONYM, ABBREVIATION, MASK = "NRCKDMPX"
"""Kinds of reading. An abbreviation of a state counts only after a comma; a mask hides what is inside it."""


@dataclass(frozen=True, slots=True, order=True)
class Reading:
    """One thing a name can mean. `size` is ten times log10 of the population; `admin` like `US.PA`."""

    country: str
    kind: str
    size: int = 0
    admin: str = ""

    def written(self) -> str:
        """Return the form in the file: parts after the country, empty ones at the end left away."""
        parts = f"{self.country},{self.kind},{self.size or ''},{self.admin.partition('.')[2]}"
        return parts.rstrip(",")


class Sections:
    """Names and their readings, by section: `latin` for all languages in that script, else a language."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, set[Reading]]] = defaultdict(lambda: defaultdict(set))

    def add(self, section: str, name: str, reading: Reading) -> None:
        """Add a reading; names are cut to one kind of apostrophe, and shorter than two letters ignored."""
        folded = name.replace("\u2019", "'").strip()
        if len(folded) >= 2:
            self._names[section][folded].add(reading)

    def names(self, section: str, kinds: str = "") -> set[str]:
        """Return the names in a section so far, or those with a reading of the kinds."""
        return {
            name
            for name, readings in self._names[section].items()
            if not kinds or any(reading.kind in kinds for reading in readings)
        }

    def towns(self, section: str, largest: int) -> set[str]:
        """Return the names whose readings are towns of at most `largest` in size, or regions abroad."""
        return {
            name
            for name, readings in self._names[section].items()
            if all(r.size <= largest and not (r.admin and r.kind == REGION) for r in readings)
        }

    def outside(self, section: str, countries: Container[str]) -> set[str]:
        """Return the names that none of the countries has."""
        return {
            name
            for name, readings in self._names[section].items()
            if not any(reading.country in countries for reading in readings)
        }

    def lines(self, flags: dict[str, str]) -> Iterator[str]:
        """Yield the file's lines: `#section`, then name, readings and flags, separated by tabs."""
        for section in sorted(self._names):
            yield f"#{section}"
            for name, readings in sorted(self._names[section].items()):
                yield "\t".join((name, *_columns(readings, flags.get(name, ""))))


def size_of(population: int) -> int:
    """Return ten times log10 of a population."""
    return round(10 * math.log10(max(population, 1)))


def _columns(readings: Iterable[Reading], flags: str) -> Iterator[str]:
    yield ";".join(reading.written() for reading in sorted(_largest(readings)))
    if flags:
        yield flags


def _largest(readings: Iterable[Reading]) -> Iterator[Reading]:
    """Of one country's towns of the same name and region only the largest matters, and six of a name."""
    best: dict[tuple[str, str, str], Reading] = {}
    for reading in sorted(readings, key=lambda reading: (-reading.size, reading)):
        best.setdefault((reading.country, reading.kind, reading.admin), reading)
    towns = [r for r in best.values() if r.kind in (CITY, CAPITAL)]
    yield from towns[:8]
    yield from (r for r in best.values() if r.kind not in (CITY, CAPITAL))
