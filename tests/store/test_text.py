"""Words, folding, stems, bigrams."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.store.text import (
    STEMMERS,
    bigrams,
    fold,
    query_tokens,
    split_scripts,
    stem_column,
    stem_token,
    storable,
    word_spans,
    words,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It's e_mail, U.S. 3.5", ["it", "s", "e", "mail", "u", "s", "3", "5"]),
        ("CAFÉ cafe\u0301", ["café", "café"]),
        ("हिन्दी चुनाव", ["हिन्दी", "चुनाव"]),
        ("বাংলা", ["বাংলা"]),
        ("选举，投票", ["选举", "投票"]),
        ("— … !", []),
        ("", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("café", "cafe"), ("straße", "strasse"), ("øl", "ol"), ("œuvre", "oeuvre"), ("ǿ", "o"), ("łódź", "lodz"),
        ("ａｂｃ", "abc"), ("ｱｲ", "アイ"), ("й", "й"), ("ё", "ё"), ("हिन्दी", "हिन्दी"), ("が", "が"), ("tiếng", "tieng"),
    ],
)  # fmt: skip
def test_fold(word: str, expected: str) -> None:
    assert fold(word) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Elections held", "en␀elect en␀held"),
        ("en-US", "Elections", "en␀elect"),
        ("ru", "Выборы Google", "ru␀выбор"),
        ("de", "Straße", "de␀strass x␀strasse"),
        ("da", "Ny øl", "x␀ol"),
        ("zh", "选举法", "cjk␀选举 cjk␀举法 cjk␀法"),
        ("zh", "法", "cjk␀法"),
        ("en", "iPhone手机", "en␀iphon cjk␀手机 cjk␀机"),
        ("und", "Elections", ""),
        ("", "", ""),
    ],
)
def test_stem_column(language: str, text: str, expected: str) -> None:
    assert stem_column(language, text).replace("\ue000", "␀") == expected


def test_no_phrase_reaches_from_one_text_into_the_next() -> None:
    assert stem_column("zh", "选", "举").split() == ["cjk\ue000选", "\ue002", "cjk\ue000举"]


@pytest.mark.parametrize("language", STEMMERS)
def test_a_language_never_meets_another(language: str) -> None:
    assert stem_token(language, "elections").startswith(f"{language}\ue000")


@pytest.mark.parametrize(
    ("run", "expected"), [("选", ["选"]), ("选举", ["选举"]), ("选举法", ["选举", "举法"]), ("ｱｲ", ["アイ"])]
)
def test_bigrams(run: str, expected: list[str]) -> None:
    assert bigrams(run) == [f"cjk\ue000{pair}" for pair in expected]


def test_split_scripts() -> None:
    assert split_scripts("iphone手机x한국") == ["iphone", "手机", "x", "한국"]


def test_stemmers_are_not_shared_between_threads() -> None:
    spoken = ["elections", "governments", "running", "nationalities", "weather", "parliamentary"] * 50
    stem_token.cache_clear()
    expected = [stem_token.__wrapped__("en", word) for word in spoken]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda word: stem_token.__wrapped__("en", word), spoken)) == expected


@given(st.text())
def test_any_text_is_tokenised(text: str) -> None:
    for language in ("en", "zh", "und", "ar"):
        stem_column(language, text).encode("utf-8", "surrogatepass")
    storable(text).encode()
    for start, end, word in word_spans(text):
        assert words(text[start:end]) or not word
        query_tokens(word)
