"""One WARC record as bytes: its head, its block, and whether both are whole. Pure.

What is torn or damaged is found here, by length and digest: FastWARC and warcio both pass a torn last
record silently, with a shorter block.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

from fastwarc.warc import WarcRecord

from worker.errors import ArchiveDamagedError

if TYPE_CHECKING:
    from collections.abc import Iterator

START = b"WARC/"
END = b"\r\n\r\n"
"""What ends a head, and once more what follows a block (ISO 28500, 4)."""
LONGEST_HEAD = 65_536
"""Bytes. URLs of 8 KB, three times, and some digests are well below."""

_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,15})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_DIGESTS = frozenset({"md5", "sha1", "sha256", "sha512"})


def whole_record(raw: bytes) -> WarcRecord:
    """Return the record that `raw` is, from its version line to the blank lines behind its block.

    Raises:
        ArchiveDamagedError: it is cut off, longer than it says, unreadable, or its digest is another.
    """
    length = record_length(raw)
    if length > len(raw):
        raise ArchiveDamagedError(detail=f"the record ends {length - len(raw):,} bytes too soon")
    if length < len(raw):
        raise ArchiveDamagedError(detail=f"{len(raw) - length:,} bytes more than the record says")
    if not raw.endswith(END):
        raise ArchiveDamagedError(detail="the record does not end where it says")
    try:
        record = WarcRecord.from_bytes(raw)
    except (OSError, ValueError) as error:
        raise ArchiveDamagedError(detail=f"no WARC record: {error}") from error
    block = raw[raw.index(END) + len(END) : -len(END)]
    if not is_digest_of(record.headers.get("WARC-Block-Digest"), block):
        raise ArchiveDamagedError(detail="the block does not have its digest")
    return record


def is_digest_of(digest: str | None, content: bytes) -> bool:
    """Return whether `content` has a digest like `sha1:2XA…` (base 32) or `sha256:9f86…` (hex).

    True as well where there is none, or one of another kind: nothing speaks against the content.
    """
    kind, _, value = (digest or "").partition(":")
    if kind.lower() not in _DIGESTS:
        return True
    found = hashlib.new(kind.lower(), content, usedforsecurity=False)
    said = value.strip().rstrip("=").upper()
    return said in (found.hexdigest().upper(), base64.b32encode(found.digest()).decode().rstrip("="))


def record_length(raw: bytes) -> int:
    """Return how many bytes the record at the start of `raw` has, by what its head says.

    Raises:
        ArchiveDamagedError: there is no head of a record.
    """
    end = raw.find(END, 0, LONGEST_HEAD)
    if not raw.startswith(START) or end < 0:
        raise ArchiveDamagedError(detail="no WARC record")
    length = _LENGTH.search(raw, 0, end + 2)
    if length is None:
        raise ArchiveDamagedError(detail="a record without a length")
    return end + len(END) + int(length[1]) + len(END)


def split_records(raw: bytes) -> Iterator[bytes]:
    """Yield each record of `raw`, the last one with what follows it: usually there is one."""
    start = 0
    while start < len(raw):
        try:
            length = record_length(raw[start : start + LONGEST_HEAD])
        except ArchiveDamagedError:
            length = len(raw)
        # What is no record by itself belongs to the one before it, which is then longer than it says.
        end = start + length if raw[start + length :].startswith(START) else len(raw)
        yield raw[start:end]
        start = end
