"""From mentions to countries: confidence by distinct names, and which country a text is about."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.enrich.countries.calibrate import calibrated
from worker.enrich.countries.gazetteer import (
    ABBREVIATION,
    CAPITAL,
    CITY,
    DEMONYM,
    METONYM,
    NAME,
    REGION,
)
from worker.enrich.countries.primary import Story, opened, primary_of

if TYPE_CHECKING:
    from worker.enrich.countries.setting import Mention

THRESHOLD = 0.7
_FALLBACK = 0.5
_WEIGHT = {
    NAME: 1.0,
    REGION: 0.9,
    CITY: 0.9,
    CAPITAL: 0.9,
    DEMONYM: 0.85,
    METONYM: 0.35,
    ABBREVIATION: 0.3,
}
_IN_TITLE = 3.0
_IN_LEAD = 1.5
_DATELINE = 6.0
_AGAIN = 0.7
"""A name said n times counts n to this power: a story isn't about the country that it names most."""

LEAD = 400
"""Characters of the body in which a story says what it is about."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The outcome for a text: confidence by country, those above the threshold, and the main one."""

    primary: str | None
    countries: tuple[str, ...]
    scores: dict[str, float]


def rank(text: str, mentions: list[Mention], dateline: range) -> Ranked:
    """Return the countries of a text by how much it is about them."""
    raw = _noisy_or(mentions)
    story = Story(text, mentions, dateline, _weights(mentions, dateline))
    weights = opened(story)
    order = sorted(raw, key=lambda country: (-weights[country], -raw[country], country))
    countries = tuple(country for country in order if raw[country] >= THRESHOLD)
    likely = countries or tuple(country for country in order if raw[country] >= _FALLBACK)
    scores = {country: calibrated(raw[country]) for country in order}
    return Ranked(primary_of(story, likely, weights), countries, scores)


def _noisy_or(mentions: list[Mention]) -> dict[str, float]:
    """Return one minus the chance that every distinct name is wrong: five times "Edmonton" are one name."""
    best: dict[tuple[str, str], float] = {}
    for mention in mentions:
        key = (mention.country, mention.found.text.removesuffix("s"))
        best[key] = max(best.get(key, 0.0), mention.confidence)
    doubt: dict[str, float] = defaultdict(lambda: 1.0)
    for (country, _), confidence in best.items():
        doubt[country] *= 1 - confidence
    return {country: 1 - left for country, left in doubt.items()}


def _weights(mentions: list[Mention], dateline: range) -> dict[str, float]:
    """Return how much a text is about each country; a name said again adds less each time."""
    filed = next((mention for mention in mentions if mention.found.start in dateline), None)
    names: dict[tuple[str, str], list[float]] = defaultdict(list)
    for mention in mentions:
        place = _DATELINE if mention is filed else _of_place(mention.found.start, dateline.start)
        names[mention.country, mention.found.text].append(_WEIGHT[mention.kind] * mention.confidence * place)
    weights: dict[str, float] = defaultdict(float)
    for (country, _), said in names.items():
        weights[country] += sum(said) * len(said) ** (_AGAIN - 1)
    return weights


def _of_place(start: int, body_start: int) -> float:
    """Return the factor for a mention in the title, in the lead, or further down."""
    if start < body_start:
        return _IN_TITLE
    return _IN_LEAD if start < body_start + LEAD else 1.0
