"""The one country that a text is about, or none where two share the story."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.enrich.countries.setting import Mention

_OPENS = 1.2
"""The country that a text names first is rather the one that acts, or where it happens.

With score's exponent this has 14 more of our own 106 stories right, 5 of Reuters' 3,793, 1 of GeoVirus' 227;
TR-News, whose label is the most mentioned country, loses 4 of 118.
"""

_SURE = 0.5
"""Least confidence of a name that opens a story."""

_NEAR = 0.8
_EVEN = 0.95
_BESIDE = 100
_FEW = 4
"""Two countries share a story where they weigh the same, and are named in one breath, or in one sentence
(first mentions within 100 characters) and hardly again; else the earlier one is taken."""

_BREATH = re.compile(
    r"\s?(?:,|and|with|und|mit|et|avec|y|con|e|com|и|с|و|和|与|と|ve)\s?"  # noqa: RUF001 -- Russian "with"
    r"(?:(?:the|la|le|die|der|das|les|el|a|in) |l')?|-|\u2013"
)
"""What stands between them then: Thailand and Cambodia, entre l'Italie et la Suisse."""


@dataclass(frozen=True, slots=True)
class Story:
    """A text, its mentions in order, and how much it is about each country by them."""

    text: str
    mentions: list[Mention]
    dateline: range
    weights: Mapping[str, float]

    def first(self, country: str) -> int:
        """Return where the country is mentioned first."""
        return next(m.found.start for m in self.mentions if m.country == country)


def opened(story: Story) -> dict[str, float]:
    """Return the weights, with more for the country named first: not as the place of filing."""
    weights = dict(story.weights)
    for mention in story.mentions:
        if mention.confidence >= _SURE and mention.found.start not in story.dateline:
            weights[mention.country] *= _OPENS
            break
    return weights


def primary_of(story: Story, likely: tuple[str, ...], weights: Mapping[str, float]) -> str | None:
    """Return the first of the likely countries; of two alike the title's; None where both share it."""
    if len(likely) < 2:
        return likely[0] if likely else None
    one, other = likely[:2]
    starts = {country: story.first(country) for country in (one, other)}
    earlier, later = sorted((one, other), key=lambda country: starts[country])
    if starts[earlier] < story.dateline.start <= starts[later]:
        return earlier if weights[other] >= _NEAR * weights[one] else one
    return None if _share(story, one, other, starts[later] - starts[earlier]) else one


def _share(story: Story, one: str, other: str, apart: int) -> bool:
    less, more = sorted((story.weights[one], story.weights[other]))
    if less < _EVEN * more:
        return False
    named = [mention for mention in story.mentions if mention.country in (one, other)]
    return (apart < _BESIDE and len(named) <= _FEW) or any(
        a.country != b.country and _BREATH.fullmatch(story.text, a.found.end, b.found.start)
        for a, b in pairwise(named)
    )
