"""Importing WARC files, as the operator asks for it: everything opened, file by file, and closed."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.archive.files import OPEN
from worker.errors import ArchiveUnavailableError, OperationError, UsageError, WorkError
from worker.imports.captures import import_feed
from worker.imports.preparing import Bench
from worker.imports.run import Source, import_file
from worker.imports.tally import Tally
from worker.mill import open_own_archive, open_pool, open_store
from worker.models import FeedState
from worker.ops.extraction import is_warc
from worker.store.outage import Outage

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from worker.archive.base import Archive
    from worker.archive.reading import Unread
    from worker.clock import Clock
    from worker.models import Feed
    from worker.settings import Settings
    from worker.store.base import Store

LONGEST_NAME = 80
AHEAD = 2
"""Threads beside one for each child process: they ask the store and keep pages while children extract."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who is told what while files are imported.

    progress: of a file, how many of its bytes are done with, and how many it has. broken: of a file, a record
    that cannot be read. unreadable: a file that can't be read, or no further, and why.
    """

    progress: Callable[[Path, int, int], object]
    broken: Callable[[Path, Unread], object]
    unreadable: Callable[[str], object]


@contextmanager
def open_bench(settings: Settings, clock: Clock, name: str, stopping: threading.Event) -> Iterator[Bench]:
    """Open store, archive and children for an import of that name.

    Raises:
        UsageError: it is no name. OperationError: one of them cannot be used.
    """
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise UsageError(f"not a name for an import: {name[:LONGEST_NAME]!r}")
    with ExitStack() as opened:
        pool = opened.enter_context(closing(open_pool(settings)))
        archive = open_own_archive(settings, clock, Outage(clock))
        opened.callback(_close, archive)
        store = opened.enter_context(closing(open_store(settings)))
        yield Bench(
            store=store,
            pool=pool,
            archive=archive,
            clock=clock,
            feed=_feed_of(store, import_feed(name.strip(), clock.now(), settings.poll_interval_s)),
            lease_s=settings.lease_s,
            threads=settings.extract_processes + AHEAD,
            stopping=stopping,
        )


def import_files(bench: Bench, paths: list[Path], folder: Path | None, watch: Watch) -> Tally:
    """Import files in order; `folder` is that of our own archive, whose pages need not be kept again.

    Raises:
        OperationError: nothing more can be written, kept or extracted.
    """
    tally = Tally()
    for path in paths:
        if bench.stopping.is_set():
            break
        if said := _unreadable(path):
            watch.unreadable(said)
            continue
        try:
            own_name = _own_name(path, folder)
            if own_name:
                path.touch()  # else it may be deleted before anything points to it: see retention
            with path.open("rb") as file:
                _import(bench, path, Source(file=file, archived_as=own_name), tally, watch)
        except OSError as error:
            watch.unreadable(f"cannot read {path}: {error.strerror}")
        except WorkError as error:
            raise OperationError(f"stopped at {path}: {error.reason}: {error}") from error
    return tally


def _unreadable(path: Path) -> str | None:
    """Return why a file can't be imported, None where it can."""
    try:
        return None if is_warc(path) else f"{path} is no WARC file"
    except OperationError as error:
        return str(error)


def _import(bench: Bench, path: Path, source: Source, tally: Tally, watch: Watch) -> None:
    size = path.stat().st_size
    import_file(
        bench,
        source,
        tally,
        lambda offset: watch.progress(path, offset, size),
        lambda unread: watch.broken(path, unread),
    )


def _close(archive: Archive) -> None:
    with suppress(ArchiveUnavailableError):  # it was told; the next start closes what is left open
        archive.close()


def _own_name(path: Path, folder: Path | None) -> str | None:
    if folder is None or path.resolve().parent != folder.resolve():
        return None
    return path.name.removesuffix(OPEN)


def _feed_of(store: Store, feed: Feed) -> Feed:
    """Return the import's feed, added if it is new.

    Raises:
        OperationError: an operator has made something else of it.
    """
    store.feeds.add([feed])
    known = store.feeds.get(feed.feed_id) or feed
    if known.state is not FeedState.IMPORTED:
        raise OperationError(f"{known.url} is no import any more: give another --name")
    return known
