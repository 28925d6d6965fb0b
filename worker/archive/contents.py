"""What is in a file: counted by reading it, or as the record at its end says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO

from fastwarc.warc import WarcRecordType

from worker.archive.framing import split_records, whole_record
from worker.archive.members import GZIP, Damage, unpacked, walk
from worker.archive.pages import find_said
from worker.archive.records import warc_date
from worker.errors import ArchiveDamagedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastwarc.warc import WarcRecord

    from worker.archive.members import Member

LONGEST_CLOSING = 2_000
"""Bytes at the end of a file among which its closing record begins: packed it has some 400."""
_COUNTED = ("records", "responses", "revisits")
_TIMES = ("first_at", "last_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a file holds: all its records, and of them responses and revisits with the times of both.

    `length` is where the last whole record ends, in bytes; `damages` is what is no whole record, by offset.
    """

    records: int = 0
    responses: int = 0
    revisits: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    length: int = 0
    damages: tuple[Damage, ...] = ()

    @property
    def pages(self) -> int:
        return self.responses + self.revisits

    def said(self) -> dict[str, Any]:
        """Return the counts and times as the record at the end of a file says them."""
        counts = {name: getattr(self, name) for name in _COUNTED}
        return counts | {name: warc_date(at) for name in _TIMES if (at := getattr(self, name))}

    def with_record(self, kind: WarcRecordType, at: datetime | None) -> Contents:
        """Return the contents with a record more, of that kind and date."""
        more = replace(
            self,
            records=self.records + 1,
            responses=self.responses + (kind == WarcRecordType.response),
            revisits=self.revisits + (kind == WarcRecordType.revisit),
        )
        if more.pages == self.pages or at is None:
            return more
        return replace(more, first_at=min(self.first_at or at, at), last_at=max(self.last_at or at, at))


def contents_of(file: BinaryIO) -> Contents:
    """Read all of a file, and say what is whole in it."""
    contents = Contents()
    for found in walk(file):
        try:
            records = list(whole_records(found))
        except ArchiveDamagedError as error:
            damage = Damage(found.offset, found.length, error.detail)
            contents = replace(contents, damages=(*contents.damages, damage))
            continue
        for record in records:
            contents = contents.with_record(record.record_type, record.record_date)
        contents = replace(contents, length=found.offset + found.length)
    return contents


def records_in(file: BinaryIO) -> Iterator[tuple[int, WarcRecord | ArchiveDamagedError]]:
    """Yield all records of a file in order, and what is damaged in it, each with its offset."""
    for found in walk(file):
        try:
            for record in whole_records(found):
                yield found.offset, record
        except ArchiveDamagedError as error:
            yield found.offset, error


def whole_records(found: Member | Damage) -> Iterator[WarcRecord]:
    """Yield the records of a member: one, in a file that was packed for reading at a place.

    Raises:
        ArchiveDamagedError: the next one is not whole.
    """
    if isinstance(found, Damage):
        raise ArchiveDamagedError(detail=found.said)
    for raw in split_records(found.raw):
        yield whole_record(raw)


def find_said_contents(file: BinaryIO) -> Contents | None:
    """Return what the record at the end of a closed file of ours says; None where there is none."""
    size = file.seek(0, 2)
    file.seek(max(0, size - LONGEST_CLOSING))
    tail = file.read()
    at = tail.rfind(GZIP)
    while at >= 0:
        if said := _find_closing(tail[at:]):
            return Contents(length=size, **said)
        at = tail.rfind(GZIP, 0, at)
    return None


def _find_closing(member: bytes) -> dict[str, Any] | None:
    """Return the counts and times in a closing record, None of anything else."""
    try:
        raw, behind = unpacked(member)
        said = find_said(whole_record(raw))
    except ArchiveDamagedError:
        return None
    if behind or not said or not set(_COUNTED) <= said.keys():
        return None
    times = {name: datetime.fromisoformat(said[name]) for name in _TIMES if name in said}
    return {name: int(said[name]) for name in _COUNTED} | times
