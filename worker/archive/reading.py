"""Pages out of the archive: the one at a place, or all of a file."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from fastwarc.warc import ArchiveIterator, WarcRecordType

from worker.archive.contents import records_in
from worker.archive.framing import whole_record
from worker.archive.members import unpacked
from worker.archive.pages import find_original, page_as_told, page_of, told_by
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


@dataclass(frozen=True, slots=True)
class Packed:
    """What lies at a page's place, compressed as it is, and behind it: the `metadata` that tells of it."""

    location: ArchiveLocation
    member: bytes
    behind: bytes


def read_page(folder: Folder, location: ArchiveLocation) -> Page:
    """Return the page at a place, as it was fetched.

    Raises:
        ArchiveMissingError, ArchiveDamagedError, ArchiveKindError: there is none to be had there.
        ArchiveNotUploadedError: its file is not to be had here, now. ArchiveUnavailableError: no file is.
    """
    return unpack_page(read_packed(folder, location))


def read_packed(folder: Folder, location: ArchiveLocation) -> Packed:
    """Return what lies at a page's place, without a look into it: for another process to unpack.

    Raises:
        ArchiveMissingError, ArchiveNotUploadedError, ArchiveUnavailableError: as `read_page`.
    """
    found = folder.read(location.file, location.offset, location.length + MOST_METADATA)
    behind = found[location.length :]
    if len(behind) == MOST_METADATA and not _is_whole(behind):
        with suppress(ArchiveMissingError):
            behind = folder.read(location.file, location.offset + location.length, LONGEST_METADATA)
    return Packed(location, found[: location.length], behind)


def glance(packed: Packed) -> Page | None:
    """Return the page in a third of the time, its body unproven; None where `unpack_page` must tell. Pure.

    For who knows the digest of the body. It is another one where the record is damaged, or in a coding.
    """
    try:
        for record in ArchiveIterator(io.BytesIO(packed.member), record_types=WarcRecordType.response):
            return _told(page_as_told(record), record, packed)
    except (OSError, ValueError, ArchiveError):
        pass
    return None


def unpack_page(packed: Packed) -> Page:
    """Return the page, as it was fetched. Pure.

    Raises:
        ArchiveDamagedError, ArchiveKindError: there is none.
    """
    record = _record_in(packed.member, packed.location)
    return _told(page_of(record), record, packed)


def _told(page: Page, record: WarcRecord, packed: Packed) -> Page:
    with suppress(ArchiveDamagedError):
        return told_by(page, record, whole_record(unpacked(packed.behind)[0]))
    return page  # it stands without


def _is_whole(behind: bytes) -> bool:
    try:
        unpacked(behind)
    except ArchiveDamagedError:
        return False
    return True


def find_original_at(folder: Folder, location: ArchiveLocation, page: Page) -> Original | None:
    """Return the response at a place, if it is there, whole, and with the page's very body."""
    try:
        found = folder.read(location.file, location.offset, location.length)
        original = find_original(_record_in(found, location))
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


def _record_in(member: bytes, location: ArchiveLocation) -> WarcRecord:
    raw, behind = unpacked(member)
    if len(member) - len(behind) != location.length:
        raise ArchiveDamagedError(
            detail=f"{location.file}: the record at {location.offset} has another length"
        )
    return whole_record(raw)
