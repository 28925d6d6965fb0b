"""Which names of places are also words or people's names: they need more than themselves to count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simplemma.strategies import DefaultDictionaryFactory, DictionaryLookupStrategy

from gazetteer.own import given_names

if TYPE_CHECKING:
    from collections.abc import Iterable

_DICTIONARIES = ("en", "fr", "de", "es", "pt", "it", "nl", "pl", "tr")
_GIVEN = "given"
_DICTIONARY = DictionaryLookupStrategy(DefaultDictionaryFactory(cache_max_size=len(_DICTIONARIES)))


def flags_of(names: Iterable[str], small: set[str], abroad: set[str]) -> dict[str, str]:
    """Return, by name, the languages in which it is a word, and `given` for people's names.

    Whether a name is a word is asked of `small` places only; whether it is a German noun, of those `abroad`:
    at home the dictionary's nouns are the towns themselves.
    """
    people = given_names()
    found: dict[str, str] = {}
    for name in sorted(names):
        flags = [language for language in _DICTIONARIES if name in small and is_word(name, language)]
        if "de" not in flags and name in small & abroad and _DICTIONARY.exact_lemma(name, "de"):
            flags.append("de")
        if name in people:
            flags.append(_GIVEN)
        if flags:
            found[name] = ",".join(flags)
    return found


def is_word(name: str, language: str) -> bool:
    """Say whether simplemma's dictionary has the name in small letters; in English, each of its parts."""
    if language != "en" and " " in name:
        return False
    return all(len(part) < 3 or _known(part, language) for part in name.replace("-", " ").split())


def _known(part: str, language: str) -> bool:
    return _DICTIONARY.exact_lemma(part.lower(), language) is not None
