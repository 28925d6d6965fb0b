"""What in an article speaks for its countries. Nothing of it is stored: the text says the same each time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from worker.enrich.countries import countries_of

if TYPE_CHECKING:
    from worker.enrich.countries import Evidence
    from worker.models import Document

_AROUND = 40
"""Characters of the text shown on either side of a name."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A name that speaks for a country, where it does so first, with the text around it."""

    evidence: Evidence
    before: str
    after: str


def evidence_of(document: Document) -> list[Shown]:
    """Return each name once, by country: the most confident country and name first."""
    text = f"{document.title}\n{document.body}"
    found = countries_of(document.title, document.body, document.language)
    first: dict[tuple[str, str], Evidence] = {}
    for each in found.evidence:
        key = (each.country, each.text)
        if key not in first or first[key].confidence < each.confidence:
            first[key] = each
    ranked = sorted(
        first.values(), key=lambda each: (-found.scores[each.country], each.country, -each.confidence)
    )
    return [
        Shown(each, text[max(0, each.start - _AROUND) : each.start], text[each.end : each.end + _AROUND])
        for each in ranked
    ]


def told(document: Document) -> str:
    """Return the evidence in a line, such as `BY: Belarus (country), Minsk (capital, dateline); US: …`."""
    by_country = groupby(evidence_of(document), key=lambda shown: shown.evidence.country)
    return "; ".join(
        f"{country}: " + ", ".join(f"{each.evidence.text} ({because(each.evidence)})" for each in shown)
        for country, shown in by_country
    )


def because(evidence: Evidence) -> str:
    """Return kind and rule, once where they are the same."""
    return evidence.kind if evidence.rule == evidence.kind else f"{evidence.kind}, {evidence.rule}"
