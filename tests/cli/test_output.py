"""What commands print: foreign text is harmless, JSON is one object a line, matches stand out."""

from __future__ import annotations

import json
import unicodedata
from contextlib import redirect_stdout
from datetime import UTC, datetime
from io import BytesIO, TextIOWrapper

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.cli.articles import marked
from worker.cli.output import say_json
from worker.ops.text import lines, one_line, when


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain", "plain", id="plain"),
        pytest.param("a\x1b[31mred\x07", "a [31mred", id="terminal escapes"),
        pytest.param("two\nlines\tand tab", "two lines and tab", id="line breaks"),
        pytest.param("abc\u202egnp.exe", "abcgnp.exe", id="right-to-left override"),
        pytest.param("zero\u200bwidth", "zerowidth", id="zero-width space"),
        pytest.param("می\u200cخواهم", "می\u200cخواهم", id="the joiner that Persian needs"),
        pytest.param("a\ue000b\ue001c", "abc", id="private-use marks"),
        pytest.param("[bold]x[/bold]", "[bold]x[/bold]", id="markup is only text"),
        pytest.param("café 中文", "café 中文", id="other scripts stay"),
    ],
)
def test_foreign_text_is_harmless(text, shown):
    assert one_line(text) == shown


@given(st.text())
def test_no_text_brings_a_control_character_to_the_terminal(text):
    assert not [
        c for c in one_line(text) if ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000
    ]
    assert all(ord(c) >= 32 or c == "\n" for c in lines(text))


def printed(record, encoding="utf-8") -> str:
    """Return what `say_json` writes to a stdout of that encoding."""
    out = TextIOWrapper(BytesIO(), encoding=encoding, newline="")
    with redirect_stdout(out):
        say_json(record)
        out.flush()
    return out.buffer.getvalue().decode(encoding)


ANY_TEXT = st.text(st.characters())  # lone surrogates too


@given(st.dictionaries(st.text(max_size=5), ANY_TEXT), st.sampled_from(["utf-8", "ascii", "latin-1"]))
def test_json_is_always_one_line_and_comes_back(record, encoding):
    written = printed(record, encoding)
    assert written.splitlines() == [written.rstrip("\n")]
    assert json.loads(written) == record


def test_json_holds_nothing_raw_that_a_terminal_obeys():
    obeyed = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    text = "|".join(c for c in map(chr, range(0x110000)) if unicodedata.category(c) in obeyed)
    written = printed({"text": text})
    assert {c for c in written if unicodedata.category(c) in obeyed} == {"\n", "\u200c", "\u200d"}
    assert json.loads(written) == {"text": text}


def test_times_are_utc_to_the_second():
    assert when(datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)) == "2026-11-24 01:02:03"
    assert when(None) == "-"


def test_matches_stand_out_and_the_words_around_them_keep_their_spaces():
    text = marked("will lift \ue000sanctions\ue001 on potash")
    assert text.plain == "will lift sanctions on potash"
    assert [(span.start, span.end) for span in text.spans] == [(10, 19)]
