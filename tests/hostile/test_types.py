"""What is served as a page: other types by name and by content, and encodings that lie."""

from __future__ import annotations

import pytest

from tests.hostile.desk import HEALTHY
from tests.newsroom import Item, body_of, page, rss
from tests.site import Reply

INDEXED = ("indexed", None)
NO_PAGE = ("rejected", "content_type")
NO_ARTICLE = ("rejected", "no_article")

HTML = page("A canal for the delta", body_of("Vilkovo", "canal plan")).body
XHTML = b"<?xml version='1.0' encoding='utf-8'?>\n<!DOCTYPE html>\n" + HTML.replace(b"<!doctype html>", b"")
FEED = rss([Item("https://news.example/x", "x")]).body
NOTE = b"<?xml version='1.0'?><note><to>Riga</to><body>No article.</body></note>"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 40
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 40
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 40
WEBM = b"\x1aE\xdf\xa3\x01\x00\x00\x00" + bytes(range(256)) * 40
ZIP = b"PK\x03\x04" + bytes(range(256)) * 40

TYPES = {
    "HTML as application/xml": (HTML, "application/xml", INDEXED),
    "HTML as text/xml": (HTML, "text/xml; charset=utf-8", INDEXED),
    "HTML as RSS": (HTML, "application/rss+xml", INDEXED),
    "HTML as text/plain": (HTML, "text/plain", INDEXED),
    "HTML as JSON": (HTML, "application/json", INDEXED),
    "HTML without a type": (HTML, None, INDEXED),
    "HTML with a broken type": (HTML, ";;=", INDEXED),
    "HTML with NULs": (HTML.replace(b"</title>", b"\0</title>").replace(b"<p>", b"<p>\0"), "text/html", INDEXED),
    "XHTML": (XHTML, "application/xhtml+xml", INDEXED),
    "XHTML as XML": (XHTML, "application/xml", INDEXED),
    "XHTML as HTML": (XHTML, "text/html", INDEXED),
    "a feed as HTML": (FEED, "text/html", NO_PAGE),
    "a feed as XML": (FEED, "application/xml", NO_PAGE),
    "XML as HTML": (NOTE, "text/html", NO_ARTICLE),
    "XML as XML": (NOTE, "application/xml", NO_PAGE),
    "JSON": (b'{"a": 1}', "application/json", NO_PAGE),
    "PDF": (PDF, "application/pdf", NO_PAGE),
    "PDF as HTML": (PDF, "text/html", NO_PAGE),
    "PDF without a type": (PDF, None, NO_PAGE),
    "PDF after a blank line": (b"\r\n\r\n" + PDF, "text/html", NO_PAGE),
    "image": (PNG, "image/png", NO_PAGE),
    "image as HTML": (PNG, "text/html", NO_PAGE),
    "JPEG as HTML": (JPEG, "text/html; charset=utf-8", NO_PAGE),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'><text>Hello</text></svg>", "image/svg+xml", NO_PAGE),
    "video": (MP4, "video/mp4", NO_PAGE),
    "video as HTML": (MP4, "text/html", NO_PAGE),
    "WebM as text": (WEBM, "text/plain", NO_PAGE),
    "ZIP as HTML": (ZIP, "text/html", NO_PAGE),
    "Word document": (ZIP, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", NO_PAGE),
    "random bytes as HTML": (bytes(range(256)) * 40, "text/html", NO_PAGE),
}  # fmt: skip

RUSSIAN = "Порт вновь открылся во вторник после трёх недель ремонта северной стены, сообщили власти. "
ENGLISH = "The port opened again on Tuesday after the northern wall had been repaired for three weeks. "
GERMAN = (
    "Die Schließung der Häfen überraschte viele Gäste, erklärte Bürgermeisterin Käthe Müller am Mittwoch. "
)
JAPANESE = "東海岸の港は、北側の防波堤の修理に三週間を要したのち、火曜日に再開した。"


def html_of(text: str, meta: str | None) -> str:
    declared = f"<meta charset='{meta}'>" if meta else ""
    article = f"<article><h1>T</h1>{f'<p>{text * 3}</p>' * 4}</article>"
    return f"<!doctype html><html><head>{declared}<title>x</title></head><body>{article}</body></html>"


UTF8_MARK, UTF16_MARK = b"\xef\xbb\xbf", b"\xff\xfe"
CHARSETS = {
    # (text, how it is really encoded, a mark in front, what the header says, what meta says)
    "all agree": (RUSSIAN, "utf-8", b"", "utf-8", "utf-8"),
    "nothing is said, UTF-8": (RUSSIAN, "utf-8", b"", None, None),
    "nothing is said, windows-1251": (RUSSIAN, "cp1251", b"", None, None),
    "nothing is said, Shift_JIS": (JAPANESE, "cp932", b"", None, None),
    "wrong header, UTF-8 is latin-1": (RUSSIAN, "utf-8", b"", "iso-8859-1", "utf-8"),
    "wrong header, UTF-8 is windows-1251": (RUSSIAN, "utf-8", b"", "windows-1251", "utf-8"),
    "wrong header alone, UTF-8 is latin-1": (GERMAN, "utf-8", b"", "iso-8859-1", None),
    "wrong header, windows-1251 is UTF-8": (RUSSIAN, "cp1251", b"", "utf-8", "windows-1251"),
    "wrong header, Shift_JIS is UTF-8": (JAPANESE, "cp932", b"", "utf-8", "shift_jis"),
    "wrong header, latin-1 is UTF-8": (GERMAN, "cp1252", b"", "utf-8", "iso-8859-1"),
    "wrong header, UTF-8 is UTF-16": (RUSSIAN, "utf-8", b"", "utf-16", "utf-8"),
    "wrong header, ASCII is UTF-16": (ENGLISH, "ascii", b"", "utf-16", None),
    "wrong header, a damaged UTF-8 is latin-1": (f"{RUSSIAN}\udce3", "utf-8", b"", "iso-8859-1", None),
    "wrong meta, UTF-8 is latin-1": (RUSSIAN, "utf-8", b"", "utf-8", "iso-8859-1"),
    "wrong meta alone, UTF-8 is latin-1": (JAPANESE, "utf-8", b"", None, "iso-8859-1"),
    "wrong meta, windows-1251 is UTF-8": (RUSSIAN, "cp1251", b"", "windows-1251", "utf-8"),
    "wrong meta alone, windows-1251 is UTF-8": (RUSSIAN, "cp1251", b"", None, "utf-8"),
    "wrong meta alone, UTF-8 is UTF-16": (RUSSIAN, "utf-8", b"", None, "utf-16"),
    "wrong mark, windows-1251 is UTF-8": (RUSSIAN, "cp1251", UTF8_MARK, "windows-1251", "windows-1251"),
    "wrong mark, UTF-8 is UTF-16": (RUSSIAN, "utf-8", UTF16_MARK, "utf-8", "utf-8"),
    "right mark, all else wrong": (RUSSIAN, "utf-8", UTF8_MARK, "iso-8859-1", "windows-1251"),
    "UTF-16 by its mark": (RUSSIAN, "utf-16-le", UTF16_MARK, "utf-8", "utf-8"),
    "unknown in the header": (RUSSIAN, "cp1251", b"", "klingon-1", "windows-1251"),
    "unknown in meta": (RUSSIAN, "utf-8", b"", None, "klingon-1"),
    "unknown in both": (RUSSIAN, "cp1251", b"", "klingon-1", "x-user-defined"),
    "a codec that is no charset": (RUSSIAN, "utf-8", b"", "base64", "rot13"),
}  # fmt: skip


@pytest.fixture(scope="module")
def ended(desk, web):
    links = {}
    for number, (name, (body, content_type, _)) in enumerate(TYPES.items()):
        web.serve(f"/type/{number}", Reply(body=body, content_type=content_type))
        links[name] = web.url(f"/type/{number}")
    for number, (name, (text, codec, mark, header, meta)) in enumerate(CHARSETS.items()):
        body = mark + html_of(text, meta).encode(codec, "surrogateescape")
        web.serve(
            f"/charset/{number}",
            Reply(body=body, content_type=f"text/html; charset={header}" if header else "text/html"),
        )
        links[name] = web.url(f"/charset/{number}")
    return desk.listed(links, threads=8)


@pytest.mark.parametrize("name", TYPES)
def test_each_type_ends_in_one_outcome(ended, name):
    assert ended[name].verdict == TYPES[name][2]


@pytest.mark.parametrize("name", CHARSETS)
def test_an_encoding_that_lies_in_one_place_garbles_nothing(ended, name):
    assert ended[name].verdict == INDEXED
    text = CHARSETS[name][0].rstrip(" \udce3")
    assert text in ended[name].document.body


def test_a_healthy_page_among_them_is_read(ended):
    assert ended[HEALTHY].verdict == INDEXED
