"""Pages out of WARC files that others wrote, in whatever shape, and what is no page in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from fastwarc.warc import WarcRecordType

from worker.archive.framing import END, record_length, split_records, whole_record
from worker.archive.members import Damage, Member, walk
from worker.archive.pages import find_told, page_of, with_told
from worker.archive.reading import Unread
from worker.errors import ArchiveDamagedError, ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastwarc.warc import WarcRecord

    from worker.models import Page

FEED, OTHER_PROTOCOL = "feed", "other protocol"
_TO_HTTP = re.compile(r"<?https?:", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A page that somebody's crawler fetched. `cut` says why its body is not whole, None where it is.

    It lies at `offset`; `length` is None where it can't be read from there alone.
    """

    page: Page
    offset: int
    length: int | None = None
    cut: str | None = None


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A record at `offset` that holds no page: its type, or what kind of response it is.

    `feed` is what Feedmill polled, `other protocol` what was asked for otherwise: Heritrix keeps DNS lookups.
    """

    offset: int
    kind: str


Found = Capture | PassedOver | Unread


def captures_in(file: BinaryIO) -> Iterator[Found]:
    """Yield what is in a file, in order: every response, every other record, and what is damaged."""
    waiting: tuple[WarcRecord, Capture] | None = None
    for found in walk(file):
        for record in _records(found):
            if waiting:
                yield _told(*waiting, record)
                waiting = None
            if isinstance(record, ArchiveDamagedError):
                yield Unread(found.offset, record)
                continue
            each = _found(record, found)
            if isinstance(each, Capture):
                waiting = record, each
            else:
                yield each
    if waiting:
        yield waiting[1]


def mended(raw: bytes) -> bytes:
    """Return a record with the two line breaks that end it, where that is all that is wrong with it."""
    length = record_length(raw)
    block_ends = length - len(END)
    if len(raw) < block_ends or raw[block_ends:].strip(b"\r\n"):
        return raw
    return raw[:block_ends] + END


def _records(found: Member | Damage) -> Iterator[WarcRecord | ArchiveDamagedError]:
    """Yield the records of a member; of one that is not whole, why."""
    if isinstance(found, Damage):
        yield ArchiveDamagedError(detail=found.said)
        return
    for raw in split_records(found.raw):
        try:
            yield whole_record(mended(raw))
        except ArchiveDamagedError as error:
            yield error


def _found(record: WarcRecord, at: Member | Damage) -> Found:
    if record.record_type != WarcRecordType.response:
        return PassedOver(at.offset, str(record.record_type))
    if not _TO_HTTP.match(record.headers.get("WARC-Target-URI") or "http:"):
        return PassedOver(at.offset, OTHER_PROTOCOL)
    try:
        page = page_of(record)
    except ArchiveError as error:
        return Unread(at.offset, error)
    is_alone = isinstance(at, Member) and at.length and len(at.raw) == record_length(at.raw)
    return Capture(
        page=page,
        offset=at.offset,
        length=at.length if is_alone else None,
        cut=record.headers.get("WARC-Truncated"),
    )


def _told(response: WarcRecord, capture: Capture, following: WarcRecord | ArchiveDamagedError) -> Found:
    """Return the capture with what Feedmill itself has said of it in the record behind it."""
    said = None if isinstance(following, ArchiveDamagedError) else find_told(response, following)
    if said is None:
        return capture
    if said.get("entry_id") is None:
        return PassedOver(capture.offset, FEED)
    return replace(capture, page=with_told(capture.page, said))
