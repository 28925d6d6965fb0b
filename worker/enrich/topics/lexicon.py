"""The lexicons: for each language the words and phrases that speak for a topic, and where a text has them.

A line of `data/lexicon/*.txt` is `CODE LABEL | PATTERN; PATTERN; …`. English also looks for the labels of
concepts that have no line.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from worker.enrich.topics.patterns import keys_of, pattern_of, patterns_of
from worker.enrich.topics.taxonomy import concepts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from worker.enrich.topics.patterns import Folded, Pattern

_SHORTEST_LABEL = 7
"""Letters that a label of one word needs to be looked for as it stands: "opera", "health" say too little."""


class Target(NamedTuple):
    """What a key found in a text speaks for."""

    code: str
    pattern: Pattern


class Hit(NamedTuple):
    """A pattern found: its span in the folded text, and the topic it speaks for."""

    start: int
    end: int
    code: str
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Patterns ready to be looked for; `targets` are in the automaton's order."""

    automaton: AhoCorasick
    targets: tuple[tuple[Target, ...], ...]
    edges: tuple[tuple[int, int], ...]

    def hits(self, text: Folded) -> Iterator[Hit]:
        """Yield every pattern in the text, also those within others."""
        for index, start, end in self.automaton.find_matches_as_indexes(text.small, overlapping=True):
            left, right = self.edges[index]
            for code, pattern in self.targets[index]:
                if pattern.is_cased and pattern.core not in text.cased[start:end]:
                    continue
                yield Hit(start + left, end - right, code, pattern)


def languages() -> tuple[str, ...]:
    """Return the languages that have a lexicon."""
    return tuple(sorted(_files()))


@cache
def lexicon(language: str) -> Lexicon:
    """Return what to look for in a text of the language.

    Raises:
        KeyError: there is no lexicon for it.
    """
    lines = dict(entries(language))
    found = [Target(code, pattern) for code, patterns in lines.items() for pattern in patterns]
    return lexicon_of((*found, *_labels(lines)) if language == "en" else found)


def entries(language: str) -> Iterator[tuple[str, list[Pattern]]]:
    """Yield the concepts of a language's lexicon with their patterns, as listed."""
    for text in _files()[language]:
        for line in text.splitlines():
            head, bar, patterns = line.partition(" | ")
            if bar and not line.startswith("#"):
                yield head.partition(" ")[0], patterns_of(patterns)


def lexicon_of(targets: Iterable[Target]) -> Lexicon:
    """Return the patterns as one automaton: its size in memory is some 3 MB for 10,000 of them."""
    by_key: dict[str, list[Target]] = defaultdict(list)
    for target in targets:
        for key in keys_of(target.pattern):
            by_key[key].append(target)
    automaton = AhoCorasick(
        list(by_key),
        matchkind=MatchKind.Standard,
        store_patterns=False,
        implementation=Implementation.ContiguousNFA,
    )
    edges = tuple((int(key[0] == " "), int(key[-1] == " ")) for key in by_key)
    return Lexicon(automaton, tuple(map(tuple, by_key.values())), edges)


def _labels(lines: dict[str, list[Pattern]]) -> Iterator[Target]:
    for concept in concepts().values():
        label = concept.label.lower()
        if concept.code not in lines and label.replace(" ", "").isalpha() and _tells(label):
            yield Target(concept.code, pattern_of(label))


def _tells(label: str) -> bool:
    return " " in label or len(label) >= _SHORTEST_LABEL


@cache
def _files() -> dict[str, list[str]]:
    """Return the texts of each language's files, `en.*.txt` or `fr.txt`, in the order of their names."""
    found: dict[str, list[str]] = {}
    folder = files("worker.enrich").joinpath("data", "lexicon")
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".txt"):
            found.setdefault(file.name.partition(".")[0], []).append(file.read_text(encoding="utf-8"))
    return found
