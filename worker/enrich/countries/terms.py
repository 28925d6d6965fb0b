"""Adjectives of countries that speak of no country: languages and currencies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.enrich.countries.match import Found

_ENDS = re.compile(r"(?=[.,;:)!?]|$| (?:and|or|but|et|ou|y|o|e|und|oder|only|as|with|than)\b)")
_LISTED = re.compile(r"(?:,? (?:and|or|et|ou|y|o|e|und|oder))? ?(?:a little |some )?|, (?:a little |some )?")
_SPOKEN = re.compile(
    r"\b(?:speak|speaks|spoke|spoken|speaking|learn|learned|learning|learns|study|studied|teach|taught|into|in|"
    r"habla|hablan|hablar|parle|parlent|parler|parla|parlano|fala|falam|spricht|sprechen|auf|en|em) $"
)
_CURRENCY = (
    r"(?:dollar|franc|franken|peso|pound|rupee|yen|yuan|krona|krone|crown|lira|rouble|ruble|rand|won|real|dirham|"
    r"dinar|riyal|ringgit|rupiah|baht|доллар|франк|рубл|фунт|юан|лир)"
)
_MONEY = re.compile(rf" {_CURRENCY}", re.IGNORECASE)
_MONEY_BEFORE = re.compile(
    r"\b(?:dollars?|francs?|pesos?|d[óo]lar(?:es)?|livres?|libras?|franchi?|dollari?) $"
)


def is_language(text: str, found: Found, listed_after: Found | None) -> bool:
    """Say whether an adjective is the name of a language: speaks French, in Portuguese, Spanish and Finnish.

    `listed_after` is the language just before it in a list, if there is one.
    """
    if not _ENDS.match(text, found.end):
        return False
    if listed_after and _LISTED.fullmatch(text, listed_after.end, found.start):
        return True
    return bool(_SPOKEN.search(text, max(0, found.start - 22), found.start))


def is_money(text: str, found: Found) -> bool:
    """Say whether an adjective belongs to a currency: Swiss francs, le dollar américain."""
    return bool(
        _MONEY.match(text, found.end) or _MONEY_BEFORE.search(text, max(0, found.start - 10), found.start)
    )
