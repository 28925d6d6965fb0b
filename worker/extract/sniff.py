"""Whether bytes are a page to read, whatever their header says."""

from __future__ import annotations

import re

from worker.errors import ContentTypeError

_PAGE_TYPES = frozenset({"", "text/html", "application/xhtml+xml", "text/plain", "application/octet-stream"})
_HTML_START = re.compile(
    # WHATWG MIME Sniffing, 7.1, without the anchor to a tag's end: pages write attributes there.
    rb"^(?:\s|\xef\xbb\xbf|<!--(?:(?!-->).)*-->|<\?xml[^>]*>)*<(?:!doctype\s+html|html|head|body|title|meta|script|style|link"
    rb"|div|p|h1|table|article|main|section|br|a|b|font|iframe)\b",
    re.IGNORECASE | re.DOTALL,
)
_FEED_START = re.compile(
    rb"^(?:\s|\xef\xbb\xbf|<!--(?:(?!-->).)*-->|<\?[^>]*>)*<(?:rss|feed|rdf:RDF)\b", re.DOTALL
)
_BINARY_STARTS = (
    b"%PDF-",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"PK\x03\x04",
    b"RIFF",
    b"\x1f\x8b",
    b"ID3",
    b"OggS",
)
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SNIFFED = 2048


def is_html(body: bytes) -> bool:
    """Return whether the bytes begin as an HTML or XHTML document does."""
    return bool(_HTML_START.match(body[:_SNIFFED]))


def require_page(body: bytes, content_type: str | None, url: str | None) -> None:
    """Pass if the bytes are HTML, XHTML or plain text.

    A header that says otherwise is believed only if the bytes do not begin as HTML; one that claims
    text is not believed where they are an image, an archive, a PDF, or hold NULs without beginning as
    HTML (a stray NUL makes no page binary: browsers show it).

    Raises:
        ContentTypeError: it is something else, a feed for instance.
    """
    stated = (content_type or "").partition(";")[0].strip().lower()
    head = body[:_SNIFFED]
    if head.startswith(_BINARY_STARTS) or (b"\0" in head and not _is_marked_or_html(head)):
        raise ContentTypeError(url, f"binary data, sent as {stated or 'nothing in particular'}")
    if _FEED_START.match(head):
        raise ContentTypeError(url, "a feed, not a page")
    if stated not in _PAGE_TYPES and not is_html(body):
        raise ContentTypeError(url, f"not a page but {stated}")


def _is_marked_or_html(head: bytes) -> bool:
    return head.startswith(_UTF16_MARKS) or is_html(head)
