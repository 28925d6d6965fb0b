"""Entries as they stand in a file, with the lines they stand on: what is wrong is named by file and line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TOPIC, PLACE = "topic", "place"
NOTE = "note"
"""For whoever keeps the list: read by nobody else."""

COLUMNS = {
    TOPIC: ("code", "name", "broader", "languages", "patterns", NOTE),
    PLACE: ("name", "country", "kind", "languages", NOTE),
}
"""Keys of a table in TOML, columns in CSV."""


class Problem(NamedTuple):
    """What is wrong, where; line 1 is a file's first, 0 means the file as a whole."""

    file: str
    line: int
    said: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.said}" if self.line else f"{self.file}: {self.said}"


@dataclass(frozen=True, slots=True)
class Span:
    """Some lines of a file, from `first` to `last`; `lines` are all of the file's."""

    file: str
    lines: Sequence[str]
    first: int
    last: int

    def line_of(self, text: str) -> int:
        """Return the line that has the text; the first where none has it as it is."""
        within = range(self.first, min(self.last, len(self.lines)) + 1)
        return next((number for number in within if text in self.lines[number - 1]), self.first)


@dataclass(frozen=True, slots=True)
class Row:
    """An entry: its cells by column, without those left empty, and where it and each of them stands."""

    kind: str
    cells: Mapping[str, str]
    span: Span
    spans: Mapping[str, Span]

    def get(self, column: str) -> str:
        """Return a cell with its spaces made single, "" where there is none."""
        return " ".join(self.cells.get(column, "").split())

    def problem(self, column: str, said: str, text: str = "") -> Problem:
        """Return a problem with a cell, or with the part of it that is `text`."""
        span = self.spans.get(column, self.span)
        return Problem(span.file, span.line_of(text), said)

    def where(self) -> str:
        """Return file and line."""
        return f"{self.span.file}:{self.span.first}"


def unknown(word: str, known: Sequence[str]) -> str:
    """Return that a word is none of those known."""
    return f"unknown: {word!r} (known: {', '.join(known)})"
