"""What enrichment says about an article."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from worker.enrich.countries import countries_of
from worker.enrich.language import language
from worker.enrich.own import installed
from worker.enrich.topics.tagging import topics_of
from worker.fingerprint import fingerprint
from worker.models import Tags

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker.enrich.countries import Countries

_LIBRARIES = ("py3langid",)


def tagger_version() -> str:
    """Return what a document's `tagger_version` is now: it changes with code, data and own tags.

    With own tags installed it is `1f2e3d4c+` and their digest.
    """
    own = installed()
    return f"{_rules()}+{own.digest}" if own.digest else _rules()


@cache
def _rules() -> str:
    return fingerprint(("enrich",), _LIBRARIES)


def tag(title: str, body: str, languages: Iterable[str | None], publisher: str | None = None) -> Tags:
    """Return the tags of a text.

    `languages` are what page and feed state, the better source first; `publisher` is the source's country.
    """
    spoken, confidence = language(title, body, languages)
    countries = countries_of(title, body, spoken, publisher)
    topics = topics_of(title, body, spoken)
    return Tags(
        language=spoken,
        language_confidence=confidence,
        country_primary=countries.primary,
        countries=countries.countries,
        country_scores={code: countries.scores[code] for code in _reported(countries)},
        topics=topics.codes,
        topics_all=topics.all,
        topics_top=topics.top,
        topic_names=topics.names,
        topic_scores=topics.scores,
    )


def _reported(countries: Countries) -> tuple[str, ...]:
    """Return the countries that are stored: a main one may be too doubtful to be among the others."""
    main = countries.primary
    return (
        countries.countries if main is None or main in countries.countries else (main, *countries.countries)
    )
