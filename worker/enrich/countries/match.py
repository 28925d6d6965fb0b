"""Where names stand in a text: whole words, in the longest form, one reading of capitals."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.enrich.countries.context import words
from worker.enrich.countries.gazetteer import OWN, UNSPACED, Name, name_of, parsed, sections_for
from worker.enrich.countries.joint import joint_names

if TYPE_CHECKING:
    from worker.enrich.countries.gazetteer import Section

_FOLDS = (("\u2019", "'"), ("\u02bc", "'"), ("\xa0", " "), ("\t", " "))
_WRAPPED = re.compile(r"\n(?<=[\w,]\n)(?=\S)")
"""A line break within a sentence; after other signs, or before an indented line, it ends a paragraph.

Begins with the break instead of what stands before it: a fortieth of the time of the search.
"""
_CAPITALS = re.compile(r"[A-Z](?<!\w.)(?:[A-Z]+(?:\.? [A-Z]{2,}|-[A-Z]{2,})+|[A-Z]{3,})\b")
"""Begins with a class instead of a word's edge: a third of the time of the search."""
_WORD = re.compile(r"[A-Z]+")
_PRONOUN = re.compile(
    r"(?<![A-Z])(?:TELL|ASK|GIVE|SHOW|LET|HELP|JOIN|CONTACT|FOLLOW|TEACH|ABOUT) US"
    r"(?= (?:WHAT|HOW|WHY|WHERE|WHEN|WHO|IF|ALL|BOTH|YOUR|MORE|ABOUT|ANYTHING|NOW|TODAY|THE|AN?|ON|FOR|IN)\b"
    r"|$|\W*\n)"
    r"|(?<![A-Z])(?:OF|FOR|WITH|TO|BETWEEN) US(?= (?:ALL|BOTH)\b)"
)
"""TELL US WHAT YOU THINK: in a headline in capitals the United States look like a pronoun."""
_AFTER_CAPITALS = re.compile(r" US(?<=[A-Z] US)")
"""Begins with plain letters, which are found fast."""
_SPOKEN_THERE = re.compile(r"[语語文]|法郎|フラン|吐司")
"""After a country's name: its language or currency, or a dish."""
_KATAKANA = re.compile(r"[ァ-ヺー]")
_SMALL = words("AND OF THE DE DO DA DEL ES AL")
_KEPT = words(
    "US USA UK UAE DRC DPRK PRC BBC FBI CIA NATO SEC GOP NYSE EPA FDA FAA NBA NFL NASA NSW EE UU EEUU EUA ABD"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A name in the text: `text[start:end]` in the folded form, and what it can mean."""

    start: int
    end: int
    text: str
    name: Name


def folded(text: str) -> str:
    """Return the text with plain apostrophes and spaces, words in capitals as names, of the same length."""
    for sign, plain in _FOLDS:  # several times faster than str.translate
        text = text.replace(sign, plain)
    if _AFTER_CAPITALS.search(text):
        text = _PRONOUN.sub(lambda match: match[0].lower(), text)
    return _CAPITALS.sub(_as_name, _WRAPPED.sub(" ", text))


def find(text: str, language: str, own: tuple[Section, ...] = ()) -> list[Found]:
    """Return the names in a folded text, in order and without overlaps: leftmost, then longest.

    A name within another only counts where the longer one isn't whole ("U.S.-led" holds U.S.). What the
    gazetteer says of a name in an `own` section does not count.
    """
    spans: dict[tuple[int, int], Name] = {}
    spaced = language not in UNSPACED
    for section in (*sections_for(language), *own):
        entries = section.entries
        for index, start, end in section.automaton.find_matches_as_indexes(text, overlapping=True):
            if not (_whole(text, start, end) if spaced else _apart(text, start, end)):
                continue
            name, span = parsed(entries[index]), (start, end)
            spans[span] = _both(spans[span], name) if span in spans else name
    spans.update(joint_names(text, language))
    return list(_leftmost_longest(text, spans))


def _leftmost_longest(text: str, spans: dict[tuple[int, int], Name]) -> list[Found]:
    kept, free = [], 0
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= free:
            kept.append(Found(start, end, text[start:end], spans[start, end]))
            free = end
    return kept


def _whole(text: str, start: int, end: int) -> bool:
    """Say whether no letter or digit touches the span; US$ is money."""
    after = text[end : end + 1]
    return not (text[start - 1 : start].isalnum() or after.isalnum() or after == "$")


def _apart(text: str, start: int, end: int) -> bool:
    """Say whether a name in katakana isn't part of a longer word in it: タイ is no タイトル."""
    if _SPOKEN_THERE.match(text, end):
        return False
    if not _KATAKANA.match(text, start):
        return True
    return not (_KATAKANA.match(text, end) or (start and _KATAKANA.match(text, start - 1)))


def _both(one: Name, other: Name) -> Name:
    if OWN in other.flags:
        return other
    return name_of((*one.readings, *other.readings), one.flags | other.flags)


def _as_name(match: re.Match[str]) -> str:
    return _WORD.sub(_cased, match[0])


def _cased(word: re.Match[str]) -> str:
    if word[0] in _KEPT:
        return word[0]
    return word[0].lower() if word.start() and word[0] in _SMALL else word[0].capitalize()
