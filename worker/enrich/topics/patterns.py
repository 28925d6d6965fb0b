"""The notation of the lexicons: words and phrases that speak for a topic, and how much.

`sanctions^3; embargo*^2; trade restrictions; WHO; *steuer`: patterns are whole words; `*` stands for any end
of the last word or any beginning of the first; capitals match only capitals; `^` gives the weight.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LIGHTEST, HEAVIEST = 0.1, 3.0
_WORD_WEIGHT, _PHRASE_WEIGHT, _OPEN_WEIGHT = 1.5, 2.0, 1.0
_SHORTEST_OPEN = 4
"""Letters that a single word in Latin script needs before `*`: fewer begin too many other words."""
_SHORTEST_END = 5

_GAP = "  "
"""Between lines, so that no phrase runs over their end."""
_DROPPED = "\u0640\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0670\u00ad"
"""Arabic stretching and vowel signs, soft hyphens: written or not as one likes."""
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Thai, Lao, Burmese, Khmer, Japanese, Chinese: written without spaces, so a word's edges say nothing."""
_ARABIC = re.compile("[\u0621-\u064a]")
_ARABIC_PREFIXES = ("", "ال", "وال", "بال", "لل", "و", "ب", "ل", "ف", "ك")


class PatternError(ValueError):
    """A pattern that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A word or phrase as it was written, its weight, and whether its capitals matter."""

    text: str
    weight: float
    core: str
    open_start: bool
    open_end: bool
    is_cased: bool


@dataclass(frozen=True, slots=True)
class Folded:
    """A text to be searched: one space between words and two between lines, in its own case and in small.

    `title_end` is where its first line ends.
    """

    cased: str
    small: str
    title_end: int


def fold(text: str) -> Folded:
    """Return the text as it is searched."""
    lines = text.translate(_LETTERS).split("\n")
    cased = f" {_GAP.join([' '.join(line.split()) for line in lines])} "
    return Folded(cased, cased.lower(), cased.index(_GAP) if len(lines) > 1 else 0)


def positions(text: str) -> list[int]:
    """Return where in the text each character of its folded form stands, and where the text ends."""
    kept, line_is_empty, gap = [0], True, False
    for index, letter in enumerate(text):
        match _LETTERS[ord(letter)]:
            case "\n":
                kept += (index, index)
                line_is_empty, gap = True, False
            case " ":
                gap = not line_is_empty
            case "":
                pass
            case _:
                kept += (index, index) if gap else (index,)
                line_is_empty = gap = False
    return [*kept, len(text)]


def patterns_of(text: str) -> list[Pattern]:
    """Return the patterns of a line, which `;` stands between.

    Raises:
        PatternError: one of them cannot be read.
    """
    return [pattern_of(part.strip()) for part in text.split(";") if part.strip()]


def pattern_of(text: str) -> Pattern:
    """Return one pattern of its notation.

    Raises:
        PatternError: it is empty or too short for its `*`, or its weight is no number from .1 to 3.
    """
    written, caret, weight = text.partition("^")
    words = written.strip()
    core = " ".join(words.strip("*").translate(_LETTERS).split())
    if not core or "*" in words.strip("*"):
        raise PatternError(f"{text!r}: `*` stands only before or after words")
    open_start, open_end = words.startswith("*"), words.endswith("*")
    if _too_open(core, open_start=open_start, open_end=open_end):
        raise PatternError(f"{text!r}: too short for `*`")
    return Pattern(
        text=words,
        weight=_weight(weight) if caret else _usual(core, open_end),
        core=core,
        open_start=open_start,
        open_end=open_end,
        is_cased=core != core.lower(),
    )


def keys_of(pattern: Pattern) -> Iterator[str]:
    """Yield what to look for in a folded text: small letters, with spaces where words must end."""
    core = pattern.core.lower()
    if _UNSPACED.match(core):
        yield core
        return
    start = "" if pattern.open_start else " "
    end = "" if pattern.open_end else " "
    prefixes = _ARABIC_PREFIXES if _ARABIC.match(core) and not pattern.open_start else ("",)
    yield from (f"{start}{prefix}{core}{end}" for prefix in prefixes)


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        raise PatternError(f"weight {text!r} is no number") from None
    if not LIGHTEST <= weight <= HEAVIEST:
        raise PatternError(f"weight {text} is not from {LIGHTEST} to {HEAVIEST:g}")
    return weight


def _usual(core: str, open_end: bool) -> float:
    if open_end:
        return _OPEN_WEIGHT
    return _PHRASE_WEIGHT if " " in core else _WORD_WEIGHT


def _too_open(core: str, *, open_start: bool, open_end: bool) -> bool:
    if " " in core or not core.isascii():
        return False
    return (open_end and len(core) < _SHORTEST_OPEN) or (open_start and len(core) < _SHORTEST_END)


class _Letters(dict[int, str]):
    """Letters, digits and marks on letters stay, all else is a space; learnt as characters are met."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        kept = letter.isalnum() or unicodedata.category(letter).startswith("M")
        self[code] = letter if kept else " "
        return self[code]


_LETTERS = _Letters({ord(letter): fold for letter, fold in zip("أإآٱةى\u0130\n", "ااااهيI\n", strict=True)})
"""Arabic writes some letters either way; the capital İ is the only one whose small form is longer."""
_LETTERS.update(dict.fromkeys(map(ord, _DROPPED), ""))
