"""The words and names by which walls are known, in fourteen languages: `phrases.toml`."""

from __future__ import annotations

import tomllib
from importlib.resources import files

_WRITTEN = tomllib.loads((files(__package__) / "phrases.toml").read_text(encoding="utf-8"))
PHRASES: dict[str, tuple[str, ...]] = {
    kind: tuple(dict.fromkeys(phrase for said in by_source.values() for phrase in said))
    for kind, by_source in _WRITTEN.items()
}
_APOSTROPHES = ("\u2018", "\u2019", "\u02bc")


def folded(text: str) -> str:
    """Return `text` as the phrases are written: casefolded, apostrophes straight, blanks single."""
    for mark in _APOSTROPHES:
        text = text.replace(mark, "'")
    return " ".join(text.casefold().split())


def find_phrases(kind: str, text: str) -> list[str]:
    """Return the phrases of that kind which the folded `text` holds."""
    return [phrase for phrase in PHRASES[kind] if phrase in text]
