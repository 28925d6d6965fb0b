"""Words of English text and the pieces they are made of: WordPiece as BERT's uncased models read it.

Devlin et al., 2018 (arXiv:1810.04805): small letters without accents; a word is cut into the longest pieces
known, from its start. Punctuation is left out.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WITHIN = "##"
"""Before a piece that only continues a word."""

_WORD = re.compile(r"[^\W_]+")
_MARKS = re.compile("[\u00ad\u0300-\u036f]+")
"""Accents once they are taken from their letters, and soft hyphens."""
_LONGEST_WORD = 100
"""Letters beyond which BERT knows no word."""
_LONGEST_PIECE = 18
"""Letters of the longest piece that it knows: "telecommunications"."""


class Pieces(NamedTuple):
    """The place in the vocabulary of pieces that begin a word, and of those that continue one."""

    first: Mapping[str, int]
    later: Mapping[str, int]


def pieces_of(vocabulary: Iterable[str]) -> Pieces:
    """Return a vocabulary as it is looked up."""
    places = {piece: place for place, piece in enumerate(vocabulary)}
    return Pieces(
        first={piece: place for piece, place in places.items() if not piece.startswith(WITHIN)},
        later={piece[2:]: place for piece, place in places.items() if piece.startswith(WITHIN)},
    )


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters without accents."""
    return _WORD.findall(unaccented(text.lower()))


def unaccented(text: str) -> str:
    """Return the text without accents and soft hyphens."""
    return text if text.isascii() else _MARKS.sub("", unicodedata.normalize("NFD", text))


def split(word: str, pieces: Pieces) -> tuple[int, ...]:
    """Return the places of the pieces that make up a word; none where some part of it is no piece."""
    found: list[int] = []
    start, known = 0, pieces.first
    while start < len(word) <= _LONGEST_WORD:
        furthest = min(len(word), start + _LONGEST_PIECE)
        end = next((end for end in range(furthest, start, -1) if word[start:end] in known), 0)
        if not end:
            return ()
        found.append(known[word[start:end]])
        start, known = end, pieces.later
    return tuple(found)
