"""Which top-level topics the words of an English text lean to: 17 numbers for each piece of a word, averaged.

The table is a sentence model's embedding of single pieces, collapsed onto the topics by a linear classifier;
`make topic-table` builds it.
"""

from __future__ import annotations

import json
import lzma
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from worker.enrich.topics.pieces import Pieces, pieces_of, split, unaccented
from worker.enrich.topics.taxonomy import top_codes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_MOST_WORDS = 20_000
"""Words remembered with what they add up to: some 5 MB, and 97 % of the words of news."""


class Words(NamedTuple):
    """How much the words of a text lean to each top-level code, and how much of it news usually has.

    `leanings` add up to 1. `usual` are means of the lexicon's sums (`score.by_top`) over news of all sorts.
    """

    leanings: tuple[float, ...]
    usual: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A row for each piece with a column for each top-level code, `steps` what 1 in a column stands for.

    The last column is 1 in every row: summed, it counts pieces. `usual` is that of `Words`.
    """

    pieces: Pieces
    rows: NDArray[np.int16]
    steps: NDArray[np.float64]
    bias: NDArray[np.float64]
    usual: tuple[float, ...]


def read_words(words: Iterable[str]) -> Words:
    """Return what the small-letter words of an English text say of it."""
    return Words(leanings(words), table().usual)


def leanings(words: Iterable[str]) -> tuple[float, ...]:
    """Return how much the small-letter words of an English text lean to each top-level code, in their order.

    The sum is 1. A text without a known word leans to none: all are the same.
    """
    *sums, pieces = _summed(words)
    if not pieces:
        return (1 / len(sums),) * len(sums)
    scores = np.array(sums) / pieces * table().steps + table().bias
    shares = np.exp(scores - scores.max())
    return tuple((shares / shares.sum()).tolist())


def _summed(words: Iterable[str]) -> list[int]:
    """Return the sum of the rows of all pieces, their number last."""
    rows = np.frombuffer(b"".join(map(_sum_of, words)), np.int16).reshape(-1, len(top_codes()) + 1)
    total: list[int] = rows.sum(axis=0, dtype=np.int64).tolist()
    return total


@lru_cache(maxsize=_MOST_WORDS)
def _sum_of(word: str) -> bytes:
    """Return the sum of the rows of a word's pieces, as an array's bytes: quicker to join than arrays."""
    rows, places = table().rows, split(unaccented(word), table().pieces)
    found: NDArray[np.int16]
    found = rows[places[0]] if len(places) == 1 else rows[list(places)].sum(axis=0, dtype=np.int16)
    return found.tobytes()


@cache
def table() -> Table:
    """Return the table that is shipped."""
    return unpacked(files("worker.enrich").joinpath("data", "topic_words.xz").read_bytes())


def unpacked(packed: bytes) -> Table:
    """Return a table from its file: a line of JSON, a line of pieces, the rows' bytes column by column."""
    head, vocabulary, cells = lzma.decompress(packed).split(b"\n", 2)
    numbers = json.loads(head)
    pieces = pieces_of(vocabulary.decode("ascii").split(" "))
    columns = np.frombuffer(cells, np.int8).reshape(len(numbers["bias"]), -1).astype(np.int16)
    rows = np.ascontiguousarray(np.vstack((columns, np.ones_like(columns[:1]))).T)
    return Table(pieces, rows, np.array(numbers["steps"]), np.array(numbers["bias"]), tuple(numbers["usual"]))
