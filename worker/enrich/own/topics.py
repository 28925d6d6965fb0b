"""Own topics and patterns: from entries to values, with everything that is wrong with them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.enrich.own.languages import languages_of
from worker.enrich.own.values import OwnPatterns, OwnTopic
from worker.enrich.topics.patterns import PatternError, pattern_of
from worker.enrich.topics.taxonomy import PREFIX, concepts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from worker.enrich.own.rows import Problem, Row

_CODE = re.compile(r"[a-z][a-z0-9-]*:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
_LONGEST_CODE, _LONGEST_NAME = 80, 200


@dataclass(frozen=True, slots=True)
class _Group:
    """All entries of one code; `first` is the one that says what it is called, and what it stands under."""

    code: str
    rows: tuple[Row, ...]

    def first(self, column: str) -> Row | None:
        return next((row for row in self.rows if row.get(column)), None)

    def said(self, column: str) -> str:
        row = self.first(column)
        return row.get(column) if row else ""


def read_topics(rows: Sequence[Row]) -> Iterator[OwnTopic | OwnPatterns | Problem]:
    """Yield the topics and patterns of the entries, and what is wrong with them."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        code = plain_code(row.get("code"))
        said = _wrong_code(code)
        if said:
            yield row.problem("code", said)
        else:
            groups[code].append(row)
        yield from _patterns(code, row)
    known = {code: _Group(code, tuple(found)) for code, found in groups.items()}
    parents = {plain_code(group.said("broader")) for group in known.values()}
    for group in known.values():
        yield from _iptc(group) if group.code in concepts() else _own(group, known)
        if group.code not in parents and not any(map(_listed, group.rows)):
            yield group.rows[0].problem("code", f"no patterns for {group.code}")


def plain_code(code: str) -> str:
    """Return a code as it is written in files: IPTC's without their prefix."""
    return code.removeprefix(PREFIX)


def _wrong_code(code: str) -> str | None:
    if not code:
        return "no code"
    if code in concepts() or (_CODE.fullmatch(code) and len(code) <= _LONGEST_CODE):
        return None
    if code.isdigit():
        return f"no such IPTC code: {code}"
    return f"not a code: {code!r} (an IPTC code, or one of your own in small letters, such as own:potash)"


def _patterns(code: str, row: Row) -> Iterator[OwnPatterns | Problem]:
    """Yield the patterns of an entry; those for a code that is wrong go no further."""
    languages, problems = languages_of(row)
    yield from problems
    patterns = []
    for text in _listed(row):
        try:
            pattern = pattern_of(text)
        except PatternError as error:
            yield row.problem("patterns", f"pattern {error}", text)
        else:
            patterns.append(f"{pattern.text}^{pattern.weight:g}")
    if patterns:
        yield OwnPatterns(code, languages, tuple(patterns))


def _listed(row: Row) -> list[str]:
    return [text for part in row.get("patterns").split(";") if (text := part.strip())]


def _iptc(group: _Group) -> Iterator[Problem]:
    for row in group.rows:
        for column in ("name", "broader"):
            if row.get(column):
                yield row.problem(
                    column, f"{group.code} is IPTC's: it can be given patterns, but no {column}"
                )


def _own(group: _Group, known: dict[str, _Group]) -> Iterator[OwnTopic | Problem]:
    """Yield an own topic, or why it is none."""
    name, broader = group.said("name"), plain_code(group.said("broader"))
    problems = [
        *_differing(group, "name"),
        *_differing(group, "broader"),
        *_wrong_name(group),
        *_wrong_broader(group, known),
    ]
    yield from problems
    if not problems:
        yield OwnTopic(group.code, name, broader)


def _differing(group: _Group, column: str) -> Iterator[Problem]:
    """Yield where a code is said to be something else than it was at first; saying nothing is fine."""
    first = group.first(column)
    for row in group.rows:
        if first and row.get(column) and plain_code(row.get(column)) != plain_code(first.get(column)):
            said = f"{group.code} has another {column} at {first.where()}: {first.get(column)!r}"
            yield row.problem(column, said)


def _wrong_name(group: _Group) -> Iterator[Problem]:
    row = group.first("name")
    if row is None:
        yield group.rows[0].problem("code", f"no name for {group.code}")
    elif not row.get("name").isprintable() or len(row.get("name")) > _LONGEST_NAME:
        yield row.problem("name", f"a name has no control characters, and {_LONGEST_NAME} letters at most")


def _wrong_broader(group: _Group, known: dict[str, _Group]) -> Iterator[Problem]:
    row = group.first("broader")
    if row is None:
        return
    above = plain_code(row.get("broader"))
    if above not in concepts() and above not in known:
        yield row.problem("broader", f"no such code to stand under: {row.get('broader')}")
        return
    seen: list[str] = [group.code]
    while above in known and above not in concepts():
        if above in seen:
            if above == group.code:
                yield row.problem("broader", f"{' under '.join([*seen, above])}: a topic stands under itself")
            return
        seen.append(above)
        above = plain_code(known[above].said("broader"))
