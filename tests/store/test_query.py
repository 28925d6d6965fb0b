"""The query language: what each text means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.errors import UsageError
from worker.store.query import (
    MAX_TERMS,
    AnyOf,
    Filter,
    Not,
    Phrase,
    Prefix,
    Query,
    Scope,
    SearchRequest,
    Word,
    make_request,
    parse_query,
)

a, b, c = Word("a"), Word("b"), Word("c")


def query(*clauses: Any) -> Query:
    """Terms side by side; a list is an OR."""
    return Query(tuple(AnyOf(tuple(each) if isinstance(each, list) else (each,)) for each in clauses))


MEANINGS = [
    ("a b", query(a, b)),
    ("A É", query(a, Word("é"))),
    ('"a b"', query(Phrase(("a", "b")))),
    ('"a', query(Phrase(("a",)))),
    ('a"b c"', query(a, Phrase(("b", "c")))),
    ("-a b", query(Not(a), b)),
    ('-"a b"', query(Not(Phrase(("a", "b"))))),
    ("--a", query(Not(a))),
    ("a-b", query(Phrase(("a", "b")))),
    ("a OR b c", query([a, b], c)),
    ("a OR b OR -c", query([a, b, Not(c)])),
    ("OR a OR", query(a)),
    ("a OR OR b", query([a, b])),
    ("a or b", query(a, Word("or"), b)),
    ("a*", query(Prefix(("a",)))),
    ("a-b*", query(Prefix(("a", "b")))),
    ('"a*"', query(Phrase(("a",)))),
    ("*a", query(a)),
    ("title:a", query(Word("a", Scope.TITLE))),
    ("-TITLE:a*", query(Not(Prefix(("a",), Scope.TITLE)))),
    ('title:"a b"', query(Phrase(("a", "b"), Scope.TITLE))),
    ("country:de", query(Filter("country", "DE"))),
    ('country:"South Korea"', query(Filter("country", "KR"))),
    ("language:pt-BR", query(Filter("language", "pt"))),
    ("domain:BBC.com", query(Filter("domain", "bbc.com"))),
    ("topic:medtop:20000574", query(Filter("topic", "medtop:20000574"))),
    ("topic:20000574", query(Filter("topic", "medtop:20000574"))),
    ('topic:"Économie  verte"', query(Filter("topic", "economie verte"))),
    ("feed:https://a.example/rss", query(Filter("feed", "f14074e5979b9d9b"))),
    ("country:", query(Word("country"))),
    ("country: a", query(Word("country"), a)),
    ("country:-", None),
    ("foo:a", query(Phrase(("foo", "a")))),
    ("选举", query(Word("选举"))),
    ("a选举", query(Phrase(("a选举",)))),
    ("", None),
    (' - OR "" * -* !? ()', None),
    ("\x00\ud800\ue000", None),
]


@pytest.mark.parametrize(("text", "meaning"), MEANINGS, ids=[repr(text) for text, _ in MEANINGS])
def test_meaning(text: str, meaning: Query | None) -> None:
    assert parse_query(text) == meaning


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.text('ab"-*:() OR\x00\ud800选é'), st.characters().map(lambda x: x * 3000)))
def test_no_text_raises(text: str) -> None:
    found = parse_query(text)
    assert found is None or found.clauses


@pytest.mark.parametrize(
    "text", ["a " * 50_000, "-" * 100_000, '"' * 100_000, "(" * 100_000, "选" * 50_000, "a:" * 50_000]
)
def test_100_kb_is_cut(text: str) -> None:
    found = parse_query(text)
    assert found is None or len(found.clauses) <= MAX_TERMS


NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ({}, {}),
        ({"country": " de "}, {"country": "DE"}),
        ({"country": "belarus"}, {"country": "BY"}),
        ({"country": "Côte d'Ivoire"}, {"country": "CI"}),
        ({"country": "South  Korea"}, {"country": "KR"}),
        ({"country": "Германия"}, {"country": "DE"}),
        ({"language": "de-AT"}, {"language": "de"}),
        ({"topic": "Sport"}, {"topic": "medtop:15000000"}),
        ({"topic": "Politics"}, {"topic": "medtop:11000000"}),
        ({"topic": "My Topic"}, {"topic": "my topic"}),
        ({"feed": "https://a.example/rss"}, {"feed": "f14074e5979b9d9b"}),
        ({"feed": "F14074E5979B9D9B"}, {"feed": "f14074e5979b9d9b"}),
        ({"since": "2026-11-01"}, {"since": datetime(2026, 11, 1, tzinfo=UTC)}),
        ({"until": "2026-11-01"}, {"until": datetime(2026, 11, 2, tzinfo=UTC)}),
        ({"until": "2026-11-01T10:00+02:00"}, {"until": datetime(2026, 11, 1, 8, tzinfo=UTC)}),
        ({"since": "7d", "now": NOW}, {"since": datetime(2026, 11, 13, 12, tzinfo=UTC)}),
        ({"until": "12h", "now": NOW}, {"until": datetime(2026, 11, 20, tzinfo=UTC)}),
        ({"sort": "date", "limit": 3}, {"sort": "date", "limit": 3}),
    ],
)
def test_options(options: dict[str, Any], fields: dict[str, Any]) -> None:
    assert make_request("", **options) == SearchRequest(**fields)


@pytest.mark.parametrize(
    "options",
    [
        {"country": "Utopia"},
        {"country": "Korea"},
        {"country": ""},
        {"language": "german"},
        {"feed": "my feed"},
        {"topic": "-"},
        {"domain": " "},
        {"since": "yesterday"},
        {"since": "7d"},
        {"since": "9999999999d", "now": NOW},
        {"until": "2026-13-01"},
        {"until": "9999-12-31"},
        {"since": "2026-11-02", "until": "2026-11-01"},
        {"sort": "size"},
        {"limit": 0},
        {"limit": 10_001},
    ],
    ids=str,
)
def test_impossible_options(options: dict[str, Any]) -> None:
    with pytest.raises(
        UsageError, match=f"--{'until|--since' if 'until' in options else next(iter(options))}"
    ):
        make_request("", **options)
