"""Bodies that are gzip files: publishers serve big sitemaps as `.xml.gz`, without a content coding."""

from __future__ import annotations

import zlib

from worker.errors import ParseError

UNPACKED_BYTES = 10_000_000
"""The fetcher's cap on a feed, for what comes out of the file: the fetcher saw it packed."""

_MAGIC = b"\x1f\x8b"
_GZIP = 16 + zlib.MAX_WBITS


def unpacked(body: bytes, url: str) -> bytes:
    """Return what a gzip file holds, all its members; any other body as it is.

    Raises:
        ParseError: it is damaged, cut short, or holds more than 10 MB (a bomb ends there).
    """
    if not body.startswith(_MAGIC):
        return body
    pieces: list[bytes] = []
    left = UNPACKED_BYTES
    while body.startswith(_MAGIC):  # what follows the last member is padding
        piece, body = _member(body, url, left)
        left -= len(piece)
        pieces.append(piece)
    return b"".join(pieces)


def _member(body: bytes, url: str, left: int) -> tuple[bytes, bytes]:
    """Return the first member's content and what follows it."""
    member = zlib.decompressobj(_GZIP)
    try:
        piece = member.decompress(body, left + 1)
    except zlib.error:
        raise ParseError(url, "not a feed: damaged gzip data") from None
    if len(piece) > left:
        raise ParseError(url, "a gzip file of more than 10 MB unpacked")
    if not member.eof:
        raise ParseError(url, "not a feed: gzip data that ends early")
    return piece, member.unused_data
