"""The query tree compiled to Elasticsearch's query DSL. Pure.

Every text term becomes phrase queries on named fields; raw query text never reaches a query parser.
What a word, a stem and a pair of Chinese characters are is decided here by `store.text`, as for SQLite,
and by analyzers that cut the same way (`schemas/article.json`).
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from worker.store.query import FILTERS, AnyOf, Filter, Not, Prefix, Scope, Word
from worker.store.records import to_ms
from worker.store.text import STEMMERS, fold, is_cjk, is_stemmed, split_scripts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.store.query import Phrase, SearchRequest, Term

    TextTerm = Word | Phrase | Prefix

Clause = dict[str, Any]

_WEIGHTS = {"title": 10.0, "summary": 4.0, "body": 1.0}
_INFLECTED = {"title": 5.0, "summary": 0.5, "body": 0.5}
"""An inflection counts half the word, as in SQLite's bm25 weights."""
_FIELDS = {
    "country": ("country_primary", "countries"),
    "topic": ("topics", "topics_all", "topic_names.folded"),
    "language": ("language",),
    "domain": ("domain",),
    "feed": ("feed_ids",),
}
_MOST_EXPANSIONS = 1_000
"""Words that the end of a phrase prefix stands for; Elasticsearch's own 50 would leave some out."""
_NEWEST = [{"published_at": "desc"}, {"article_id": "asc"}]


def compile_request(request: SearchRequest) -> Clause:
    """Return the request's `query` and `sort`. Without a text term, relevance is date."""
    clauses = request.query.clauses if request.query else ()
    text = [_clause(clause) for clause in clauses if _is_text(clause)]
    rest = [_clause(clause) for clause in clauses if not _is_text(clause)]
    rest += [_filter(Filter(name, value)) for name in FILTERS if (value := getattr(request, name))]
    by_date = request.sort == "date" or not text
    return {
        "query": {"bool": {"must": text, "filter": [*rest, *_span(request)]}},
        "sort": _NEWEST if by_date else [{"_score": "desc"}, *_NEWEST],
    }


def _is_text(clause: AnyOf) -> bool:
    return not any(isinstance(option, (Filter, Not)) for option in clause.options)


def _clause(clause: AnyOf) -> Clause:
    return _any([_option(option) for option in clause.options])


def _option(option: Term | Not) -> Clause:
    if isinstance(option, Not):
        return {"bool": {"must_not": _option(option.term)}}
    return _filter(option) if isinstance(option, Filter) else _text(option)


def _filter(term: Filter) -> Clause:
    return _any([{"term": {name: term.value}} for name in _FIELDS[term.field]])


def _span(request: SearchRequest) -> list[Clause]:
    bounds = {"gte": request.since, "lt": request.until}
    within = {name: to_ms(time) for name, time in bounds.items() if time}
    return [{"range": {"published_at": within}}] if within else []


def _text(term: TextTerm) -> Clause:
    if isinstance(term, Word):
        return _cjk(term.text, term.scope) if is_cjk(term.text) else _word(term)
    return _phrase(term)


def _word(term: Word) -> Clause:
    """Return the word itself in any language, or its inflections in those that stem it."""
    plain = [_match(name, term.text, weight) for name, weight in _of(_WEIGHTS, term.scope)]
    inflected = [
        _match(f"lang_text.{code}.{name}", term.text, weight)
        for code in STEMMERS
        if is_stemmed(code, term.text)
        for name, weight in _of(_INFLECTED, term.scope)
    ]
    return _any([*plain, *inflected])


def _phrase(term: Phrase | Prefix) -> Clause:
    """Return the phrase; where it mixes scripts, each run of one script, all of which must match."""
    pieces = [piece for word in term.words for piece in split_scripts(word)]
    runs = [list(run) for _, run in groupby(pieces, is_cjk)]
    parts = [
        part
        for run in runs
        for part in (
            [_cjk(each, term.scope) for each in run] if is_cjk(run[0]) else [_exact(run, term.scope)]
        )
    ]
    if isinstance(term, Prefix) and not is_cjk(pieces[-1]):
        parts[-1] = _beginning(runs[-1], term.scope)
    return parts[0] if len(parts) == 1 else {"bool": {"must": parts}}


def _exact(words: Sequence[str], scope: Scope) -> Clause:
    return _any([_match(name, " ".join(words), weight) for name, weight in _of(_WEIGHTS, scope)])


def _beginning(words: Sequence[str], scope: Scope) -> Clause:
    """Return the phrase whose last word may go on. One word alone has no bound on what it stands for."""
    if len(words) == 1:
        value = fold(words[0])
        return _any(
            [{"prefix": {name: {"value": value, "boost": weight}}} for name, weight in _of(_WEIGHTS, scope)]
        )
    phrase = {"query": " ".join(words), "max_expansions": _MOST_EXPANSIONS}
    return _any(
        [
            {"match_phrase_prefix": {name: {**phrase, "boost": weight}}}
            for name, weight in _of(_WEIGHTS, scope)
        ]
    )


def _cjk(run: str, scope: Scope) -> Clause:
    return _any([_match(f"lang_text.cjk.{name}", run, weight) for name, weight in _of(_WEIGHTS, scope)])


def _of(weights: dict[str, float], scope: Scope) -> list[tuple[str, float]]:
    return [(name, weight) for name, weight in weights.items() if scope is Scope.ALL or name == "title"]


def _match(field: str, text: str, weight: float) -> Clause:
    return {"match_phrase": {field: {"query": text, "boost": weight}}}


def _any(options: list[Clause]) -> Clause:
    return options[0] if len(options) == 1 else {"bool": {"should": options}}
