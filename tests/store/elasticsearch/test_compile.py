"""The query tree as query DSL: which fields are asked, and that no text ever reaches a query parser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.store.elasticsearch.compile import compile_request
from worker.store.query import make_request
from worker.store.text import STEMMERS

LATIN = set(STEMMERS) - {"ru", "ar", "hi"}


def leaves(clause: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield (kind of query, field, what is asked) for everything that is not a bool."""
    if isinstance(clause, list):
        for each in clause:
            yield from leaves(each)
        return
    ((kind, body),) = clause.items()
    if kind == "bool":
        for part in body.values():
            yield from leaves(part)
        return
    ((field, asked),) = body.items()
    yield kind, field, asked


def asked(text: str, **options: Any) -> list[tuple[str, str, Any]]:
    return list(leaves(compile_request(make_request(text, **options))["query"]))


@pytest.mark.parametrize(
    ("word", "languages"),
    [("election", LATIN), ("выборы", {"ru"}), ("انتخابات", {"ar"}), ("चुनाव", {"hi"}), ("2026", set())],
)
def test_a_word_is_inflected_in_the_languages_of_its_script(word: str, languages: set[str]) -> None:
    fields = {field for _, field, _ in asked(word)}
    parts = ("title", "summary", "body")
    assert fields == {*parts, *(f"lang_text.{code}.{part}" for code in languages for part in parts)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title:elect*", [("prefix", "title", "elect")]),
        ("title:Œuv*", [("prefix", "title", "oeuv")]),
        ('title:"live blog"', [("match_phrase", "title", "live blog")]),
        ("title:live-bl*", [("match_phrase_prefix", "title", "live bl")]),
        ("title:选举", [("match_phrase", "lang_text.cjk.title", "选举")]),
        (
            'title:"iPhone 手机"',
            [("match_phrase", "title", "iphone"), ("match_phrase", "lang_text.cjk.title", "手机")],
        ),
        ("-domain:bbc.com", [("term", "domain", "bbc.com")]),
        ("country:by", [("term", "country_primary", "BY"), ("term", "countries", "BY")]),
    ],
)
def test_terms(text: str, expected: list[tuple[str, str, str]]) -> None:
    found = [
        (kind, field, said if kind == "term" else said.get("query", said.get("value")))
        for kind, field, said in asked(text)
    ]
    assert found == expected


@pytest.mark.parametrize(
    ("text", "options", "first"),
    [
        ("election", {}, "_score"),
        ("election", {"sort": "date"}, "published_at"),
        ("", {}, "published_at"),
        ("country:DE", {}, "published_at"),
        ("-election", {}, "published_at"),
    ],
)
def test_order(text: str, options: dict[str, Any], first: str) -> None:
    assert list(compile_request(make_request(text, **options))["sort"][0]) == [first]


@given(st.one_of(st.text(), st.text('ab"-*:() OR\x00\ud800选é^{}+~/\\')))
def test_no_text_reaches_a_query_parser(text: str) -> None:
    compiled = compile_request(make_request(text))
    json.dumps(compiled, allow_nan=False, ensure_ascii=False).encode()
    kinds = {kind for kind, _, _ in leaves(compiled["query"])}
    assert kinds <= {"match_phrase", "match_phrase_prefix", "prefix", "term"}
