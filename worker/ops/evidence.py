"""What in an article speaks for its tags. Nothing of it is stored: the text says the same each time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from worker.enrich.countries import countries_of
from worker.enrich.topics.tagging import topic_evidence, topics_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker.enrich import countries
    from worker.enrich.topics import tagging as topics
    from worker.models import Document

_AROUND = 40
"""Characters of the text shown on either side."""
_MOST_FOR_A_TOPIC = 5


@dataclass(frozen=True, slots=True)
class Shown:
    """Words that speak for a country or topic, where they first do so, with the text around them.

    `why` is the rule or pattern, `strength` a confidence (countries) or weight (topics).
    """

    about: str
    strength: float
    why: str
    before: str
    words: str
    after: str


def countries_shown(document: Document) -> list[Shown]:
    """Return each name once, by country: the most confident country and name first."""
    found = countries_of(document.title, document.body, document.language)
    first: dict[tuple[str, str], countries.Evidence] = {}
    for each in found.evidence:
        key = (each.country, each.text)
        if key not in first or first[key].confidence < each.confidence:
            first[key] = each
    ranked = sorted(
        first.values(), key=lambda each: (-found.scores[each.country], each.country, -each.confidence)
    )
    return [_shown(document, each, each.country, each.confidence, _because(each)) for each in ranked]


def topics_shown(document: Document) -> list[Shown]:
    """Return for each topic, in their order, the patterns that speak most for it, each once."""
    text = (document.title, document.body, document.language)
    found = topics_of(*text)
    names = dict(zip(found.codes, found.names, strict=True))
    first: dict[tuple[str, str], topics.Evidence] = {}
    for each in topic_evidence(*text):
        first.setdefault((each.topic, each.pattern), each)
    return [
        _shown(document, each, names[code], each.weight, each.pattern)
        for code in found.codes
        for each in _heaviest(each for each in first.values() if each.topic == code)
    ]


def told(shown: Iterable[Shown]) -> str:
    """Return the evidence in a line, such as `BY: Belarus (country), Minsk (capital, dateline); US: …`."""
    by_tag = groupby(shown, key=lambda each: each.about)
    return "; ".join(
        f"{tag}: " + ", ".join(f"{each.words} ({each.why})" for each in of_tag) for tag, of_tag in by_tag
    )


def _heaviest(evidence: Iterable[topics.Evidence]) -> list[topics.Evidence]:
    return sorted(evidence, key=lambda each: (-each.weight, each.start))[:_MOST_FOR_A_TOPIC]


def _shown(
    document: Document, at: countries.Evidence | topics.Evidence, about: str, strength: float, why: str
) -> Shown:
    text = f"{document.title}\n{document.body}"
    before, after = text[max(0, at.start - _AROUND) : at.start], text[at.end : at.end + _AROUND]
    return Shown(about, strength, why, before, at.text, after)


def _because(evidence: countries.Evidence) -> str:
    """Return kind and rule, once where they are the same."""
    return evidence.kind if evidence.rule == evidence.kind else f"{evidence.kind}, {evidence.rule}"
