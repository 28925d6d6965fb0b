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

if TYPE_CHECKING:
    from worker.enrich.countries.readings import Mention

THRESHOLD = 0.7
_FALLBACK = 0.5

_WEIGHT = {NAME: 1.0, REGION: 0.9, CITY: 0.9, CAPITAL: 0.9, DEMONYM: 0.85, METONYM: 0.35, ABBREVIATION: 0.3}
_IN_TITLE = 2.0
_IN_LEAD = 0.5
_DATELINE = 5.0
LEAD = 400
"""Characters of the body in which a story says what it is about."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The outcome for a text: confidence by country, those above the threshold, and the main one."""

    primary: str | None
    countries: tuple[str, ...]
    scores: dict[str, float]


def rank(mentions: list[Mention], dateline: range) -> Ranked:
    """Return the countries of a text by how much it is about them."""
    raw = _noisy_or(mentions)
    weights = _weights(mentions, dateline)
    order = sorted(raw, key=lambda country: (-weights[country], -raw[country], country))
    countries = tuple(country for country in order if raw[country] >= THRESHOLD)
    likely = countries or tuple(country for country in order if raw[country] >= _FALLBACK)
    scores = {country: calibrated(raw[country]) for country in order}
    return Ranked(likely[0] if likely else None, countries, scores)


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
    weights: dict[str, float] = defaultdict(float)
    body_start = dateline.start
    filed = next((mention for mention in mentions if mention.found.start in dateline), None)
    for mention in mentions:
        weight = _WEIGHT[mention.kind]
        start = mention.found.start
        if mention is filed:
            weight *= _DATELINE
        elif start < body_start:
            weight *= 1 + _IN_TITLE
        elif start < body_start + LEAD:
            weight *= 1 + _IN_LEAD
        weights[mention.country] += weight * mention.confidence
    return weights
