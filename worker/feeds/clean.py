"""Feed markup to plain text.

feedparser's own sanitiser and relative-URI pass cost two thirds of its time (90 ms a feed with, 29 ms
without), and Feedmill wants text rather than safe HTML: so they are off, and this is what is used.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterator

SUMMARY_CHARS = 2_000
"""A summary is a teaser: what search results can show, with room to spare."""

CONTENT_BYTES = 100 * 1024
"""The ledger's bound on a feed's own full text (the design's record of an entry)."""

_UNWANTED = re.compile(
    # Controls (tabs and line breaks are folded later), lone surrogates (no UTF-8 form), soft hyphens
    # and byte order marks (they split words for search), bidirectional overrides (they can make a
    # title read as another one).
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\u00ad\ufeff\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)
_TITLE_TAG = re.compile(
    # Only names that HTML has: "vector<int>" is a title.
    r"</?(a|abbr|acronym|b|big|br|center|cite|code|del|div|em|font|h[1-6]|hr|i|img|ins|li|mark|nobr|ol|p|pre|q|s"
    r"|small|span|strike|strong|sub|sup|table|td|tr|tt|u|ul|wbr)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_SPACING_TAGS = frozenset({"br", "div", "hr", "img", "li", "ol", "p", "td", "tr", "ul"})
_CLOSING_TAG = re.compile(
    r"</(?:a|b|blockquote|div|em|figure|h[1-6]|i|li|ol|p|span|strong|table|u|ul)\s*>", re.IGNORECASE
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]\w{1,31});")
_MARKUP = re.compile(r"<[A-Za-z/!][^<>]*>|" + _ENTITY.pattern)

_SKIPPED = frozenset({"head", "iframe", "math", "noscript", "script", "style", "svg", "template"})
_NEW_LINE = frozenset({"br", "dd", "dt", "li", "tr"})
_PARAGRAPH = re.compile(
    r"address|article|aside|blockquote|body|details|div|dl|fieldset|figcaption|figure|footer|form|h[1-6]"
    r"|header|hr|main|nav|ol|p|pre|section|table|ul"
)


def plain_line(markup: str | None) -> str | None:
    """Return markup as one line of text, None where nothing is left: for titles, names, sections.

    Tags are stripped before entities are decoded, so an escaped `&lt;b&gt;` stays what it shows.
    Where the decoded text has entities or closing tags again, it was escaped twice.
    """
    text = _unescape(_without_tags(markup or ""))
    if _CLOSING_TAG.search(text):
        text = _without_tags(text)
    return fold(_unescape(text)) or None


def fold(text: str) -> str:
    """Return text on one line: whitespace folded, unwanted characters removed."""
    return " ".join(_UNWANTED.sub("", text).split())


def parse_markup(markup: str) -> etree._Element | None:
    """Return a tree of the markup, or None where it is plain text or nothing."""
    if not _MARKUP.search(markup):
        return None
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    # The body tags keep libxml2 from guessing a structure; bytes keep lxml from refusing a string
    # that declares an encoding.
    return etree.fromstring(f"<body>{markup}</body>".encode("utf-8", "replace"), parser)


def plain_text(markup: str) -> str:
    """Return markup as text whose paragraphs are set apart by one empty line."""
    root = parse_markup(markup)
    if root is None:
        return _paragraphs(markup)
    text = _paragraphs("".join(_pieces(root)))
    escaped_twice = _CLOSING_TAG.search(text) and not _CLOSING_TAG.search(markup)
    return plain_text(text) if escaped_twice else text


def cut_text(text: str, characters: int) -> str:
    """Return at most that many characters, ending at a word, with an ellipsis where it was cut."""
    if len(text) <= characters:
        return text
    return _at_word(text[: characters - 1]) + "…"


def cut_bytes(text: str, size: int) -> str:
    """Return at most `size` bytes of UTF-8, cut at a word."""
    encoded = text.encode()
    if len(encoded) <= size:
        return text
    return _at_word(encoded[:size].decode(errors="ignore"))


def _at_word(text: str) -> str:
    # A text without spaces (Chinese, Thai) is cut where it is: hardly a word is longer than that.
    return re.sub(r"\s\S{0,40}$", "", text).rstrip()


def _unescape(text: str) -> str:
    # html.unescape alone takes HTML's lenient "&not" out of "Pros &notes" too.
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)


def _without_tags(text: str) -> str:
    return _TITLE_TAG.sub(lambda tag: " " if tag[1].lower() in _SPACING_TAGS else "", text)


def _paragraphs(text: str) -> str:
    lines = [" ".join(line.split()) for line in _UNWANTED.sub("", text).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _pieces(root: etree._Element) -> Iterator[str]:
    """Yield the text of a tree with breaks; line breaks of the source are spaces (HTML's rule)."""
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        if event == "start":
            yield _break_of(element)
            if element.tag in _SKIPPED:
                walk.skip_subtree()
            else:
                yield _flow(element, element.text)
        else:
            yield _break_of(element) if element.tag not in _NEW_LINE else ""
            yield _flow(element.getparent(), element.tail)


def _break_of(element: etree._Element) -> str:
    if element.tag in _NEW_LINE:
        return "\n"
    if element.tag in ("td", "th"):
        return " "
    return "\n\n" if _PARAGRAPH.fullmatch(str(element.tag)) else ""


def _flow(parent: etree._Element | None, text: str | None) -> str:
    if text and parent is not None and parent.tag == "pre":
        return text
    return re.sub(r"\s+", " ", text or "")
