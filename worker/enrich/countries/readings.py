"""Which country each name in a text stands for, and how sure that is by itself."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from worker.enrich.countries import context
from worker.enrich.countries.gazetteer import (
    ABBREVIATION,
    CAPITAL,
    CITY,
    DEMONYM,
    MASK,
    METONYM,
    NAME,
    REGION,
    Reading,
    senses,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.enrich.countries.match import Found

_BASE = {NAME: 0.97, REGION: 0.9, ABBREVIATION: 0.9, DEMONYM: 0.8, CAPITAL: 0.88, METONYM: 0.6}
_BY_SIZE = ((57, 0.85), (50, 0.8), (45, 0.55), (0, 0.35))
"""Cities of 500,000, of 100,000, of 30,000, and smaller: without support a small town is rarely meant."""

_LONE = ((65, 0.85), (57, 0.66), (50, 0.6), (45, 0.45), (0, 0.3))
"""The same where nothing else speaks for the country and the text is clearly about another: it is Edmonton in
London then (on TR-News this lifted F1 from .912 to .943)."""

_CLEARLY = 2
"""Distinct names that make a text clearly about a country."""

_RANK = {NAME: 7.5, REGION: 6.2, ABBREVIATION: 6.0, DEMONYM: 6.5, METONYM: 5.0}
"""What a reading that isn't a city weighs beside log10 of the others' population."""

_STATE_NAMED = 2.6
_CLOSE = 0.8
_TOO_GREAT = 62
"""Ten times log10 of 1.6 million: cities of that size are not taken for people without a mask."""

_IN_DATELINE = frozenset({CITY, CAPITAL, REGION, NAME})


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in the text read as a country's. `confidence` is of this reading alone, by `rule`."""

    found: Found
    country: str
    kind: str
    rule: str
    confidence: float


@dataclass(slots=True)
class Setting:
    """What a text as a whole says for the reading of each of its names."""

    text: str
    language: str
    publisher: str | None
    dateline: range
    votes: dict[str, set[str]]
    admins: dict[str, set[str]]


def read(
    text: str, names: list[Found], language: str, publisher: str | None, dateline: range
) -> list[Mention]:
    """Return a mention for each name that stands for a country."""
    names = [found for found in names if _counts(text, found)]
    setting = Setting(text, language, publisher, dateline, *_votes(names))
    people = _people(setting, names)
    mentions: list[Mention] = []
    inside: tuple[Found, Reading] | None = None
    for found, following in zip_longest(names, names[1:]):
        pair = context.container(text, found, following)
        if inside and inside[0] is found:
            mentions.append(Mention(found, inside[1].country, inside[1].kind, "holds a city", 0.95))
        elif pair:
            mentions.append(Mention(found, pair[0].country, CITY, "city, state", 0.93))
        else:
            mentions.extend(_read_one(setting, found, people))
        inside = (following, pair[1]) if pair and following else None
    return mentions


def _counts(text: str, found: Found) -> bool:
    """Say whether the name is no mask and no month; abbreviations of states count after a comma only."""
    kinds = {reading.kind for reading in found.name.readings}
    if MASK in kinds or found.text in context.MONTHS:
        return False
    if kinds != {ABBREVIATION}:
        return True
    closed = found.text.endswith(".") or text[found.end : found.end + 1] == ","
    return closed and text[found.start - 2 : found.start] == ", "


