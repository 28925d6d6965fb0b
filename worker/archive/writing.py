"""The archive of one process: pages and feed bodies, appended to one file at a time by all its threads."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata as packages
from typing import TYPE_CHECKING

import structlog
from fastwarc.warc import WarcRecordType

from worker.archive import records
from worker.archive.contents import Contents
from worker.archive.files import archive_errors, file_name
from worker.archive.members import packed
from worker.archive.openfile import OpenFile
from worker.archive.reading import find_original_at
from worker.errors import ArchiveUnavailableError
from worker.models import ArchiveLocation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worker.archive.files import Folder
    from worker.archive.records import Subject
    from worker.clock import Clock
    from worker.models import Page

log = structlog.get_logger()

AWAY_S = 10.0
"""Nothing is fetched for the archive for so long after it failed: each try would cost a site a request."""
UPKEEP_S = 5.0
_SAYS = {
    "software": f"feedmill/{packages.version('feedmill')}",
    "format": "WARC File Format 1.1",
    "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
    "description": "Pages and feeds as read: decoded from their content coding, of which x-crawler-* tell",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """When a file is closed and another begun: before it has more bytes, or after so many seconds."""

    max_bytes: int
    max_age_s: float


class WarcArchive:
    """A folder of WARC files that this process writes to, and others may, too. An `Archive`.

    Args:
        folder: where the files lie.
        rotation: when a file is full.
        clock: the injected clock.
        met: told of every failure.
    """

    def __init__(
        self,
        folder: Folder,
        rotation: Rotation,
        clock: Clock,
        met: Callable[[ArchiveUnavailableError], object],
    ) -> None:
        self._folder = folder
        self._rotation = rotation
        self._clock = clock
        self._met = met
        self._token, self._serial = clock.token(), 0
        self._appending, self._syncing = threading.Lock(), threading.Lock()
        self._file: OpenFile | None = None
        self._warcinfo_id, self._contents = "", Contents()  # of the file that is appended to
        self._full: list[OpenFile] = []
        self._failed: dict[str, tuple[float, str]] = {}
        self._closed = threading.Event()

    def keep(
        self, page: Page, subject: Subject, earlier: ArchiveLocation | None = None
    ) -> ArchiveLocation | None:
        identity = self._record_id()
        original = find_original_at(self._folder, earlier, page) if earlier else None
        record = records.revisit(page, original, identity) if original else records.response(page, identity)
        about = records.metadata(page, subject, identity, self._record_id())
        body, more = packed(record), packed(about)  # by the caller's thread, before it waits for the others
        kind = WarcRecordType.revisit if original else WarcRecordType.response
        with self._failures("keep"), self._appending:
            file = self._file_for(len(body) + len(more))
            offset = file.append(body + more)
            file.has_pages = True
            self._contents = self._contents.with_record(kind, page.fetched_at)
            self._contents = self._contents.with_record(WarcRecordType.metadata, None)
        return earlier if original else ArchiveLocation(file=file.name, offset=offset, length=len(body))

    def require(self) -> None:
        now = self._clock.monotonic()
        for since, said in tuple(self._failed.values()):
            if now < since + AWAY_S:
                raise ArchiveUnavailableError(detail=said)

    def sync(self) -> None:
        with self._syncing, self._failures("sync"):
            with self._appending:
                if self._file and self._is_old(self._file):
                    self._retire(self._file)
                file = self._file
            while self._full:
                if self._has(self._full[0]):
                    self._full[0].finish()
                self._full.pop(0)
            if file and not file.is_closed and self._has(file):
                file.sync()

    def close(self) -> None:
        self._closed.set()
        with self._appending:
            if self._file:
                self._retire(self._file)
        self.sync()

    def start_upkeep(self) -> None:
        """From now on sync every few seconds: feeds come and files grow old while no article is written."""
        threading.Thread(target=self._keep_up, name="archive", daemon=True).start()

    def _keep_up(self) -> None:
        while not self._closed.wait(UPKEEP_S):
            with suppress(ArchiveUnavailableError):  # it was told, and the next round tries again
                self.sync()

    def _file_for(self, size: int) -> OpenFile:
        """Return the file to append so many bytes to: another where this one is full or old."""
        file = self._file
        if file and (file.size + size > self._rotation.max_bytes or self._is_old(file)):
            self._retire(file)
        if self._file is None:
            self._file = self._begun()
        return self._file

    def _begun(self) -> OpenFile:
        """Return a new file, which begins with its `warcinfo`."""
        file, now = self._created(), self._clock.now()
        self._warcinfo_id, self._contents = self._record_id(), Contents(records=1)
        try:
            file.append(packed(records.warcinfo(file.name, _SAYS, now, self._warcinfo_id)))
        except OSError:
            file.remove()
            raise
        return file

    def _created(self) -> OpenFile:
        while True:
            self._serial += 1
            host, pid = os.uname().nodename, os.getpid()
            name = file_name(self._clock.now(), host, pid, self._token, self._serial)
            # Before it is locked, another process may take it for one left behind, and delete it.
            with suppress(BlockingIOError):
                return OpenFile(self._folder.path, name, self._clock.monotonic())

    def _is_old(self, file: OpenFile) -> bool:
        return self._clock.monotonic() - file.since >= self._rotation.max_age_s

    def _retire(self, file: OpenFile) -> None:
        """Let nothing be appended any more but what says what is in it; the next `sync` closes it."""
        self._file = None
        now, said = self._clock.now(), self._contents.with_record(WarcRecordType.metadata, None).said()
        with suppress(OSError):  # on a full disk a file ends without it, and is counted by reading
            file.append(packed(records.closing(said, self._warcinfo_id, now, self._record_id())))
        self._full.append(file)

    def _has(self, file: OpenFile) -> bool:
        """Return whether a file is still there; one that was deleted under our hands is given up."""
        if file.is_there():
            return True
        log.error("archive file was deleted", file=file.name, note="what was in it is lost")
        with self._appending:
            if self._file is file:
                self._file = None
        file.abandon()
        return False

    @contextmanager
    def _failures(self, what: str) -> Iterator[None]:
        """Remember when it failed; that keeping succeeds says nothing of syncing, nor the other way."""
        try:
            with archive_errors(self._folder.path):
                yield
        except ArchiveUnavailableError as error:
            self._failed[what] = self._clock.monotonic(), error.detail
            self._met(error)
            raise
        self._failed.pop(what, None)

    def _record_id(self) -> str:
        return records.record_id(self._clock.token() + self._clock.token())
