"""An operator's own names of places, looked for beside those of the gazetteer."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from worker.enrich.countries.gazetteer import (
    CAPITAL,
    CITY,
    DEMONYM,
    METONYM,
    NAME,
    OWN,
    REGION,
    section_of,
)
from worker.enrich.countries.inflect import forms_of
from worker.enrich.countries.match import folded

if TYPE_CHECKING:
    from worker.enrich.countries.gazetteer import Section
    from worker.enrich.own import OwnPlace, OwnTags

OWN_KINDS = {
    "country": NAME,
    "region": REGION,
    "city": CITY,
    "capital": CAPITAL,
    "demonym": DEMONYM,
    "metonym": METONYM,
}
"""What an own name can be, and the gazetteer's letter for it."""

_EVERY = ""
_SIZE = 65
"""Ten times log10 of three million: whoever lists a town means it wherever it is named."""


def own_sections(own: OwnTags, language: str) -> tuple[Section, ...]:
    """Return what else to look for in a text of the language: names for every language, and for this one."""
    if not own.places:
        return ()
    found = (_section(own, _EVERY), _section(own, language))
    return tuple(section for section in found if section.entries)


@lru_cache(maxsize=128)
def _section(own: OwnTags, language: str) -> Section:
    """Return the names that are listed for the language, with their inflected forms."""
    listed = [
        place for place in own.places if (language in place.languages if language else not place.languages)
    ]
    entries: dict[str, str] = {}
    for place in reversed(listed):
        for form in forms_of(place.name, OWN_KINDS[place.kind], language):
            entries[folded(form)] = _entry(place)
    for place in listed:
        entries |= dict.fromkeys((place.name, folded(place.name)), _entry(place))
    return section_of(list(entries), list(entries.values()))


def _entry(place: OwnPlace) -> str:
    return f"{place.country},{OWN_KINDS[place.kind]},{_SIZE}\t{OWN}"
