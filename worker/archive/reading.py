"""Pages out of the archive: the one at a place, or all of a file."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from fastwarc.warc import WarcRecordType

from worker.archive.contents import records_in
from worker.archive.framing import whole_record
from worker.archive.members import unpacked
from worker.archive.pages import find_original, page_of, told_by
from worker.archive.records import sha256
from worker.errors import ArchiveDamagedError, ArchiveError, ArchiveMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastwarc.warc import WarcRecord

    from worker.archive.files import Folder
    from worker.archive.records import Original
    from worker.models import ArchiveLocation, Page

MOST_METADATA = 4_096
"""Bytes read behind a response for what is told of it, in the same request: packed that has some 400."""
LONGEST_METADATA = 65_536
"""Bytes that are read, in a second request, where the first were too few: a chain of long redirects."""


@dataclass(frozen=True, slots=True)
class Unread:
    """What lies at `offset` of a file and gives no page: damage, or a response to something else."""

    offset: int
    error: ArchiveError


def read_page(folder: Folder, location: ArchiveLocation) -> Page:
    """Return the page at a place, as it was fetched.

    Raises:
        ArchiveMissingError, ArchiveDamagedError, ArchiveKindError: there is none to be had there.
        ArchiveNotUploadedError: its file is not to be had here, now. ArchiveUnavailableError: no file is.
    """
    found = folder.read(location.file, location.offset, location.length + MOST_METADATA)
    record = _record_at(found, location)
    page = page_of(record)
    behind = found[location.length :]
    with suppress(ArchiveDamagedError):
        return told_by(page, record, whole_record(unpacked(behind)[0]))
    if len(behind) < MOST_METADATA:
        return page  # it stands without
    with suppress(ArchiveDamagedError, ArchiveMissingError):
        more = folder.read(location.file, location.offset + location.length, LONGEST_METADATA)
        return told_by(page, record, whole_record(unpacked(more)[0]))
    return page


def find_original_at(folder: Folder, location: ArchiveLocation, page: Page) -> Original | None:
    """Return the response at a place, if it is there, whole, and with the page's very body."""
    try:
        found = folder.read(location.file, location.offset, location.length)
        original = find_original(_record_at(found, location))
    except ArchiveError:
        return None
    return original if original and original.payload_sha256 == sha256(page.body) else None


def pages_in(file: BinaryIO) -> Iterator[Page | Unread]:
    """Yield the page of every response in a file, in order, and what is damaged.

    Other records are passed over. Files of others are read, too: uncompressed, in one piece, with bodies
    in their transfer coding.
    """
    waiting: tuple[WarcRecord, Page] | None = None
    for offset, found in records_in(file):
        if waiting:
            response, page = waiting
            yield page if isinstance(found, ArchiveDamagedError) else told_by(page, response, found)
            waiting = None
        if isinstance(found, ArchiveDamagedError):
            yield Unread(offset, found)
        elif found.record_type == WarcRecordType.response:
            try:
                waiting = found, page_of(found)
            except ArchiveError as error:
                yield Unread(offset, error)
    if waiting:
        yield waiting[1]


def _record_at(found: bytes, location: ArchiveLocation) -> WarcRecord:
    raw, behind = unpacked(found)
    if len(found) - len(behind) != location.length:
        raise ArchiveDamagedError(
            detail=f"{location.file}: the record at {location.offset} has another length"
        )
    return whole_record(raw)
