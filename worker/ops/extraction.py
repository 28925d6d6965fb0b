"""What the pages of a WARC file would become, one after the other, over all cores; stored nowhere."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from worker.archive.members import begins_as_record
from worker.archive.reading import Unread, pages_in
from worker.errors import OperationError, WorkError
from worker.ops.preview import extract_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from worker.clock import Clock
    from worker.extract.pool import WorkerPool
    from worker.models import Document, Page

_AHEAD = 4
"""Pages per process that are read ahead of the one waited for."""


@dataclass(frozen=True, slots=True)
class NoArticle:
    """A page that yields none, and why."""

    url: str
    error: WorkError


def is_warc(path: Path) -> bool:
    """Return whether a file begins as a WARC file does, compressed or not.

    Raises:
        OperationError: it can't be read.
    """
    try:
        with path.open("rb") as file:
            return begins_as_record(file.read(65_536))
    except OSError as error:
        raise OperationError(f"cannot read {path}: {error.strerror}") from error


def extract_file(
    file: BinaryIO, pool: WorkerPool, processes: int, clock: Clock
) -> Iterator[Document | NoArticle | Unread]:
    """Yield what becomes of each response in a WARC file, in their order, and what is damaged in it."""
    waiting: deque[Future[Document | NoArticle] | Unread] = deque()
    with ThreadPoolExecutor(processes) as threads:
        for found in pages_in(file):
            waiting.append(
                found if isinstance(found, Unread) else threads.submit(_extracted, found, pool, clock)
            )
            if len(waiting) > processes * _AHEAD:
                yield _result(waiting.popleft())
        while waiting:
            yield _result(waiting.popleft())


def _extracted(page: Page, pool: WorkerPool, clock: Clock) -> Document | NoArticle:
    try:
        return extract_page(page, pool, clock)
    except WorkError as error:
        return NoArticle(page.final_url, error)


def _result(each: Future[Document | NoArticle] | Unread) -> Document | NoArticle | Unread:
    return each if isinstance(each, Unread) else each.result()
