"""Fragments: what is marked, and how much is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.builders import document
from worker.store.highlight import LENGTH, highlights
from worker.store.query import parse_query

FILLER = "Other words stand here. " * 40


@pytest.mark.parametrize(
    ("query", "language", "body", "expected"),
    [
        ("election", "en", "The elections are over.", ["The [elections] are over."]),
        ("election", "und", "The elections are over.", []),
        ('"the elections"', "en", "The elections are over.", ["[The] [elections] are over."]),
        ("elect*", "und", "The elections are over.", ["The [elections] are over."]),
        ("cafe", "en", "Ein Café.", ["Ein [Café]."]),
        ("strasse", "de", "Die Straße.", ["Die [Straße]."]),
        ("选举", "zh", "昨天举行了全国选举，投票率很高", ["昨天举行了全国[选举]，投票率很高"]),
        ("iphone手机", "zh", "新iPhone手机", ["新iPhone[手机]"]),
        ("over -elections", "en", "The elections are over.", ["The elections are [over]."]),
        ("country:DE", "en", "DE", []),
        ("", "en", "Anything", []),
    ],
)
def test_marked(query: str, language: str, body: str, expected: list[str]) -> None:
    found = highlights(parse_query(query), replace(document(body=body), title="-", language=language))
    assert [fragment.replace("\ue000", "[").replace("\ue001", "]") for fragment in found] == expected


def test_the_title_where_only_it_matches() -> None:
    found = highlights(parse_query("weather"), replace(document(), title="Weather"))
    assert found == ("\ue000Weather\ue001",)


def test_two_short_fragments_around_the_matches() -> None:
    text = f"{FILLER}needle one. {FILLER}needle two. {FILLER}needle three."
    found = highlights(parse_query("needle"), document(body=text))
    assert len(found) == 2
    for fragment in found:
        assert fragment.startswith("…") and fragment.endswith("…")
        assert "\ue000needle\ue001" in fragment
        assert len(fragment) <= LENGTH + 10


def test_a_word_longer_than_a_fragment_is_shown_whole() -> None:
    word = "a" * 500
    (fragment,) = highlights(parse_query(word), document(body=f"{FILLER}{word}"))
    assert fragment.endswith(f"\ue000{word}\ue001")
