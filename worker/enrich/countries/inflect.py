"""Forms of a name in languages that inflect names: closed lists of endings, made when a section is read."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

INFLECTED = frozenset({"ru", "uk", "pl", "ar", "de"})
"""The languages that `forms_of` has endings for."""

_DEMONYM = "D"
_SHORTEST = 4
"""Names with fewer letters stay as they are: Мали, Чад, Того, Оман would run into other words."""

_RUSSIAN = (
    ("ия", ("ии", "ию", "ией")),
    ("ья", ("ьи", "ье", "ью", "ьей")),
    ("ская", ("ской", "скую")),
    ("ая", ("ой", "ую")),
    ("ое", ("ого", "ому", "ым", "ом")),
    ("ий", ("ого", "ому", "им", "ом", "ия", "ию", "ием", "ии")),
    ("ый", ("ого", "ому", "ым", "ом")),
    ("ые", ("ых", "ым", "ыми")),
    ("ие", ("их", "им", "ими")),
    ("ай", ("ая", "аю", "аем", "ае")),
    ("ей", ("ея", "ею", "еем", "ее")),
    ("ой", ("ого", "ому", "ым", "ом")),
    ("ово", ("ова", "ову", "овом", "ове")),
    ("ево", ("ева", "еву", "евом", "еве")),
    ("ино", ("ина", "ину", "ином", "ине")),
    ("ка", ("ки", "ке", "ку", "кой")),
    ("га", ("ги", "ге", "гу", "гой")),
    ("а", ("ы", "е", "у", "ой")),
    ("я", ("и", "е", "ю", "ей")),
    ("ь", ("и", "ью", "я", "ю", "ем", "е")),
    ("ы", ("", "ов", "ам", "ами", "ах")),
)
_UKRAINIAN = (
    ("ія", ("ії", "ію", "ією")),
    ("ська", ("ської", "ській", "ську", "ською")),
    ("на", ("ни", "ні", "ну", "ною")),
    ("ка", ("ки", "ці", "ку", "кою")),
    ("а", ("и", "і", "у", "ою")),
    ("я", ("і", "ю", "ею")),
    ("ів", ("ева", "ову", "ові", "овом", "ова")),
    ("їв", ("єва", "єву", "єві", "євом")),
    ("ий", ("ого", "ому", "им")),
    ("и", ("", "ів", "ам", "ами", "ах")),
    ("ь", ("і", "я", "ю", "ем")),
)
_POLISH = (
    ("ja", ("ji", "ję", "ją")),
    ("ia", ("ii", "ię", "ią")),
    ("a", ("y", "ie", "ę", "ą", "i")),
    ("szt", ("sztu", "szcie", "sztem")),
    ("o", ("a", "u", "em", "ie")),
    ("ń", ("nia", "niu", "niem")),
    ("k", ("ku", "kiem", "ka")),
    ("n", ("nu", "nie", "nem")),
    ("d", ("du", "dzie", "dem")),
    ("t", ("tu", "cie", "tem")),
)
_MASCULINE = {"ru": ("а", "у", "ом", "е"), "uk": ("у", "а", "ом", "і", "ові")}
_VOWELS = frozenset("аеёиоуыэюяіїє")
_ADJECTIVE = {
    "ru": (
        ("кий", ["кого", "кому", "ким", "ком", "кая", "кой", "кую", "кое", "кие", "ких", "кими"]),
        ("ец", ["ца", "цу", "цем", "це", "цы", "цев", "цам", "цами", "цах"]),
        ("анин", ["анина", "анину", "анином", "анине", "ане", "ан", "анам", "анами", "анах"]),
    ),
    "uk": (
        ("кий", ["кого", "кому", "ким", "ком", "ка", "кої", "кій", "ку", "кою", "ке", "кі", "ких", "кими"]),
        (
            "ька",
            ["ький", "ького", "ькому", "ьким", "ької", "ькій", "ьку", "ькою", "ьке", "ькі", "ьких", "ькими"],
        ),
        ("ець", ["ця", "цю", "цем", "ці", "ців", "цям", "цями", "цях"]),
        ("янин", ["янина", "янину", "янином", "яни", "ян", "янам", "янами", "янах"]),
    ),
}
_ARABIC = ("و", "ف", "ب", "ل", "ك", "وب", "ول")
_MOST_WORDS = 3


def forms_of(name: str, kind: str, language: str) -> Iterator[str]:
    """Yield the other forms in which a name stands in a text of the language; nothing for most languages."""
    if language in ("ru", "uk"):
        yield from _slavic(name, kind, language)
    elif language == "ar":
        yield from (prefix + name for prefix in _ARABIC)
        if name.startswith("ال"):
            yield f"لل{name[2:]}"
    elif language == "pl":
        yield from _polish(name)
    elif language == "de":
        yield from _german(name, kind)


def _polish(name: str) -> Iterator[str]:
    """Yield a name's forms; of several words the endings are listed by hand."""
    if len(name) >= _SHORTEST and " " not in name:
        ending, others = next((row for row in _POLISH if name.endswith(row[0])), ("", ()))
        yield from (name.removesuffix(ending) + other for other in others)


def _german(name: str, kind: str) -> Iterator[str]:
    if kind != _DEMONYM:
        yield f"{name}s"
    elif name.endswith("isch") or name == "Deutsch":
        small = name.lower()
        yield from (f"{small}{ending}" for ending in ("", "e", "en", "er", "es", "em"))
        yield from (f"{name}{ending}" for ending in ("e", "en", "er"))
    else:
        yield from (f"{name}{ending}" for ending in ("s", "n", "in", "innen"))


def _slavic(name: str, kind: str, language: str) -> Iterator[str]:
    if kind == _DEMONYM:
        for ending, others in _ADJECTIVE[language]:
            if name.endswith(ending):
                forms = [name, *(name.removesuffix(ending) + other for other in others)]
                yield from (*forms, *(form.capitalize() for form in forms))
                return
    words = name.split(" ")
    if len(words) <= _MOST_WORDS:
        for form in product(*(_declined(word, language) for word in words)):
            yield " ".join(form)


def _declined(word: str, language: str) -> tuple[str, ...]:
    """Return the word and its forms by case; of a word in hyphens the last part is declined."""
    if len(word) < _SHORTEST:
        return (word,)
    for ending, others in _RUSSIAN if language == "ru" else _UKRAINIAN:
        if word.endswith(ending):
            return (word, *(word.removesuffix(ending) + other for other in others))
    if word[-1] in _VOWELS or not word[-1].isalpha():
        return (word,)
    return (word, *(word + ending for ending in _MASCULINE[language]))
