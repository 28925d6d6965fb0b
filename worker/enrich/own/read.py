"""The files of an operator, read and checked: `docs/own-tags.md` describes them."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from worker.enrich.own.csvfile import csv_rows
from worker.enrich.own.places import read_places
from worker.enrich.own.rows import PLACE, TOPIC, Problem, Row
from worker.enrich.own.tomlfile import toml_rows
from worker.enrich.own.topics import read_topics
from worker.enrich.own.values import OwnPatterns, OwnPlace, OwnTags, OwnTopic, own_tags
from worker.errors import OwnTagsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LEFTOVERS = ("~", ".bak", ".orig", ".rej", ".old", ".tmp", ".swp", ".md", ".txt")
"""Ends of names of what editors and people leave beside their lists."""
_HIDDEN = (".", "~", "#")
"""Begins of such names: spreadsheets lock `~$list.csv`."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_MARK = b"\xef\xbb\xbf"


def is_ignored(file: str) -> bool:
    """Say whether a file of that name holds no own tags and is no mistake either."""
    return file.startswith(_HIDDEN) or file.lower().endswith(_LEFTOVERS)


def read_own(files: Mapping[str, bytes]) -> OwnTags:
    """Return what the files, by their names, say; those that `is_ignored` names say nothing.

    Raises:
        OwnTagsError: with everything that is wrong with any of them.
    """
    found = [each for file in sorted(files) if not is_ignored(file) for each in _rows(file, files[file])]
    rows = [each for each in found if isinstance(each, Row)]
    read = [
        *read_topics([row for row in rows if row.kind == TOPIC]),
        *read_places([row for row in rows if row.kind == PLACE]),
    ]
    problems = sorted({each for each in chain(found, read) if isinstance(each, Problem)})
    if problems:
        raise OwnTagsError(tuple(map(str, problems)))
    return own_tags(
        (each for each in read if isinstance(each, OwnTopic)),
        (each for each in read if isinstance(each, OwnPatterns)),
        (each for each in read if isinstance(each, OwnPlace)),
    )


def _rows(file: str, content: bytes) -> Iterator[Row | Problem]:
    parse = {"toml": toml_rows, "csv": csv_rows}.get(file.lower().rpartition(".")[2])
    if parse is None:
        yield Problem(file, 0, "neither .toml nor .csv")
        return
    text = _decoded(file, content)
    yield from [text] if isinstance(text, Problem) else parse(file, text)


def _decoded(file: str, content: bytes) -> str | Problem:
    """Return the text with plain line ends, or where it is no UTF-8."""
    if content.startswith(_UTF_16):
        return Problem(file, 1, "UTF-16: save the file as UTF-8")
    content = content.removeprefix(_MARK).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        said = f"not UTF-8 (byte {content[error.start]:#04x}): save the file as UTF-8"
        return Problem(file, line, said)
