"""What countries are called: for those who filter by name, or want to see which names are known."""

from __future__ import annotations

from functools import cache

from worker.enrich.countries.gazetteer import LATIN, NAME, listed_in, sections

_ENGLISH = "en"


@cache
def codes() -> dict[str, str]:
    """Return the code of every country by its names in all languages, case-folded; shared names left out."""
    found: dict[str, set[str]] = {}
    for section in sections():
        for name, countries in _called(section):
            found.setdefault(name.casefold(), set()).update(countries)
    return {name: countries.pop() for name, countries in found.items() if len(countries) == 1}


def code_of(country: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code (or XK) of a country's name, None where it is nobody's alone."""
    return codes().get(" ".join(country.split()).casefold())


def names_by_code(language: str = _ENGLISH) -> dict[str, list[str]]:
    """Return what a language calls each country, by its code; the longest name first."""
    found: dict[str, set[str]] = {}
    for section in (LATIN, language):
        for name, countries in _called(section):
            for country in countries:
                found.setdefault(country, set()).add(name)
    return {code: sorted(found[code], key=lambda name: (-len(name), name)) for code in sorted(found)}


def _called(section: str) -> list[tuple[str, set[str]]]:
    """Return a section's names of countries, each with whom it names."""
    return [
        (text, {reading.country for reading in readings})
        for text, readings in listed_in(section, NAME)
        if readings
    ]
