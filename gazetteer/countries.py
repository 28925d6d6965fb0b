"""Names of countries, adjectives and cities as Unicode CLDR (through babel) and countryinfo have them."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from babel import Locale
from babel.core import get_global

from gazetteer.adjectives import adjectives
from gazetteer.entries import CITY, DEMONYM, NAME, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gazetteer.entries import Sections

LANGUAGES = (
    "en", "fr", "de", "es", "pt", "it", "ru", "ar", "zh", "ja", "uk", "pl", "nl", "tr",
    "sv", "da", "nb", "fi", "cs", "sk", "ro", "hu", "bg", "el", "ko", "id", "vi", "fa",
    "he", "hi", "ca", "hr", "sr",
)  # fmt: skip
"""Those with rules of their own come first; of the others countries and great cities are known."""

NATIONAL = {
    "de": "DE", "fr": "FR", "it": "IT", "ru": "RU", "uk": "UA", "pl": "PL", "nl": "NL", "tr": "TR",
    "ja": "JP", "zh": "CN", "sv": "SE", "da": "DK", "fi": "FI", "cs": "CZ", "sk": "SK", "ro": "RO",
    "hu": "HU", "bg": "BG", "el": "GR", "he": "IL", "hi": "IN", "be": "BY", "lt": "LT", "lv": "LV",
    "et": "EE", "ka": "GE", "hy": "AM", "az": "AZ", "kk": "KZ", "uz": "UZ", "mn": "MN", "sq": "AL",
    "mk": "MK", "hr": "HR", "sl": "SI", "sr": "RS", "is": "IS", "no": "NO", "th": "TH", "vi": "VN",
    "id": "ID", "km": "KH", "my": "MM", "ne": "NP", "so": "SO", "fa": "IR", "mt": "MT", "lb": "LU",
    "bs": "BA", "tk": "TM", "ky": "KG", "tg": "TJ", "lo": "LA",
}  # fmt: skip
"""Languages whose name is also the adjective of one country; those of many countries are left out."""

_NOT_COUNTRIES = {"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"}
_ADJECTIVAL = ("fr", "de", "es", "pt", "it", "ru", "uk")
"""Where the name of a language is also the adjective; русский is left out: the country's is российский."""
_TOO_SHORT = 3


def add_countries(sections: Sections) -> None:
    """Add every language's names of countries, of languages as adjectives, and of the time zones' cities."""
    for language in LANGUAGES:
        _add_locale(sections, language, Locale.parse(language))
    _add_locale(sections, "zh", Locale.parse("zh_Hant"))


def _add_locale(sections: Sections, language: str, locale: Locale) -> None:
    for code, name in territories(locale):
        sections.add(language, name, Reading(code, NAME))
    for code, name in zone_cities(locale):
        sections.add(language, name, Reading(code, NAME) if code in ("HK", "MO") else Reading(code, CITY, 58))
    if language in _ADJECTIVAL:
        for spoken, code in NATIONAL.items():
            adjective = locale.languages.get(spoken)
            if adjective and (language, spoken) != ("ru", "ru"):
                for form in adjectives(language, str(adjective)):
                    sections.add(language, form, Reading(code, DEMONYM))


def territories(locale: Locale) -> Iterator[tuple[str, str]]:
    """Yield (ISO 3166-1 code, name) with CLDR's short and variant forms; XK is Kosovo's, user-assigned."""
    data: Any = locale._data  # noqa: SLF001 -- babel's own properties hide the alternative forms
    for source in ("territories", "short_territories", "variant_territories"):
        for code, name in dict(data.get(source, {})).items():
            if len(code) == 2 and code not in _NOT_COUNTRIES:
                yield from ((code, form) for form in forms(str(name), code))


def forms(name: str, code: str) -> Iterator[str]:
    """Yield a name without what stands in brackets, and with "St." and "&" written out."""
    bare = name.partition(" (")[0].partition(" [")[0].removesuffix("*")
    if code in ("HK", "MO", "MM", "CD", "CG", "PS", "FK") and "(" not in name:
        bare = bare.partition(" – ")[0]
    if (
        len(bare) >= 2
        and bare not in ("US", "UK", "UN")
        and not (bare in ("Congo", "Kongo") and code == "CG")
    ):
        yield bare
    if "&" in bare:
        yield bare.replace("&", "and")


def zone_cities(locale: Locale) -> Iterator[tuple[str, str]]:
    """Yield (country, city) of the IANA zones, of which each country's capital is nearly always one."""
    owners = get_global("zone_territories")
    for zone, names in locale.time_zones.items():
        city, code = names.get("city"), str(owners.get(zone, ""))
        if city and len(code) == 2 and code.isalpha() and code != "AQ" and len(city) >= 2:
            yield code, str(city)


def add_demonyms(sections: Sections) -> None:
    """Add countryinfo's English demonyms, but for territories that carry their parent's."""
    owners: dict[str, list[str]] = {}
    for path in sorted(files("countryinfo").joinpath("data").iterdir(), key=str):
        if not path.name.endswith(".json"):
            continue
        info = json.loads(path.read_text(encoding="utf-8"))
        for word in str(info.get("demonym") or "").split(","):
            owners.setdefault(word.strip(), []).append(info["ISO"]["alpha2"])
    for word, codes in owners.items():
        if len(codes) == 1 and len(word) > _TOO_SHORT:
            sections.add("en", word, Reading(codes[0], DEMONYM))
            if word.endswith(("an", "i")):
                sections.add("en", f"{word}s", Reading(codes[0], DEMONYM))
