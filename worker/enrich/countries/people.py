"""Which names of places are people's in a text: Paris Hilton, Mr. France, Kennedy said."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from worker.enrich.countries import context
from worker.enrich.countries.gazetteer import CAPITAL, CITY, DEMONYM, METONYM, NAME, REGION

if TYPE_CHECKING:
    from worker.enrich.countries.match import Found

_TOWN = 57
_TOO_GREAT = 62
"""Ten times log10 of 1.6 million: cities of that size are not taken for people without a mask."""

_BORNE = frozenset({NAME, REGION, CITY, CAPITAL, METONYM})
_CERTAIN = 100

_PERSON = "@"
"""What a mask has for a country if it is a person's name."""


def people_in(text: str, names: list[Found], dateline: range, language: str) -> set[str]:
    """Return the names that are people's in this text: in half of their places at least, or by a title."""
    places = Counter(found.text for found in names)
    personal: Counter[str] = Counter()
    for found in names:
        personal[found.text] += _signs(text, found, dateline, language)
    heads = {found.text.rpartition(" ")[2] for found in names if found.name.kinds == {METONYM}}
    return heads | {name for name, count in personal.items() if count and 2 * count >= places[name]}


def _signs(text: str, found: Found, dateline: range, language: str) -> int:
    """Return how many mentions' worth of evidence one is that the name is a person's."""
    kinds = found.name.kinds
    if (
        not kinds & _BORNE
        or found.start in dateline
        or kinds == {METONYM}
        or (NAME in kinds and found.start < dateline.start)
    ):
        return 0
    given = "given" in found.name.flags and _largest(found) < _TOO_GREAT
    if (given or _is_town(found)) and context.in_sequence(text, found, language):
        return 1
    return _CERTAIN if not kinds & {CAPITAL, DEMONYM} and context.is_person(text, found) else 0


def _largest(found: Found) -> int:
    return max(reading.size for reading in found.name.readings)


def _is_town(found: Found) -> bool:
    return all(r.kind in context.PLACES and r.size < _TOWN for r in found.name.readings)


def masked_people(names: list[Found]) -> set[str]:
    """Return the parts of people's names that the gazetteer masks."""
    masks = (found.text for found in names if found.name.readings[0].country == _PERSON)
    return {part for name in masks for part in name.split(" ")}
