"""Fragments of a document that show why it matches: plain text with U+E000 … U+E001 around matches.

The engines' own highlighters mark by their own tokens; these fragments are the same from both stores, and
mark inflections and Chinese, since they ask the functions that cut the words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.store.query import Filter, Not, Prefix, Word
from worker.store.text import fold, is_cjk, is_stemmed, language_key, split_scripts, stem_token, word_spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.models import Document
    from worker.store.query import Query

START, END = "\ue000", "\ue001"
MOST = 2
BEFORE, LENGTH = 60, 200
"""Characters shown before a fragment's first match, and in all: two lines of a terminal."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What to mark: folded words, stems of the document's language, word beginnings, CJK runs."""

    words: frozenset[str]
    stems: frozenset[str]
    beginnings: tuple[str, ...]
    runs: tuple[str, ...]


def highlights(query: Query | None, document: Document) -> tuple[str, ...]:
    """Return up to two fragments of the body, else of the summary, else the title."""
    if query is None:
        return ()
    language = language_key(document.language)
    wanted = _wanted(query, language)
    for text in (document.body, document.summary or "", document.title):
        spans = list(_matches(text, wanted, language))
        if spans:
            return tuple(_fragments(text, spans))
    return ()


def _wanted(query: Query, language: str) -> _Wanted:
    terms = [
        term for clause in query.clauses for term in clause.options if not isinstance(term, (Not, Filter))
    ]
    inflected = {term.text for term in terms if isinstance(term, Word)}
    exact = {word for term in terms if not isinstance(term, Word) for word in term.words}
    pieces = {piece for word in inflected | exact for piece in split_scripts(word)}
    return _Wanted(
        words=frozenset(fold(piece) for piece in pieces if not is_cjk(piece)),
        stems=frozenset(stem_token(language, word) for word in inflected if is_stemmed(language, word)),
        beginnings=tuple(fold(term.words[-1]) for term in terms if isinstance(term, Prefix)),
        runs=tuple(piece for piece in pieces if is_cjk(piece)),
    )


def _matches(text: str, wanted: _Wanted, language: str) -> Iterator[tuple[int, int]]:
    for start, end, word in word_spans(text):
        if _is_wanted(word, wanted, language):
            yield start, end
        else:
            yield from _runs_in(start, text[start:end], wanted.runs)


def _is_wanted(word: str, wanted: _Wanted, language: str) -> bool:
    folded = fold(word)
    if folded in wanted.words or any(map(folded.startswith, wanted.beginnings)):
        return True
    return bool(wanted.stems) and is_stemmed(language, word) and stem_token(language, word) in wanted.stems


def _runs_in(offset: int, text: str, runs: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    at = 0
    while found := min(((text.find(run, at), run) for run in runs if run in text[at:]), default=None):
        at = found[0] + len(found[1])
        yield offset + found[0], offset + at


def _fragments(text: str, spans: list[tuple[int, int]]) -> Iterator[str]:
    shown_to = 0
    for _ in range(MOST):
        left = [span for span in spans if span[0] >= shown_to]
        if not left:
            return
        start = _word_start(text, max(shown_to, left[0][0] - BEFORE))
        shown_to = max(left[0][1], _word_end(text, start + LENGTH))
        yield _marked(text, start, shown_to, [span for span in left if span[1] <= shown_to])


def _marked(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> str:
    parts, at = [], start
    for opening, closing in spans:
        parts += [text[at:opening], START, text[opening:closing], END]
        at = closing
    fragment = "".join((*parts, text[at:end])).strip()
    return f"{'…' if start else ''}{fragment}{'…' if end < len(text) else ''}"


def _word_start(text: str, at: int) -> int:
    """Return the beginning of a word at or shortly after `at`; `at` itself where none comes soon."""
    space = text.find(" ", at, at + 20) if at else -1
    return space + 1 if space >= 0 else at


def _word_end(text: str, at: int) -> int:
    space = text.rfind(" ", at - 20, at) if at < len(text) else -1
    return space if space >= 0 else min(at, len(text))
