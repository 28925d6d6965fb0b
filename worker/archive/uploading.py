"""Closed files on their way from the spool to the object store, by a thread of its own."""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

from worker.archive.files import OPEN, archive_errors
from worker.archive.writing import UPKEEP_S, WarcArchive
from worker.errors import ArchiveDamagedError, ArchiveError, ArchiveUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import BufferedReader
    from pathlib import Path

    from worker.archive.bucket import Bucket
    from worker.archive.spool import Spool
    from worker.archive.writing import Rotation
    from worker.clock import Clock

log = structlog.get_logger()

LONGEST_PAUSE_S = 300.0
"""Between two tries while the object store is away: a file that waited an hour can wait minutes more."""
STOP_S = 4.0
"""What a stop waits for uploads: the last file of a short run is there then. Others wait."""
ARRIVAL_S = 900.0
"""A file that is not uploaded so long after it must have been closed is not on its way: its worker is down.

Longer than the longest pause, and than a few files that wait in front of it take.
"""


def pause_s(failures: int, jitter: float) -> float:
    """Return how long to wait after so many rounds that failed, one after the other; `jitter` in [0, 1)."""
    return min(UPKEEP_S * 2.0 ** min(failures, 10), LONGEST_PAUSE_S) * (1.0 - jitter / 4)


def upload(path: Path, bucket: Bucket) -> bool:
    """Move a closed file to the object store: sent, read back, and only then deleted here.

    One that is there already, sent by a process that was killed before it deleted it, is not sent again.
    Return False where another process is at it, or was: nothing is left to do.

    Raises:
        ArchiveUnavailableError: it can't be sent now. ArchiveDamagedError: what is there is another file.
        OSError: it can't be read.
    """
    with _held(path) as file:
        if file is None:
            return False
        size, sha256 = os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest()
        if not _is_there(bucket, path.name, size, sha256):
            bucket.put(path)
            if not _is_there(bucket, path.name, size, sha256):
                raise ArchiveDamagedError(detail=f"{path.name}: what was uploaded reads back differently")
        path.unlink()
    log.debug("archive file uploaded", file=path.name, bytes=size)
    return True


def _is_there(bucket: Bucket, name: str, size: int, sha256: str) -> bool:
    return bucket.find_size(name) == size and bucket.sha256(name, size) == sha256


@contextmanager
def _held(path: Path) -> Iterator[BufferedReader | None]:
    """Yield the file, locked; None where another process holds it or has moved it."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield None
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_held = os.path.samestat(path.stat(), os.fstat(file.fileno()))
        except (BlockingIOError, FileNotFoundError):
            is_held = False
        yield file if is_held else None


class Uploader:
    """Moves all closed files of a spool, whoever wrote them; tries again what fails, for ever.

    A failure is told once, until an upload succeeds again.
    """

    def __init__(self, spool: Spool, clock: Clock) -> None:
        self._spool = spool
        self._clock = clock
        self._failures = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upload", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let it try once more what is closed by now; whatever takes longer is left to the next start."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def round(self) -> bool:
        """Try each closed file, up to a failure that all others would share; return whether all are moved."""
        waiting = [path for path in self._spool.files() if not path.name.endswith(OPEN)]
        error: Exception | None = None
        for done, path in enumerate(waiting):
            try:
                with archive_errors(self._spool.path):
                    upload(path, self._spool.bucket)
            except ArchiveUnavailableError as away:
                self._failed(away, len(waiting) - done)
                return False
            except ArchiveError as wrong:
                error = wrong
        if error:
            self._failed(error, 1)
        elif waiting:
            self._succeeded()
        return error is None

    def _run(self) -> None:
        while True:
            is_last = self._stopping.is_set()
            try:
                self.round()
            except Exception as error:
                # Where fsspec meets a backend that we have not met, anything may be raised: the file stays.
                log.exception("bug", note="in an upload, which is tried again")
                self._failed(error, 1)
            if is_last:
                return
            self._stopping.wait(pause_s(self._failures, self._clock.jitter()))

    def _failed(self, error: Exception, waiting: int) -> None:
        self._failures += 1
        if self._failures == 1:
            note = "nothing is lost: files wait in the spool and are tried again"
            log.warning("archive upload failed", error=str(error), files=waiting, note=note)

    def _succeeded(self) -> None:
        if self._failures:
            log.info("archive uploads again")
        self._failures = 0


class SpooledArchive(WarcArchive):
    """An archive whose closed files go to an object store. An `Archive`."""

    def __init__(
        self,
        spool: Spool,
        rotation: Rotation,
        clock: Clock,
        met: Callable[[ArchiveUnavailableError], object],
    ) -> None:
        super().__init__(spool, rotation, clock, met)
        self._uploader = Uploader(spool, clock)

    def start_upkeep(self) -> None:
        super().start_upkeep()
        self._uploader.start()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._uploader.stop()
