"""The order of trust among a page's declarations of its encoding (WHATWG HTML, 13.2.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.extract.charset import codec_of, decode

RUSSIAN = "Порт вновь открылся во вторник после трёх недель ремонта северной стены. " * 5
JAPANESE = "東海岸の港は、北側の防波堤の修理に三週間を要したのち、火曜日に再開した。" * 5


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        pytest.param("é".encode(), None, "é", id="valid UTF-8 undeclared"),
        pytest.param("\ufeffé".encode(), "text/html; charset=latin1", "é", id="BOM over header"),
        pytest.param(b"\xff\xfe" + "é".encode("utf-16-le"), None, "é", id="UTF-16 by its BOM"),
        pytest.param(b'<meta charset="utf-8">\xe9', "text/html; charset=iso-8859-1", '<meta charset="utf-8">é', id="header over meta"),
        pytest.param(b'<meta charset=windows-1251>\xef\xee', "text/html", "<meta charset=windows-1251>по", id="meta"),
        pytest.param(b"<?xml version='1.0' encoding='koi8-r'?>\xd0\xcf", None, "<?xml version='1.0' encoding='koi8-r'?>по", id="XML declaration"),
        pytest.param(b"\x93ok\x94 \x80", 'text/html; charset="ISO-8859-1"', "“ok” €", id="latin-1 means windows-1252"),
        pytest.param(b"\x81\x30\x81\x30", "text/html; charset=gb2312", "\x80", id="gb2312 means gb18030"),
        pytest.param("é".encode(), "text/html; charset=nonsense", "é", id="unknown label is passed over"),
        pytest.param("é".encode(), "text/html; charset=base64", "é", id="a codec that is no charset"),
        pytest.param(b'<meta charset="utf-16">' + "é".encode(), None, '<meta charset="utf-16">é', id="UTF-16 declared in ASCII"),
        pytest.param(b'<meta charset=windows-1251>\xef\xee', "text/html; charset=utf-8", "<meta charset=windows-1251>по", id="a UTF-8 that is none falls to meta"),
        pytest.param(RUSSIAN.encode("cp1251"), "text/html; charset=utf-8", RUSSIAN, id="a UTF-8 that is none falls to a guess"),
        pytest.param(RUSSIAN.encode("koi8-r"), None, RUSSIAN, id="KOI8-R guessed"),
        pytest.param(JAPANESE.encode("cp932"), None, JAPANESE, id="Shift_JIS guessed"),
        pytest.param(JAPANESE.encode() + b"\xe3", "text/html; charset=utf-8", JAPANESE + "\ufffd", id="one character cut off"),
        pytest.param(RUSSIAN.encode(), "text/html; charset=windows-1251", RUSSIAN, id="UTF-8 that is declared as another"),
        pytest.param(b"\xef\xbb\xbf" + RUSSIAN.encode("cp1251"), "text/html; charset=windows-1251", RUSSIAN, id="a mark that is wrong"),
        pytest.param(b"\xff\xfe" + b"<p>ok</p>", "text/html; charset=utf-16", "<p>ok</p>", id="UTF-16 without a NUL is none"),
        pytest.param(b"", None, "", id="nothing"),
    ],
)  # fmt: skip
def test_decode(body, content_type, text):
    assert decode(body, content_type) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param("a&#27;[31mb&#x1B;c&#0;d&#x000b;e", "a[31mbcde", id="controls"),
        pytest.param("a&#xFFFF;b&#65534;c", "abc", id="noncharacters"),
        pytest.param("a&#27 b&#x1bz", "a bz", id="without a semicolon"),
        pytest.param("&#9;&#10;&#xD;&#32;&#271;&#x1b0;&#8238;&amp;&#;", "&#9;&#10;&#xD;&#32;&#271;&#x1b0;&#8238;&amp;&#;", id="others stay"),
    ],
)  # fmt: skip
def test_references_that_no_xml_may_hold_are_gone(text, left):
    assert decode(text.encode(), None) == left


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("UTF8", "utf-8"),
        ("latin1", "cp1252"),
        ("us-ascii", "cp1252"),
        ("iso-8859-9", "cp1254"),
        ("Shift_JIS", "cp932"),
        ("x-sjis", "cp932"),
        ("euc-kr", "cp949"),
        ("big5", "big5hkscs"),
        ("tis-620", "cp874"),
        ("x-gbk", "gb18030"),
        ("utf-7", None),
        ("rot13", None),
        ("\x00", None),
    ],
)
def test_labels_mean_what_browsers_take_them_for(label, codec):
    assert codec_of(label) == codec


@given(st.binary(max_size=400), st.one_of(st.none(), st.text(max_size=40)))
def test_never_raises(body, content_type):
    decode(body, content_type).encode()
