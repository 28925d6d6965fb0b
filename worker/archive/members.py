"""Records in a file, each in a gzip member of its own: packed one by one, found again one by one.

A file is walked member by member, so that each record's place is known, and damage costs the record
that it is in: the walk goes on at the next member that begins as a record does.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastwarc.stream_io import GzipWriter

from worker.archive.framing import END, LONGEST_HEAD, START, record_length
from worker.errors import ArchiveDamagedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

LEVEL = 5
"""1.34 ms for a page of 100 KB; 6 takes 1.54 for files half a percent smaller, 1 .65 for 41 % larger ones."""
SLICE = 262_144
"""Bytes compressed in one call: FastWARC holds the interpreter's lock, some 4 ms of it at a time then."""
CHUNK = 65_536
LARGEST = 268_435_456
"""Bytes (256 MB) that one member may unpack to: a page has 5 MB at most, a foreign record may be a video."""

GZIP = b"\x1f\x8b\x08"
_NEXT = b"\r\n\r\nWARC/1."
"""What stands between two records that are not packed one by one."""
_AS_GZIP = 31
"""zlib's window bits for gzip, whose checksum it verifies."""


@dataclass(frozen=True, slots=True)
class Member:
    """What lies at `offset` of a file and is `length` bytes long there: a record, unpacked.

    Of a gzip member with several records the last has the length, and those before it have none.
    """

    offset: int
    length: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Damage:
    """What lies at `offset`, for `length` bytes, and is no record."""

    offset: int
    length: int
    said: str


def packed(record: bytes) -> bytes:
    """Return a record as a gzip member."""
    out = io.BytesIO()
    writer = GzipWriter(out, compression_level=LEVEL)
    for start in range(0, len(record), SLICE):
        writer.write(record[start : start + SLICE])
    writer.finish()
    return out.getvalue()


def unpacked(member: bytes) -> tuple[bytes, bytes]:
    """Return what the gzip member at the start holds, and the bytes behind it.

    Raises:
        ArchiveDamagedError: it is no whole member.
    """
    inflate = zlib.decompressobj(_AS_GZIP)
    try:
        raw = inflate.decompress(member, LARGEST)
    except zlib.error as error:
        raise ArchiveDamagedError(detail=_said(error)) from error
    if not inflate.eof:
        raise ArchiveDamagedError(detail="the record is cut off, or larger than 256 MB")
    return raw, inflate.unused_data


def begins_as_record(chunk: bytes) -> bool:
    """Return whether these are the first bytes of a record, compressed or not."""
    try:
        return chunk.startswith(START) or zlib.decompressobj(_AS_GZIP).decompress(chunk, len(START)) == START
    except zlib.error:
        return False


def walk(file: BinaryIO) -> Iterator[Member | Damage]:
    """Yield all members of a file in order, and what is damaged between them.

    Of a file that is not compressed, its records. Nothing here looks into records: `framing` does.
    """
    of = _plain if _read(file, 0, len(START)) == START else _member
    offset = 0
    while _read(file, offset, 1):
        for found in of(file, offset):
            yield found
            offset += found.length


def _member(file: BinaryIO, offset: int) -> Iterator[Member | Damage]:
    inflate, raw, at = zlib.decompressobj(_AS_GZIP), bytearray(), offset
    try:
        while not inflate.eof:
            chunk = _read(file, at, CHUNK)
            if not chunk or len(raw) > LARGEST:
                yield _damage(file, offset, "the record is cut off" if not chunk else "larger than 256 MB")
                return
            raw += inflate.decompress(chunk)
            at += len(chunk)
            # A file in one piece is handed on piece by piece: it may be larger than all memory, or torn.
            while length := _length_before_next(raw):
                yield Member(offset, 0, bytes(raw[:length]))
                del raw[:length]
    except zlib.error as error:
        yield _damage(file, offset, _said(error))
        return
    yield Member(offset, at - len(inflate.unused_data) - offset, bytes(raw))


def _length_before_next(raw: bytearray) -> int:
    """Return how many bytes of `raw` are handed on: those before its second record, 0 while there is none.

    A record with a wrong length ends where the next one begins. So does what is no record, but it does not
    gather in memory.
    """
    try:
        length = record_length(bytes(raw[:LONGEST_HEAD]))
    except ArchiveDamagedError:
        length = 0
    if len(raw) < length + len(START):
        return 0
    if length and raw.startswith(START, length):
        return length
    found = raw.find(_NEXT) + _NEXT.index(START)
    if found >= _NEXT.index(START):
        is_junk_between = found > length > 0 and raw[length:found].strip(b"\r\n")
        return length if is_junk_between else found
    return (length or len(raw) - len(_NEXT)) if len(raw) > length + LONGEST_HEAD else 0


def _plain(file: BinaryIO, offset: int) -> Iterator[Member | Damage]:
    try:
        length = record_length(_read(file, offset, LONGEST_HEAD))
    except ArchiveDamagedError as error:
        yield Damage(offset, _next_plain(file, offset) - offset, error.detail)
        return
    if length > LARGEST:
        yield Damage(offset, _next_plain(file, offset) - offset, "larger than 256 MB")
        return
    raw, behind = _read(file, offset, length), _read(file, offset + length, CHUNK)
    if len(raw) < length - len(END):
        yield Damage(offset, len(raw), "the record is cut off")
        return
    blank = len(behind) - len(behind.lstrip(b"\r\n"))
    if behind[blank:] and not behind.startswith(START, blank):
        # What is behind a record with a wrong length is none, and the next one may lie within it.
        raw, blank = raw[: _next_plain(file, offset) - offset], 0
    yield Member(offset, len(raw) + blank, raw)


def _next_plain(file: BinaryIO, offset: int) -> int:
    """Return where the next record begins in a file that is not compressed, or where the file ends."""
    at = offset + 1
    while chunk := _read(file, at, CHUNK):
        found = chunk.find(_NEXT)
        if found >= 0:
            return at + found + _NEXT.index(START)
        at += max(1, len(chunk) - len(_NEXT) + 1)
    return _end(file)


def _damage(file: BinaryIO, offset: int, said: str) -> Damage:
    """Return the damage from `offset` to the next member that begins as a record does, or to the end."""
    at, end = offset + 1, _end(file)
    while at < end:
        chunk = _read(file, at, CHUNK)
        found = chunk.find(GZIP)
        if found < 0:
            at += max(1, len(chunk) - len(GZIP) + 1)
        elif begins_as_record(_read(file, at + found, CHUNK)):
            return Damage(offset, at + found - offset, said)
        else:
            at += found + 1
    return Damage(offset, end - offset, said)


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)


def _end(file: BinaryIO) -> int:
    return file.seek(0, io.SEEK_END)


def _said(error: zlib.error) -> str:
    return f"no gzip, or damaged: {error}"
