"""Bytes to text, by the order of trust that browsers use (WHATWG HTML, 13.2.3)."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from charset_normalizer import from_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_HEADER_LABEL = re.compile(r"charset\s*=\s*[\"']?([^\s\"';,]+)", re.IGNORECASE)
_META_LABEL = re.compile(rb"<meta\b[^>]{0,500}?charset\s*=\s*[\"']?([\w.:+-]+)", re.IGNORECASE)
_XML_LABEL = re.compile(rb"^\s*<\?xml\b[^>]{0,200}?encoding\s*=\s*[\"']([\w.:+-]+)", re.IGNORECASE)
_FORBIDDEN_REFERENCE = re.compile(
    # XML 1.0, production 2 (Char). HTML's parsers take such a reference for the character itself, and
    # then trafilatura discards the whole page.
    r"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01]|6553[45])(?!\d)|x0*(?:[0-8bcef]|1[0-9a-f]|fff[ef])(?![0-9a-f]));?",
    re.IGNORECASE,
)
_PRESCAN = 4096
"""Bytes searched for a declaration: four times the standard's 1024, since scripts often come first."""

_NAMES_PYTHON_LACKS = {
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "x-gbk": "gb18030",
    "x-euc-jp": "euc_jp",
    "x-cp1250": "cp1250",
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-roman": "mac-roman",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "unicode": "utf-16-le",
}
_SUPERSETS = {
    # The Encoding Standard reads these labels as the vendors' supersets, because pages mean those.
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "utf-16": "utf-16-le",
    "utf-8-sig": "utf-8",
}
_WEB_CODECS = frozenset(
    # All of the Encoding Standard's; Python's others (utf-7, base64, unicode_escape) are never a page's.
    [
        *(
            "utf-8",
            "utf-16-le",
            "utf-16-be",
            "cp866",
            "koi8-r",
            "koi8-u",
            "mac-roman",
            "mac-cyrillic",
            "cp874",
        ),
        *("gb18030", "big5hkscs", "euc_jp", "iso2022_jp", "cp932", "cp949"),
        *(f"cp125{n}" for n in range(9)),
        *(f"iso8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
    ]
)


def decode(body: bytes, content_type: str | None) -> str:
    """Return the text of a page; never raises. What no XML holds is not referred to (`&#27;`) either.

    A byte order mark wins over the HTTP header, that over a `<meta>` or XML declaration, that over a
    guess. A mark or a declaration that the bytes contradict falls to the next rule: UTF-16 by having no
    NUL, others when more than one foreign character in a hundred makes no sense in them. Bytes that make
    sense as UTF-8 are UTF-8 whatever is declared: there browsers obey the header and show garbled text.
    """
    return _FORBIDDEN_REFERENCE.sub("", _decoded(body, content_type))


def _decoded(body: bytes, content_type: str | None) -> str:
    for mark, codec in _BOMS:
        if body.startswith(mark):
            body = body[len(mark) :]
            text = _text_if_plausible(body, codec)
            if text is not None:
                return text
    for codec in _candidates(body, content_type):
        text = _text_if_plausible(body, codec)
        if text is not None:
            return text
    return _guessed(body)


def codec_of(label: str) -> str | None:
    """Return the Python codec that the Encoding Standard means by `label`; None for an unknown one."""
    name = label.strip().lower()
    try:
        name = _NAMES_PYTHON_LACKS.get(name) or codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    codec = _SUPERSETS.get(name, name)
    return codec if codec in _WEB_CODECS else None


def _candidates(body: bytes, content_type: str | None) -> Iterator[str]:
    if not body.isascii():
        # Legacy text is not UTF-8 by chance: nearly all of its characters would have to be.
        yield "utf-8"
    header = _HEADER_LABEL.search(content_type or "")
    if header and (codec := codec_of(header[1])):
        yield codec
    head = body[:_PRESCAN]
    if (declared := _META_LABEL.search(head) or _XML_LABEL.search(head)) and (
        codec := codec_of(declared[1].decode("ascii", "replace"))
    ):
        # A declaration that could be read as ASCII is not in UTF-16 (WHATWG HTML, 13.2.3.2).
        yield "utf-8" if codec.startswith("utf-16") else codec


def _text_if_plausible(body: bytes, codec: str) -> str | None:
    if codec.startswith("utf-16") and b"\0" not in body:  # every space and tag of it has one
        return None
    with suppress(UnicodeDecodeError):
        return body.decode(codec)
    text = body.decode(codec, "replace")
    return text if _damage(text) <= 0.01 else None


def _guessed(body: bytes) -> str:
    """Return the text by its bytes alone: UTF-8 if (nearly) valid, else the likeliest legacy encoding."""
    text = body.decode("utf-8", "replace")
    # One stray byte or a character cut in half does not unmake UTF-8: legacy text has hardly any valid
    # multi-byte sequence, so there nearly every non-ASCII character is damaged.
    if "\ufffd" not in text or _damage(text) <= 0.1:
        return text
    best = from_bytes(_telling_part(body)).best()
    codec = codec_of(best.encoding) if best else None
    return body.decode(codec or "cp1252", "replace")


def _telling_part(body: bytes) -> bytes:
    """Return the lines that hold non-ASCII bytes, at most 10 KB: markup says nothing about encoding."""
    lines = (line for line in re.split(rb"[\r\n<>]+", body) if not line.isascii())
    return b"\n".join(lines)[:10_000]


def _damage(text: str) -> float:
    """Return the share of replacement characters among all that are not ASCII."""
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    return text.count("\ufffd") / foreign if foreign else 0.0
