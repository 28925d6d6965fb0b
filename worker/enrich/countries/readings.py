"""Which country each name in a text stands for, and how sure that is by itself."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from worker.enrich.countries import context, terms
from worker.enrich.countries.alone import alone, best_reading
from worker.enrich.countries.gazetteer import (
    ABBREVIATION,
    CAPITAL,
    CITY,
    DEMONYM,
    MASK,
    METONYM,
    NAME,
    OWN,
    REGION,
    Reading,
)
from worker.enrich.countries.people import masked_people, people_in
from worker.enrich.countries.setting import Mention, Setting, votes_of
from worker.enrich.countries.shared import is_shared, sensed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.enrich.countries.match import Found

_CLOSE = 0.8
"""A lead of less than this, a factor of six in population, leaves a name ambiguous."""

_IN_DATELINE = frozenset({CITY, CAPITAL, REGION, NAME})
_FILED, _FILED_SOMEWHERE = 0.88, 0.7


def read(
    text: str, names: list[Found], language: str, publisher: str | None, dateline: range
) -> list[Mention]:
    """Return a mention for each name that stands for a country."""
    masked = masked_people(names)
    names = list(_counted(text, names))
    people = frozenset(people_in(text, names, dateline, language) | masked)
    setting = Setting(text, language, publisher, dateline, *votes_of(names), people)
    pairs = {
        found.start: pair
        for found, following in pairwise(names)
        if (pair := context.container(text, found, following))
    }
    return list(_mentions(setting, names, pairs))


def _mentions(
    setting: Setting, names: list[Found], pairs: dict[int, tuple[Reading, Reading]]
) -> Iterator[Mention]:
    """Yield the names' mentions; one that is "Paris, Ontario" once is that in the whole text."""
    settled = {found.text: pairs[found.start][0] for found in names if found.start in pairs}
    holds: Reading | None = None
    for found in names:
        pair = pairs.get(found.start)
        if holds:
            yield Mention(found, holds.country, holds.kind, "holds a city", 0.95)
        elif pair:
            yield Mention(found, pair[0].country, CITY, "city, state", 0.93)
        elif (town := settled.get(found.text)) and found.start not in setting.dateline:
            yield Mention(found, town.country, CITY, "settled elsewhere", 0.9)
        else:
            mention = _read_one(setting, found)
            if mention:
                yield mention
        holds = pair[1] if pair else None


def _counted(text: str, names: list[Found]) -> Iterator[Found]:
    """Yield the names that are no masks, languages or currencies."""
    language: Found | None = None
    for found in names:
        kinds = found.name.kinds
        if DEMONYM in kinds and NAME not in kinds and terms.is_language(text, found, language):
            language = found
        elif _counts(text, found):
            yield found


def _counts(text: str, found: Found) -> bool:
    """Say whether the name stands where it counts: abbreviations of states do after a comma only."""
    kinds = found.name.kinds
    if kinds != {ABBREVIATION}:
        if MASK in kinds or found.text in context.MONTHS:
            return False
        return not (DEMONYM in kinds and terms.is_money(text, found))
    closed = found.text.endswith(".") or text[found.end : found.end + 1] == ","
    return closed and text[found.start - 2 : found.start] == ", "


def _read_one(setting: Setting, found: Found) -> Mention | None:
    """Return the mention that a name is by itself, if it is one."""
    if OWN not in found.name.flags and is_shared(setting, found):
        return sensed(setting, found)
    reading, margin = best_reading(setting, found)
    if found.start in setting.dateline and reading.kind in _IN_DATELINE:
        confidence = _FILED if margin >= _CLOSE else _FILED_SOMEWHERE
        return Mention(found, reading.country, reading.kind, "dateline", confidence)
    if reading.kind == NAME and "given" in found.name.flags and _named_after(setting, found, reading.country):
        return None
    return Mention(found, reading.country, reading.kind, *_judged(setting, found, reading, margin))


def _judged(setting: Setting, found: Found, reading: Reading, margin: float) -> tuple[str, float]:
    """Return the rule and the confidence of a reading that leads by the margin."""
    support = setting.support(reading.country, found.text)
    rule, confidence = alone(setting, found, reading, support)
    if margin < _CLOSE:
        rule, confidence = "ambiguous", confidence * 0.7
    if found.text in setting.people and reading.kind not in (NAME, DEMONYM, METONYM):
        rule, confidence = "part of a name", confidence * (0.5 if support else 0.25)
    return rule, confidence


def _named_after(setting: Setting, found: Found, country: str) -> bool:
    """Say whether a person bears the country's name here, and nothing in the text speaks for the country."""
    if setting.support(country, found.text) or found.start < setting.dateline.start:
        return False  # in headlines every word may have a capital
    return found.text in setting.people or context.in_sequence(setting.text, found, setting.language)