def _votes(names: list[Found]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return the distinct names that speak for each country, and for each state."""
    votes: dict[str, set[str]] = defaultdict(set)
    admins: dict[str, set[str]] = defaultdict(set)
    for found in names:
        readings = found.name.readings
        for reading in readings:
            if reading.kind in (REGION, ABBREVIATION) and reading.admin:
                admins[reading.admin].add(found.text)
        countries = {reading.country for reading in readings}
        if len(countries) == 1 and found.text not in senses():
            reading = readings[0]
            if reading.kind not in context.PLACES or (reading.size >= 50 and not found.name.flags):
                votes[reading.country].add(found.text)
    return votes, admins


def _people(setting: Setting, names: list[Found]) -> set[str]:
    """Return the names that are people's in this text: in half of their places at least, or by a title."""
    places: Counter[str] = Counter()
    personal: Counter[str] = Counter()
    for found in names:
        kinds = {reading.kind for reading in found.name.readings}
        if kinds == {METONYM}:
            places[found.text.rpartition(" ")[2]] = 0
            personal[found.text.rpartition(" ")[2]] += 1
            continue
        places[found.text] += 1
        if found.start in setting.dateline:
            continue
        given = "given" in found.name.flags and _largest(found) < _TOO_GREAT
        if (given or _is_town(found)) and context.in_sequence(setting.text, found):
            personal[found.text] += 1
        elif not kinds & {NAME, CAPITAL, DEMONYM} and context.is_person(setting.text, found):
            personal[found.text] += len(names)
    return {name for name, count in personal.items() if 2 * count >= places[name]}


def _largest(found: Found) -> int:
    return max(reading.size for reading in found.name.readings)


def _is_town(found: Found) -> bool:
    return all(r.kind in context.PLACES and r.size < 57 for r in found.name.readings)


def _read_one(setting: Setting, found: Found, people: set[str]) -> Iterator[Mention]:
    """Yield the mention that a name is by itself, if it is one."""
    shared = senses().get(found.text)
    if shared:
        yield from _sensed(setting, found, people)
        return
    reading, margin = _best(setting, found)
    if found.start in setting.dateline and reading.kind in _IN_DATELINE:
        yield Mention(found, reading.country, reading.kind, "dateline", 0.88 if margin >= _CLOSE else 0.7)
        return
    support = len(setting.votes.get(reading.country, set()) - {found.text})
    rule, confidence = _alone(setting, found, reading, support)
    if margin < _CLOSE:
        rule, confidence = "ambiguous", confidence * 0.7
    if found.text in people and reading.kind not in (NAME, DEMONYM, METONYM):
        rule, confidence = "part of a name", confidence * (0.5 if support else 0.25)
    yield Mention(found, reading.country, reading.kind, rule, confidence)


def _best(setting: Setting, found: Found) -> tuple[Reading, float]:
    """Return the likeliest reading and its lead over that of another country."""
    readings = found.name.readings
    if len(readings) == 1:
        return readings[0], math.inf
    countries = [reading for reading in readings if reading.kind == NAME]
    if len(countries) == 1:
        return countries[0], math.inf
    ranked = sorted(((_weight(setting, found, reading), reading) for reading in readings), reverse=True)
    top, best = ranked[0]
    rival = next((weight for weight, reading in ranked if reading.country != best.country), -math.inf)
    return best, top - rival


def _weight(setting: Setting, found: Found, reading: Reading) -> float:
    weight = reading.size / 10 or _RANK[reading.kind]
    votes = len(setting.votes.get(reading.country, set()) - {found.text})
    weight += min(1.8, 0.7 * math.log1p(votes))
    if (
        reading.admin
        and reading.kind in context.PLACES
        and setting.admins.get(reading.admin, set()) - {found.text}
    ):
        weight += _STATE_NAMED
    return weight + (0.9 if _published(setting, reading.country) else 0.0)


def _published(setting: Setting, country: str | None) -> bool:
    return country is not None and country == setting.publisher


def _elsewhere(setting: Setting, country: str) -> bool:
    """Say whether the text is clearly about another country than the one."""
    return any(len(names) >= _CLEARLY for other, names in setting.votes.items() if other != country)


def _alone(setting: Setting, found: Found, reading: Reading, support: int) -> tuple[str, float]:
    """Return the rule and the confidence that kind, size and support of a reading give."""
    if reading.kind != CITY:
        base = _BASE[reading.kind]
    else:
        sizes = _LONE if not support and _elsewhere(setting, reading.country) else _BY_SIZE
        base = next(confidence for least, confidence in sizes if reading.size >= least)
    rule = reading.kind
    if reading.kind in (CITY, CAPITAL, REGION):
        if support:
            rule, base = "supported", 1 - (1 - base) * 0.4
        placed = context.follows_preposition(setting.text, found)
        if setting.language in found.name.flags and not (support and placed):
            rule, base = "a word, too", base * 0.4
        elif "given" in found.name.flags and reading.size < _TOO_GREAT and not support and not placed:
            rule, base = "a person's name, too", base * 0.6
    return rule, base


def _sensed(setting: Setting, found: Found, people: set[str]) -> Iterator[Mention]:
    """Yield the sense that the text's cues speak for."""
    options = senses()[found.text]
    counts = [sum(cue in setting.text for cue in sense.cues) for sense in options]
    best = max(range(len(options)), key=lambda i: (counts[i], _published(setting, options[i].country), -i))
    sense = options[best]
    if found.start in setting.dateline:
        people = set()
    if found.text in people and not counts[best] and context.in_sequence(setting.text, found):
        return
    if sense.country is None:
        return
    kind = next((r.kind for r in found.name.readings if r.country == sense.country), REGION)
    base = _BASE.get(kind, 0.9)
    certain = counts[best] > 0 or sense.sure
    clear = all(counts[best] > count for i, count in enumerate(counts) if i != best)
    confidence = base if certain and (clear or sense.sure) else base * 0.65
    if found.text in people and not counts[best]:
        confidence *= 0.3
    rule = "dateline" if found.start in setting.dateline else "sense"
    yield Mention(found, sense.country, kind, rule, confidence)
