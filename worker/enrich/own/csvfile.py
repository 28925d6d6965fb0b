"""A CSV file of own tags, as a spreadsheet saves it: a line of headings, then an entry a line.

The headings tell what the entries are: topics have `patterns`, places have a `country`.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from worker.enrich.own.rows import COLUMNS, PLACE, TOPIC, Problem, Row, Span, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SEPARATORS = ",;\t"
"""Spreadsheets use a semicolon where the comma is the decimal sign."""
_NEEDED = {TOPIC: ("code", "patterns"), PLACE: ("name", "country")}

_Record = tuple[list[str], Span]


def csv_rows(file: str, text: str) -> Iterator[Row | Problem]:
    """Yield the entries of a file, and what is wrong with its form; with wrong headings that alone."""
    records = list(_records(file, text))
    problems = [record for record in records if isinstance(record, Problem)]
    filled = [record for record in records if not isinstance(record, Problem) and _is_filled(record[0])]
    yield from problems
    if not filled:
        return
    cells, span = filled[0]
    headings = [cell.strip().lower() for cell in cells]
    kind, wrong = _kind_of(headings)
    if kind is None or wrong:
        yield from (Problem(file, span.first, said) for said in wrong)
        return
    for record in filled[1:]:
        yield from _row(kind, headings, *record)


def _records(file: str, text: str) -> Iterator[_Record | Problem]:
    """Yield each record with its lines: a cell in quotes may have several."""
    lines = text.split("\n")
    reader = csv.reader(
        (f"{line}\n" for line in lines), delimiter=_separator(lines), strict=True, skipinitialspace=True
    )
    while True:
        first = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Problem(file, first, f"not CSV: {error}")
            return
        yield cells, Span(file, lines, first, reader.line_num)


def _separator(lines: Sequence[str]) -> str:
    """Return what separates the headings, which have none of these signs themselves."""
    headings = next((line for line in lines if _is_filled([line])), "")
    return max(_SEPARATORS, key=headings.count)


def _is_filled(cells: Sequence[str]) -> bool:
    """Say whether a record holds anything; one that begins with # is a remark."""
    return any(map(str.strip, cells)) and not cells[0].lstrip().startswith("#")


def _kind_of(headings: list[str]) -> tuple[str | None, list[str]]:
    """Return what the entries are, and what is wrong with the headings."""
    kinds = [kind for kind, needed in _NEEDED.items() if needed[1] in headings]
    if len(kinds) != 1:
        return None, ["the first line must name either `patterns`, for topics, or `country`, for places"]
    kind = kinds[0]
    known = COLUMNS[kind]
    wrong = [unknown(heading, known) for heading in headings if heading and heading not in known]
    twice = [f"two columns {heading!r}" for heading in known if headings.count(heading) > 1]
    missing = [f"no column {column!r}" for column in _NEEDED[kind] if column not in headings]
    return kind, [*wrong, *twice, *missing]


def _row(kind: str, headings: list[str], cells: list[str], span: Span) -> Iterator[Row | Problem]:
    named = dict(zip(headings, cells, strict=False))
    if any(map(str.strip, cells[len(headings) :])) or named.get("", "").strip():
        said = "more cells than headings: one that holds the separator needs quotes around it"
        yield Problem(span.file, span.first, said)
    named = {heading: cell for heading, cell in named.items() if cell.strip()}
    yield Row(kind, named, span, dict.fromkeys(headings, span))
