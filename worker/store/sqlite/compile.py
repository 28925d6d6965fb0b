"""The query tree compiled for SQLite: FTS5 for positive text, SQL for everything else. Pure.

Every term is cut into words by `store.text` and quoted here; all values are bound. Raw query text
never becomes part of a statement or of an FTS5 expression.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from worker.store.query import FILTERS, AnyOf, Filter, Not, Prefix, Scope, Word
from worker.store.records import to_ms
from worker.store.text import bigrams, is_cjk, query_tokens, split_scripts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from worker.store.query import Phrase, SearchRequest, Term
    from worker.store.sqlite.tables import Tables

    TextTerm = Word | Phrase | Prefix

_WEIGHTS = "10.0, 4.0, 1.0, 5.0, 0.5"
"""bm25 weights of title, summary, body and the two stem columns: an inflection counts half the word."""
_COLUMN_FILTERS = ("domain", "language")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A request as an FTS5 expression (or none) and SQL conditions with their values, for one version."""

    tables: Tables
    match: str | None = None
    conditions: tuple[str, ...] = ()
    values: tuple[str | int, ...] = ()
    by_date: bool = False

    def count(self) -> tuple[str, tuple[str | int, ...]]:
        """Return the statement that counts what matches."""
        return f"SELECT count(*) {self._from()}", self._bound()

    def page(self, limit: int, offset: int) -> tuple[str, tuple[str | int, ...]]:
        """Return the statement that finds (row, score), best first; a score rises with relevance."""
        score = f"-bm25({self.tables.fts}, {_WEIGHTS})" if self.match else "0.0"
        order = "a.published_at DESC, a.article_id"
        order = order if self.by_date or not self.match else f"score DESC, {order}"
        statement = f"SELECT a.id, {score} AS score {self._from()} ORDER BY {order} LIMIT ? OFFSET ?"
        return statement, (*self._bound(), limit, offset)

    def _from(self) -> str:
        fts, articles = self.tables.fts, f"{self.tables.article} AS a"
        source = f"{fts} JOIN {articles} ON a.id = {fts}.rowid" if self.match else articles
        matches = (f"{fts} MATCH ?",) if self.match else ()
        conditions = " AND ".join((*matches, *self.conditions))
        return f"FROM {source} WHERE {conditions}" if conditions else f"FROM {source}"

    def _bound(self) -> tuple[str | int, ...]:
        return (*((self.match,) if self.match else ()), *self.values)


def compile_request(request: SearchRequest, tables: Tables) -> Compiled:
    """Return the request as SQLite understands it, for one version's tables."""
    clauses = request.query.clauses if request.query else ()
    text = [clause for clause in clauses if _is_text(clause)]
    conditions = [_clause(clause, tables) for clause in clauses if not _is_text(clause)]
    filters = (Filter(name, value) for name in FILTERS if (value := getattr(request, name)))
    conditions += [_condition(each, tables) for each in filters]
    conditions += _span(request)
    return Compiled(
        tables,
        match=" AND ".join(map(_match_any, text)) or None,
        conditions=tuple(sql for sql, _ in conditions),
        values=tuple(value for _, values in conditions for value in values),
        by_date=request.sort == "date",
    )


_Condition = tuple[str, tuple[str | int, ...]]


def _is_text(clause: AnyOf) -> bool:
    return not any(isinstance(option, (Filter, Not)) for option in clause.options)


def _clause(clause: AnyOf, tables: Tables) -> _Condition:
    options = [_condition(option, tables) for option in clause.options]
    sql = " OR ".join(sql for sql, _ in options)
    return f"({sql})", tuple(value for _, values in options for value in values)


def _condition(option: Term | Not, tables: Tables) -> _Condition:
    if isinstance(option, Not):
        sql, values = _condition(option.term, tables)
        return f"NOT {sql}", values
    if not isinstance(option, Filter):
        fts = tables.fts
        return f"a.id IN (SELECT rowid FROM {fts} WHERE {fts} MATCH ?)", (match_of(option),)
    if option.field in _COLUMN_FILTERS:
        return f"a.{option.field} = ?", (option.value,)
    labeled = f"SELECT article FROM {tables.label} WHERE kind = ? AND value = ?"
    return f"a.id IN ({labeled})", (option.field, option.value)


def _span(request: SearchRequest) -> Iterator[_Condition]:
    if request.since:
        yield "a.published_at >= ?", (to_ms(request.since),)
    if request.until:
        yield "a.published_at < ?", (to_ms(request.until),)


def _match_any(clause: AnyOf) -> str:
    terms = (option for option in clause.options if not isinstance(option, (Filter, Not)))
    return f"({' OR '.join(map(match_of, terms))})"


def match_of(term: TextTerm) -> str:
    """Return the FTS5 expression of one text term."""
    if isinstance(term, Word):
        columns = "{title title_stems} : " if term.scope is Scope.TITLE else ""
        return f"{columns}({_word(term.text)})"
    return f"({_phrase(term)})"


def _word(word: str) -> str:
    if is_cjk(word):
        return _cjk(word)
    return " OR ".join(dict.fromkeys(map(_quoted, (word, *query_tokens(word)))))


def _phrase(term: Phrase | Prefix) -> str:
    """Return the phrase; where it mixes scripts, each run of one script, all of which must match."""
    pieces = [piece for word in term.words for piece in split_scripts(word)]
    runs = [list(run) for _, run in groupby(pieces, is_cjk)]
    parts = [_cjk(*run) if is_cjk(run[0]) else _quoted(" ".join(run)) for run in runs]
    if isinstance(term, Prefix) and not is_cjk(pieces[-1]):
        parts[-1] += " *"
    # Only pairs of characters are among the stems; there a prefix such as ar* would meet the languages
    # that stems begin with, and a phrase has no business.
    plain, stems = (
        ("title", "title_stems")
        if term.scope is Scope.TITLE
        else ("title summary body", "title_stems text_stems")
    )
    columns = [stems if is_cjk(run[0]) else plain for run in runs]
    return " AND ".join(f"({{{names}}} : ({part}))" for names, part in zip(columns, parts, strict=True))


def _cjk(*runs: str) -> str:
    return " AND ".join(_quoted(" ".join(tokens)) + _star(tokens) for tokens in map(bigrams, runs))


def _star(tokens: Sequence[str]) -> str:
    """Return the prefix mark for a single character, which any pair that begins with it holds."""
    is_one_character = len(tokens) == 1 and len(tokens[0].partition("\ue000")[2]) == 1
    return " *" if is_one_character else ""


def _quoted(tokens: str) -> str:
    # Words hold letters, digits and marks only; doubling quotes keeps this safe whatever they hold.
    return '"' + tokens.replace('"', '""') + '"'
