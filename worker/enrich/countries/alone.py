"""The likeliest reading of a name, and how sure it is by kind, size, support and the words around it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from worker.enrich.countries import context
from worker.enrich.countries.gazetteer import (
    ABBREVIATION,
    CAPITAL,
    CITY,
    DEMONYM,
    METONYM,
    NAME,
    REGION,
)
from worker.enrich.countries.setting import LONDON

if TYPE_CHECKING:
    from worker.enrich.countries.gazetteer import Reading
    from worker.enrich.countries.match import Found
    from worker.enrich.countries.setting import Setting

BASE = {NAME: 0.97, REGION: 0.9, ABBREVIATION: 0.9, DEMONYM: 0.8, CAPITAL: 0.88, METONYM: 0.6}
_BY_SIZE = ((57, 0.85), (50, 0.8), (45, 0.55), (0, 0.35))
"""Cities of 500,000, of 100,000, of 30,000, and smaller: without support a small town is rarely meant."""

_LONE = ((65, 0.85), (57, 0.66), (50, 0.6), (45, 0.45), (0, 0.3))
"""The same where nothing else speaks for the country and the text is clearly about another: it is Edmonton in
London then (on TR-News this lifted F1 from .912 to .943)."""

_CLEARLY = 2
"""Distinct names that make a text clearly about a country."""

_RANK = {NAME: 7.5, REGION: 6.2, ABBREVIATION: 6.0, DEMONYM: 6.5, METONYM: 5.0}
"""What a reading that isn't a city weighs beside log10 of the others' population."""

_IS_CAPITAL = 0.5
_STATE_NAMED = 2.6
_LONDON_NAMED = 2.0
_PUBLISHER = 0.9
"""What is added for a capital, for a city whose state the text names, for a district of London where the text
names London or another one (Edmonton and Enfield), and for the publisher's country."""

_UNRIVALLED = 0.75
"""A metonym where no other country is named: the Kremlin said."""

_KNOWN = 45
"""Ten times log10 of 30,000: a town of that size is meant by "in Reading"."""

_LARGE = 50
_GREAT = 57

_LEFT = {"a noun": 0.3, "a thing": 0.4, "a word, too": 0.4}
"""What is left of the confidence in a place that may be none."""

_ONLY_THERE = 0.72
"""A town of 30,000 whose name no other place has, after a preposition: a ridge above Tromsø. Where a text is
clearly about another country that would add to GeoVirus' false countries (F1 .963 to .959)."""


def best_reading(setting: Setting, found: Found) -> tuple[Reading, float]:
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
    weight += _IS_CAPITAL if reading.kind == CAPITAL else 0.0
    votes = setting.support(reading.country, found.text)
    weight += min(1.8, 0.7 * math.log1p(votes))
    if reading.kind in context.PLACES and setting.names_state(reading.admin, found.text):
        weight += _LONDON_NAMED if reading.admin == LONDON else _STATE_NAMED
    return weight + (_PUBLISHER if reading.country == setting.publisher else 0.0)


def alone(setting: Setting, found: Found, reading: Reading, support: int) -> tuple[str, float]:
    """Return the rule and the confidence that kind, size and support of a reading give."""
    if reading.kind == METONYM and not setting.elsewhere(reading.country, 1):
        return "metonym alone", _UNRIVALLED
    if reading.kind not in (CITY, CAPITAL, REGION):
        return reading.kind, BASE[reading.kind]
    base = _of_size(setting, reading, support) if reading.kind == CITY else BASE[reading.kind]
    return _placed(setting, found, reading, (support, base))


def _is_name(setting: Setting, found: Found, reading: Reading, *, placed: bool) -> bool:
    """Say whether what is also a word is a name here: in Reading; Halle bekommt Straßenbahnen.

    In German few sentences open with a noun that has no article. That a capital within a sentence tells a
    name from a word in Romance languages was tried: it makes towns of Libertad, Coronel and Sud.
    """
    if placed:
        return bool(reading.size >= _KNOWN or setting.support(reading.country, found.text))
    opens = setting.language == "de" and context.opens_sentence(setting.text, found)
    return opens and reading.kind == CITY and reading.size >= _LARGE


def _of_size(setting: Setting, reading: Reading, support: int) -> float:
    sizes = _LONE if not support and setting.elsewhere(reading.country, _CLEARLY) else _BY_SIZE
    return next(confidence for least, confidence in sizes if reading.size >= least)


def _placed(
    setting: Setting, found: Found, reading: Reading, supported: tuple[int, float]
) -> tuple[str, float]:
    """Return the rule and the confidence of a place by the words around it; `supported` by how many names."""
    support, base = supported
    placed = context.follows_preposition(setting.text, found)
    if doubt := _doubt(setting, found, reading, placed=placed):
        return doubt, base * _LEFT[doubt]
    if support:
        return "supported", 1 - (1 - base) * 0.4
    if "given" in found.name.flags and reading.kind == CITY and reading.size < _GREAT and not placed:
        return "a person's name, too", base * 0.6
    if placed and reading.size >= _KNOWN and _is_only_there(setting, found):
        return "only there", max(base, _ONLY_THERE)
    return reading.kind, base


def _doubt(setting: Setting, found: Found, reading: Reading, *, placed: bool) -> str | None:
    """Return why the name may be no place's: Das Essen, the Alhambra, Reading is fun."""
    language = setting.language
    if language == "de" and not placed and context.has_article(setting.text, found, "de"):
        return "a noun"
    if language in found.name.flags and context.is_contracted(setting.text, found):
        return "a noun"
    if language == "en" and reading.kind == CITY and context.is_thing(setting.text, found):
        return "a thing"
    if language in found.name.flags and not _is_name(setting, found, reading, placed=placed):
        return "a word, too"
    return None


def _is_only_there(setting: Setting, found: Found) -> bool:
    """Say whether no other place has the name, and the text isn't clearly about another country.

    It must be no word or person's name where words have capitals: im Keller, am Ende, in Olympia.
    """
    readings = found.name.readings
    if found.name.flags and setting.language in ("de", "en"):
        return False
    return len(readings) == 1 and not setting.elsewhere(readings[0].country, _CLEARLY)
