"""IPTC's Media Topics: 17 top-level codes and what stands below them, a tree of some 1,100 concepts.

Source: https://iptc.org/standards/media-topics/, CC BY 4.0; `data/mediatopics.tsv` names the version.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import NamedTuple

PREFIX = "medtop:"
"""Before the code in documents, as IPTC writes it: `medtop:20000642`."""


class Concept(NamedTuple):
    """A topic: its code (eight digits), the one above it ("" for a top-level one), label and definition."""

    code: str
    broader: str
    label: str
    definition: str


@cache
def concepts() -> dict[str, Concept]:
    """Return all concepts by code, in the order of their codes: top-level ones first."""
    text = files("worker.enrich").joinpath("data", "mediatopics.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {row[0]: Concept(*row) for row in rows}


def full_code(code: str) -> str:
    """Return the code as documents have it: own codes as they are."""
    return PREFIX + code if code in concepts() else code


@cache
def top_codes() -> tuple[str, ...]:
    """Return the 17 top-level codes in their order."""
    return tuple(concept.code for concept in concepts().values() if not concept.broader)


@cache
def line_of(code: str) -> tuple[str, ...]:
    """Return the code and those above it, the top-level one last."""
    broader = concepts()[code].broader
    return (code, *line_of(broader)) if broader else (code,)


def top_of(code: str) -> str:
    """Return the top-level code that a code stands under, or is."""
    return line_of(code)[-1]


def find_code(name: str) -> str | None:
    """Return the code of a label, however capitalised; the first words of a top-level one will do."""
    label = " ".join(name.split()).casefold()
    exact = codes_by_label().get(label)
    starts = (code for code in top_codes() if concepts()[code].label.startswith(f"{label} "))
    return exact or (next(starts, None) if label else None)


@cache
def codes_by_label() -> dict[str, str]:
    """Return the code of each label, case-folded; the higher of two concepts with the same label."""
    ranked = sorted(concepts().values(), key=lambda concept: -len(line_of(concept.code)))
    return {concept.label.casefold(): concept.code for concept in ranked}
