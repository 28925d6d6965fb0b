"""What enrichment says about an article."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.enrich.language import language
from worker.models import Tags

if TYPE_CHECKING:
    from collections.abc import Iterable

TAGGER_VERSION = "1"
"""Raise it when the same text can get other tags: documents with an older one are worth re-tagging."""


def tag(title: str, body: str, languages: Iterable[str | None]) -> Tags:
    """Return the tags of a text. `languages` are what page and feed state, the better source first."""
    code, confidence = language(title, body, languages)
    return Tags(language=code, language_confidence=confidence)
