from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.extract.text import clean_text, one_line, shortened, word_count


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", 0, id="nothing"),
        pytest.param("Storm hits the coast, again.", 5, id="English"),
        pytest.param("don't well-known 3.5", 6, id="parts of joined words count"),
        pytest.param("東海岸の港", 5, id="Han and kana one by one"),
        pytest.param("북쪽 방파제를 수리한 뒤", 4, id="Korean by its blanks"),
        pytest.param("ท่าเรือเปิดแล้ว", 4, id="Thai by fours"),
        pytest.param("東京 2020 Olympics", 4, id="mixed"),
    ],
)
def test_word_count(text, words):
    assert word_count(text) == words


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        pytest.param("a\x00b\x07c", "abc", id="controls"),
        pytest.param("a\ud800b", "ab", id="lone surrogate"),
        pytest.param("Silben\u00adtrennung", "Silbentrennung", id="soft hyphen"),
        pytest.param("می\u200cخواهم", "می\u200cخواهم", id="joiner kept"),
        pytest.param("abc\u202egnp.exe", "abcgnp.exe", id="direction override"),
        pytest.param("a\u00a0\t b", "a b", id="blanks"),
        pytest.param("a \r\n\n  b\u2028c", "a\nb\nc", id="line breaks"),
        pytest.param("e\u0301", "é", id="composed"),
    ],
)
def test_clean_text(text, clean):
    assert clean_text(text) == clean


@given(st.text())
def test_cleaned_text_can_be_stored_and_is_stable(text):
    clean = clean_text(text)
    clean.encode()
    assert "\0" not in clean
    assert clean_text(clean) == clean


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        pytest.param("one two three", 20, "one two three", id="fits"),
        pytest.param("one two three", 10, "one two…", id="at a word"),
        pytest.param("東海岸の港は再開した", 5, "東海岸の…", id="without blanks"),
    ],
)
def test_shortened(text, limit, short):
    assert shortened(text, limit) == short
    assert len(short) <= limit


def test_one_line():
    assert one_line(" a\n b ") == "a b"
    assert one_line(None) == ""
