"""Texts whose top-level code is known: news items with a section, IPTC's definitions, our lexicon."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from worker.enrich.topics.lexicon import entries
from worker.enrich.topics.routing import ROUTED
from worker.enrich.topics.score import by_top
from worker.enrich.topics.tagging import totals_of
from worker.enrich.topics.taxonomy import PREFIX, concepts, top_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from worker.enrich.topics.patterns import Pattern

_MASS = 3.0
"""What all definitions, and all lines of the lexicon, of one top-level code weigh together, in news items.

Codes that no news item has (03, 09, 16, 17) rest on them alone; of others they are a small part. Weighed line
by line, codes with many concepts gained on the rest: BBC fell from .76 to .64 as the lexicon grew fivefold.
"""
_LEAST_WEIGHT = 1.0
"""Of a pattern that says by itself which code is meant; weaker ones are hints."""


class Example(NamedTuple):
    """A text, the top-level code it stands for, and how much it counts (1: a news item)."""

    text: str
    code: str
    weight: float = 1.0


def news(items: Path, sections: Path) -> list[Example]:
    """Return the news items whose section stands for a code.

    `items` has a JSON object a line, gzipped, with `title`, `text` and `label`; `sections` is an object from
    label to `{"top": ["medtop:…"], "train": bool, "weight": number}`, names beginning with `_` being remarks.
    """
    known = {
        label: Example("", section["top"][0].removeprefix(PREFIX), section["weight"])
        for label, section in json.loads(sections.read_text(encoding="utf-8")).items()
        if not label.startswith("_") and section["train"]
    }
    return [
        known[row["label"]]._replace(text=f"{row['title']}. {row['text']}")
        for row in _rows(items)
        if row["label"] in known
    ]


def usual(items: Path) -> list[float]:
    """Return how much the lexicon finds for each top-level code in a news item, whatever its section."""
    totals = [totals_of(row["title"], row["text"], "en") for row in _rows(items)]
    return [sum(column) / len(totals) for column in zip(*map(by_top, totals), strict=True)]


def definitions() -> list[Example]:
    """Return IPTC's label and definition of each concept."""
    return list(
        _levelled(
            Example(f"{concept.label}. {concept.definition}", _code_of(concept.code))
            for concept in concepts().values()
        )
    )


def lexicon_lines() -> list[Example]:
    """Return the English patterns of each concept, joined, after its label."""
    return list(
        _levelled(
            Example(" ".join((concepts()[code].label, *_telling(patterns))), _code_of(code))
            for code, patterns in entries("en")
        )
    )


def _rows(items: Path) -> list[dict[str, str]]:
    with gzip.open(items, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _telling(patterns: Iterable[Pattern]) -> Iterator[str]:
    return (pattern.core for pattern in patterns if pattern.weight >= _LEAST_WEIGHT)


def _code_of(code: str) -> str:
    """Return the top-level code that a concept is taught as."""
    return ROUTED.get(code) or top_of(code)


def _levelled(examples: Iterable[Example]) -> Iterator[Example]:
    """Yield the examples with weights that add up to the same for each code."""
    found = list(examples)
    counts = Counter(example.code for example in found)
    for example in found:
        yield example._replace(weight=_MASS / counts[example.code])
