"""The shipped gazetteer: which names there are in a language, and what each can mean.

`make gazetteer` writes the file. A section is read when a text first needs it: the names of all languages in
Latin script together, the rest by language.
"""

from __future__ import annotations

import lzma
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from worker.enrich.countries.inflect import INFLECTED, forms_of

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME, REGION, CITY, CAPITAL, DEMONYM, METONYM, ABBREVIATION, MASK = "NRCKDMPX"

OWN = "own"
"""Flag of an operator's own name: it means what is said of it, whatever else bears it."""

LATIN = "latin"
_SENSES = "senses"
_ALONE = {"!": 1.0, "?": 0.65}
_OTHER_SCRIPTS = frozenset(["ru", "uk", "ar", "zh", "ja", "ko", "el", "bg", "sr", "he", "fa", "hi"])
UNSPACED = frozenset({"zh", "ja"})
"""Written without spaces: a name's edges say nothing."""


class Reading(NamedTuple):
    """One thing a name can mean. `size` is ten times log10 of the population; `admin` like `US.PA`."""

    country: str
    kind: str
    size: int = 0
    admin: str = ""


class Name(NamedTuple):
    """What the gazetteer says of a name: its readings, their kinds, and where it is a word."""

    readings: tuple[Reading, ...]
    kinds: frozenset[str]
    flags: frozenset[str]


def name_of(readings: tuple[Reading, ...], flags: frozenset[str]) -> Name:
    """Return the name with these readings."""
    return Name(readings, frozenset(reading.kind for reading in readings), flags)


@dataclass(frozen=True, slots=True)
class Section:
    """The names of one section, ready to be looked for; `entries` are in the automaton's order."""

    automaton: AhoCorasick
    entries: list[str]


def section_of(patterns: list[str], entries: list[str]) -> Section:
    """Return the section in which each pattern has the entry at its place."""
    automaton = AhoCorasick(
        patterns,
        matchkind=MatchKind.Standard,
        store_patterns=False,
        implementation=Implementation.ContiguousNFA,
    )
    return Section(automaton, entries)


class Sense(NamedTuple):
    """A reading of a shared name, None for no country, and what in a text speaks for it.

    `alone` is the share of confidence that it keeps where nothing does.
    """

    country: str | None
    alone: float
    cues: tuple[str, ...]


def sections_for(language: str) -> tuple[Section, ...]:
    """Return what to look for in a text of the language; English where it isn't known."""
    if language in _OTHER_SCRIPTS:
        return (_section(language),)
    own = language if language in _texts() else "en"
    return (_section(LATIN), _section(own))


def sections() -> tuple[str, ...]:
    """Return the sections that hold names: languages, and what those in Latin script share."""
    return tuple(name for name in _texts() if name != _SENSES)


def listed_in(section: str, kind: str) -> Iterator[tuple[str, list[Reading]]]:
    """Yield the names of a section with their readings of that kind, as listed: without inflected forms.

    None of a section that isn't there.
    """
    for text, entry in _lines(section) if section in _texts() else ():
        if f",{kind}" in entry:
            yield text, [reading for reading in parsed(entry).readings if reading.kind == kind]


@lru_cache(maxsize=8_192)
def parsed(entry: str) -> Name:
    """Return an entry of a section as values."""
    readings, _, flags = entry.partition("\t")
    words = frozenset(flags.split(",")) if flags else frozenset()
    return name_of(tuple(map(_reading, readings.split(";"))), words)


@cache
def senses() -> dict[str, tuple[Sense, ...]]:
    """Return the names that countries share, each with its senses in the order of preference.

    A name that is shared in one language only has the language before it: `fr:Bruxelles` is the Union's seat.
    """
    found: dict[str, list[Sense]] = {}
    for line in _texts()[_SENSES].decode().split("\n"):
        names, code, cues = line.split("\t")
        country = None if code == "-" else code.rstrip("!?")
        sense = Sense(country, _ALONE.get(code[-1], 0.8), tuple(cues.split(", ")))
        for name in names.split(", "):
            found.setdefault(name, []).append(sense)
    return {name: tuple(options) for name, options in found.items()}


def senses_of(name: str, language: str) -> tuple[Sense, ...]:
    """Return the senses of a name in a text of the language: of the language's own, else of the English."""
    return senses().get(f"{language}:{name}") or senses().get(name, ())


def _reading(text: str) -> Reading:
    country, kind, size, admin = (*text.split(","), "", "")[:4]
    return Reading(country, kind, int(size or 0), f"{country}.{admin}" if admin else "")


@cache
def _section(name: str) -> Section:
    shared: dict[str, str] = {}
    patterns, entries = [], []
    for pattern, entry in _patterns(name):
        patterns.append(pattern)
        entries.append(shared.setdefault(entry, entry))
    return section_of(patterns, entries)


def _patterns(section: str) -> Iterator[tuple[str, str]]:
    """Yield (pattern, entry), inflected forms after all names in the form in which they are listed."""
    listed: set[str] = set()
    for name, entry in _lines(section):
        if section in INFLECTED:
            listed.add(name)
        yield name, entry
    if section not in INFLECTED:
        return
    for name, entry in _lines(section):
        for form in forms_of(name, entry.split(",", 2)[1][0], section):
            if form not in listed:
                listed.add(form)
                yield form, entry


def _lines(section: str) -> Iterator[tuple[str, str]]:
    for line in _texts()[section].decode().split("\n"):
        name, _, entry = line.partition("\t")
        yield name, entry


@cache
def _texts() -> dict[str, bytes]:
    """Return the sections as they are in the file: as bytes they take a third of the memory."""
    packed = files("worker.enrich").joinpath("data", "gazetteer.txt.xz").read_bytes()
    parts = lzma.decompress(packed).removeprefix(b"#").rstrip(b"\n").split(b"\n#")
    return {name.decode(): lines for name, _, lines in (part.partition(b"\n") for part in parts)}
