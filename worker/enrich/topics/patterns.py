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
    from collections.abc import Iterator, Sequence

LIGHTEST, HEAVIEST = 0.1, 3.0
_WORD_WEIGHT, _PHRASE_WEIGHT, _OPEN_WEIGHT = 1.5, 2.0, 1.0
_SHORTEST_OPEN = 4
"""Letters that a single word in Latin script needs before `*`: fewer begin too many other words."""
_SHORTEST_END = 5

_DROPPED = re.compile("[\u0640\u064b-\u0652\u0670\u00ad]")
"""Arabic stretching and vowel signs, soft hyphens: written or not as one likes."""
_SAME = str.maketrans("أإآٱةى\u0130", "ااااهيI")
"""Letters that Arabic writes either way; and the only capital whose small form is longer."""
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Thai, Lao, Burmese, Khmer, Japanese, Chinese: written without spaces, so a word's edges say nothing."""
_ARABIC = re.compile("[\u0621-\u064a]")
_ARABIC_PREFIXES = ("", "ال", "وال", "بال", "لل", "و", "ب", "ل", "ف", "ك")


class PatternError(ValueError):
    """A pattern that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A word or phrase as it was written, its weight, and whether it counts in any case of letters."""

    text: str
    weight: float
    core: str
    open_start: bool
    open_end: bool

    @property
    def is_cased(self) -> bool:
        """Whether capitals have to be as written."""
        return self.core != self.core.lower()


@dataclass(frozen=True, slots=True)
class Folded:
    """A text to be searched: signs turned to spaces, a space at both ends, in its own case and in small.

    `kept` has the position in the text of each character, None where all were kept.
    """

    cased: str
    small: str
    kept: Sequence[int] | None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where `small[start:end]` stands in the text that was folded."""
        if self.kept is None:
            return (start - 1, end - 1)
        return (self.kept[start - 1], self.kept[end - 2] + 1)


def fold(text: str) -> Folded:
    """Return the text as it is searched."""
    kept = None
    if _DROPPED.search(text):
        kept = [index for index, letter in enumerate(text) if not _DROPPED.match(letter)]
        text = _DROPPED.sub("", text)
    cased = f" {_spaced(text)} "
    return Folded(cased, cased.lower(), kept)


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
    core = " ".join(_spaced(_DROPPED.sub("", words.strip("*"))).split())
    if not core or "*" in words.strip("*"):
        raise PatternError(f"{text!r}: `*` stands only before or after words")
    open_start, open_end = words.startswith("*"), words.endswith("*")
    if _too_open(core, open_start=open_start, open_end=open_end):
        raise PatternError(f"{text!r}: too short for `*`")
    return Pattern(words, _weight(weight) if caret else _usual(core, open_end), core, open_start, open_end)


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


class _Spaces(dict[int, str]):
    """Letters, digits and marks on letters stay, all else is a space; learnt as characters are met."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        kept = letter.isalnum() or unicodedata.category(letter).startswith("M")
        self[code] = letter if kept else " "
        return self[code]


_SPACES = _Spaces({int(code): chr(int(letter)) for code, letter in _SAME.items()})


def _spaced(text: str) -> str:
    return text.translate(_SPACES)
