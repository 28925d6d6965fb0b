"""Our own lists in `texts/`: one record a line, columns by tab, `#` starts a comment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gazetteer.adjectives import adjectives
from gazetteer.entries import ABBREVIATION, CITY, DEMONYM, MASK, METONYM, NAME, REGION, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gazetteer.entries import Sections

_DISTRICT = 48
LONDON = "GB.LND"
"""What a district of London has for a state, beside England: they, and London, speak for each other."""

TEXTS = Path(__file__).parent / "texts"


def records(name: str) -> Iterator[list[str]]:
    """Yield the columns of a file's lines."""
    for line in (TEXTS / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def add_own(sections: Sections) -> None:
    """Add aliases, demonyms, metonyms, masks and abbreviations of states."""
    countries = sections.names("en")
    for code, name in _listed("aliases.txt"):
        sections.add("en", name.lstrip("=~"), _alias(code, name, known=name in countries))
        if name.startswith("~"):
            sections.add("en", name[1:], Reading(code, CITY, _DISTRICT, LONDON))
    for kind, file in ((DEMONYM, "demonyms.txt"), (METONYM, "metonyms.txt")):
        for code, name in _listed(file):
            sections.add("en", name, Reading(code, kind))
    for (name,) in records("masks.txt"):
        sections.add("en", name.removeprefix("@"), Reading("@" if name.startswith("@") else "-", MASK))
    for admin, name in _listed("states.txt"):
        for form in {name, name.rstrip(".")}:
            sections.add("en", form, Reading(admin[:2], ABBREVIATION, 0, admin))


def _listed(file: str) -> Iterator[tuple[str, str]]:
    """Yield (code, name) of a file whose lines are a code and its names."""
    for code, names in records(file):
        yield from ((code, name) for name in names.split(", "))


def _alias(code: str, name: str, *, known: bool) -> Reading:
    if name.startswith("~"):
        return Reading(code, CITY, _DISTRICT, f"{code}.ENG")
    return Reading(code, NAME if known or name.startswith("=") or _is_abbreviation(name) else REGION)


def add_language(sections: Sections, language: str) -> None:
    """Add a language's own names, adjectives and inhabitants from `LANGUAGE.txt`."""
    if not (TEXTS / f"{language}.txt").exists():
        return
    for code, names, demonyms in records(f"{language}.txt"):
        if code == "-":
            for name in names.split(", "):
                sections.add(language, name, Reading(code, MASK))
            continue
        for name in filter(None, names.split(", ")):
            sections.add(language, name, Reading(code, NAME))
        for word in filter(None, demonyms.split(", ")):
            for form in adjectives(language, word):
                sections.add(language, form, Reading(code, DEMONYM))


def given_names() -> set[str]:
    """Return names of people that are names of places as well."""
    return {name for (line,) in records("given.txt") for name in line.split()}


def stopped() -> set[str]:
    """Return names of places that are left out: `|` separates those of several words from others."""
    return {name.strip() for (line,) in records("stop.txt") for name in line.split("|")}


def senses() -> Iterator[str]:
    """Yield the lines of the section on names that several countries share."""
    yield "#senses"
    yield from ("\t".join(record) for record in records("senses.txt"))


def _is_abbreviation(name: str) -> bool:
    return name.replace(".", "").isupper() and len(name) <= 6
