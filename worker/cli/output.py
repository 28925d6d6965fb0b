"""How commands print: plain words through rich without markup, records as one JSON object per line."""

from __future__ import annotations

import codecs
import json
import sys
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from worker.clock import Clock
from worker.mill import open_store
from worker.ops.text import json_line, one_line
from worker.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from worker.settings import Settings
    from worker.store.base import Store

WIDE = 10_000
"""Wider than any row. Into a file or pipe rich would fold everything at 80 columns."""

console = Console(
    markup=False, highlight=False, emoji=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDE
)
CLOCK = Clock()


def say(*parts: str | Text) -> None:
    """Print one line; foreign text must have come through `worker.ops.text`."""
    console.print(*parts)


def say_error(message: str) -> None:
    """Print one clear line on stderr."""
    sys.stderr.write(f"feedmill: {one_line(message)}\n")


def say_json(record: Any) -> None:
    """Print one record as one line of JSON: dataclasses as objects, times in ISO 8601."""
    plain = asdict(record) if is_dataclass(record) and not isinstance(record, type) else record
    takes_all = codecs.lookup(sys.stdout.encoding or "ascii").name == "utf-8"
    written = json.dumps(plain, default=_json_value, ensure_ascii=not takes_all)
    sys.stdout.write(json_line(written) + "\n")


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(f"no JSON for {type(value).__name__}")


_WHOLE = frozenset({"id", "entry", "published", "last poll", "ended"})
"""Columns that are of no use in two pieces."""


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under headings. Long cells fold on a terminal; in a file or pipe a row stays one line."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        grid.add_column(column, overflow="fold", no_wrap=column in _WHOLE)
    for row in rows:
        grid.add_row(*(Text(one_line(cell)) for cell in row))
    console.print(grid, soft_wrap=False)


def pairs(rows: Iterable[tuple[str, str]]) -> None:
    """Print heading and sentence pairs, headings aligned."""
    rows = list(rows)
    width = max((len(heading) for heading, _ in rows), default=0)
    for heading, sentence in rows:
        say(Text(f"{heading:<{width}}  ", style="bold"), Text(one_line(sentence)))


def settings() -> Settings:
    """Return the settings in force."""
    return read_settings()


@contextmanager
def opened_store() -> Iterator[Store]:
    """Open the configured store for one command."""
    store = open_store(settings())
    try:
        yield store
    finally:
        store.close()
