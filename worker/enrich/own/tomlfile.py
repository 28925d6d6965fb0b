"""A TOML file of own tags: `[[topic]]` and `[[place]]` before each entry."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from worker.enrich.own.outline import outline
from worker.enrich.own.rows import COLUMNS, Problem, Row, Span, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_BETWEEN = {"patterns": "; ", "languages": " "}
"""What a list of these is joined with; no other key has a list."""


def toml_rows(file: str, text: str) -> Iterator[Row | Problem]:
    """Yield the entries of a file, and what is wrong with its form; of broken TOML that alone."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        yield _broken(file, text, str(error))
        return
    spans = _spans(file, text)
    for kind, entries in tables.items():
        start = next(iter(spans[kind, 0].values()), None) or spans["", 0].get(kind) or Span(file, (), 0, 0)
        if kind not in COLUMNS:
            yield Problem(file, start.first, unknown(kind, tuple(COLUMNS)))
        elif not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            yield Problem(file, start.first, f"each {kind} begins with a line [[{kind}]]")
        else:
            for number, entry in enumerate(entries):
                own = spans[kind, number]
                yield from _row(kind, entry, own.get("", start), own)


def _spans(file: str, text: str) -> dict[tuple[str, int], dict[str, Span]]:
    """Return where the keys of each table stand, by the table's name and number."""
    lines = text.split("\n")
    spans: dict[tuple[str, int], dict[str, Span]] = defaultdict(dict)
    for place, ends in outline(text).items():
        spans[place.table, place.number][place.key] = Span(file, lines, *ends)
    return spans


def _row(kind: str, entry: dict[str, Any], start: Span, spans: dict[str, Span]) -> Iterator[Row | Problem]:
    cells: dict[str, str] = {}
    for key, value in entry.items():
        said = _wrong(kind, key, value)
        if said:
            yield Problem(start.file, spans.get(key, start).first, said)
        else:
            cells[key] = value if isinstance(value, str) else _BETWEEN[key].join(value)
    yield Row(kind, cells, start, spans)


def _wrong(kind: str, key: str, value: object) -> str | None:
    """Return what is wrong with a key or the type of its value, if anything is."""
    if key not in COLUMNS[kind]:
        return unknown(key, COLUMNS[kind])
    if isinstance(value, str):
        return None
    if key not in _BETWEEN:
        return f"{key} must be a text in quotes"
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return None
    return f"{key} must be a text in quotes, or a list of such"


def _broken(file: str, text: str, said: str) -> Problem:
    """Return the parser's own words, with the line that it names in them as the line."""
    at = _AT.search(said)
    line = int(at[1] or text.rstrip().count("\n") + 1) if at else 0
    return Problem(file, line, f"not TOML: {_AT.sub('', said)}")
