"""Where tables and keys stand in a TOML text: the standard library gives values without lines."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_STRING_OR_COMMENT = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|#[^\n]*''', re.DOTALL
)
_SIGNS = str.maketrans("[]{}=#.", "_______")
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*$")
_KEY = re.compile(r"\s*([^\s=.,\[\]{}]+)\s*(?:\.[^=]*)?=")


class Place(NamedTuple):
    """A key of the n-th table of a name, the first being 0; table "" is the top, key "" the table itself."""

    table: str
    number: int
    key: str


def outline(text: str) -> dict[Place, tuple[int, int]]:
    """Return the first and last line of each table and key of a text that has been parsed without error.

    What tables or keys within a value are called is left aside: they have the lines of that value.
    """
    marks = list(_marks(_quiet(text).split("\n")))
    ends = [line - 1 for line, _ in marks[1:]] + [text.count("\n") + 1]
    found: dict[Place, tuple[int, int]] = {}
    for (line, place), end in zip(marks, ends, strict=True):
        found.setdefault(place, (line, max(line, end)))
    return found


def _marks(lines: list[str]) -> Iterator[tuple[int, Place]]:
    tables: Counter[str] = Counter()
    table, depth = "", 0
    for number, line in enumerate(lines, 1):
        header = None if depth else _HEADER.match(line)
        if header:
            table, _, key = (part.strip(" \t\"'") for part in header[2].partition("."))
            tables[table] += header[1] == "[[" and not key
            yield number, Place(table, max(tables[table] - 1, 0), key)
            continue
        if not depth and (found := _KEY.match(line)):
            yield number, Place(table, max(tables[table] - 1, 0), found[1].strip("\"'"))
        depth += sum(map(line.count, "[{")) - sum(map(line.count, "]}"))


def _quiet(text: str) -> str:
    """Return the text with nothing in strings and comments that looks like a header or a key."""
    return _STRING_OR_COMMENT.sub(_quieted, text)


def _quieted(found: re.Match[str]) -> str:
    if found[0].startswith("#"):
        return ""
    lines = found[0].count("\n")
    return '""' + "\n" * lines if lines else found[0].translate(_SIGNS)
