"""What a body is that is no feed: one line for the operator."""

from __future__ import annotations

import re

from worker.feeds.clean import plain_line

_MAGIC = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "gzip data",
    b"RIFF": "an image or sound file",
}
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_TITLE = re.compile(rb"<title[^>]*>(.{0,300}?)</title", re.IGNORECASE | re.DOTALL)
_ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_HEAD_BYTES = 4096


def find_root(body: bytes) -> str | None:
    """Return the name of an XML body's root element without its prefix, None where there is none at hand."""
    head = _COMMENT.sub(b"", body[:_HEAD_BYTES].replace(b"\x00", b""))  # UTF-16 as good as ASCII
    root = _ROOT.search(head)
    return root[1].decode("ascii").rpartition(":")[2] if root else None


def describe_body(body: bytes) -> str:
    """Return what the bytes look like, for a body that was expected to be a feed and is none."""
    head = body[:_HEAD_BYTES].strip()
    if not head:
        return "not a feed: the body is empty"
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            return f"not a feed: {name}"
    if _HTML.search(head):
        return f"not a feed: an HTML page{_titled(head)}"
    if b"\x00" in head:
        return "not a feed: binary data"
    return _describe_text(head)


def _describe_text(head: bytes) -> str:
    if head.startswith(b"<"):
        root = _ROOT.search(head)
        return (
            f"not a feed: XML with the root <{root[1].decode('ascii')}>" if root else "not a feed: broken XML"
        )
    if head[:1] in (b"{", b"["):
        return "not a feed: JSON, but no JSON Feed"
    return "not a feed: plain text"


def _titled(head: bytes) -> str:
    found = _TITLE.search(head)
    title = plain_line(found[1].decode("utf-8", "replace")) if found else None
    return f", “{title[:80]}”" if title else ""
