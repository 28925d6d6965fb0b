"""`feedmill run`: worker and beat as threads of one process, over one database.

A stop (Ctrl-C, SIGTERM, or `--until-idle` being idle) lets running tasks finish, then drains the
writer, then closes. Whatever was still waiting is in the ledger.
"""

from __future__ import annotations

import fcntl
import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from celery.beat import Scheduler, Service

from worker.app import WAKE_S, OneBeat, make_app, open_line
from worker.backlog import Backlog, own_load
from worker.clock import Clock
from worker.errors import OperationError, StoreError, UsageError
from worker.fetch.resolver import system_resolver
from worker.mill import open_mill
from worker.models import QUEUES, FeedState
from worker.reindex.helper import open_helper
from worker.running import stop, stop_on_signal, work
from worker.signals import stop_signals
from worker.store.outage import Outage
from worker.tasks import dispatch_entries, dispatch_feeds, prune_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from worker.app import FeedmillApp, Line
    from worker.fetch.resolver import Resolver
    from worker.mill import Mill
    from worker.settings import Settings

IDLE_CHECK_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What one run left behind: rows by outcome, and rows that wait for a retry."""

    counts: dict[str, int]
    waiting_for_retry: int
    unwritten: int


def run_service(
    settings: Settings,
    *,
    until_idle: bool = False,
    clock: Clock = Clock(),  # noqa: B008 - frozen
    resolver: Resolver = system_resolver,
    on_start: Callable[[Mill], None] = lambda _: None,
    watch: Callable[[Mill], None] = lambda _: None,
) -> RunResult:
    """Run until a signal comes, or until idle; return what is in the ledger then.

    `on_start` runs once the mill is open and before anything is dispatched; `watch` about twice a
    second while the service runs.

    Raises:
        OperationError: another service holds the database, or the store cannot be opened.
        UsageError: the settings name a shared broker.
    """
    if not settings.is_embedded:
        raise UsageError("`run` works on memory:// alone; with a shared broker, run `worker` and `beat`")
    with only_service(settings.sqlite_path) as alone:
        outage = Outage(clock)
        mill = open_mill(settings, clock, resolver, outage=outage)
        try:
            if alone:
                mill.store.entries.release_claims(mill.clock.now())
            on_start(mill)
            if until_idle:
                mill.store.feeds.poll_now(mill.clock.now())
            unwritten = _work_until_stopped(mill, outage, watch, until_idle=until_idle)
            return _result(mill, unwritten)
        finally:
            mill.close()


def _work_until_stopped(
    mill: Mill, outage: Outage, watch: Callable[[Mill], None], *, until_idle: bool
) -> int:
    """Run worker, beat and monitor; return how many settlements could not be written at the end."""
    app = make_app(mill.settings)
    app.control.purge()  # hints of an earlier run in this process mean nothing any more
    threads = mill.settings.fetch_threads
    backlog = Backlog(lambda queues: _lengths(app, queues), lambda: [own_load("", threads)])
    line = app.line = open_line(mill, backlog, OneBeat(), outage, open_helper(mill, ()))
    monitor = Monitor(line, watch, until_idle=until_idle)
    # This scheduler leaves no file; fractions of a second are only missing from the stubs.
    beat = Service(app, max_interval=WAKE_S, scheduler_cls=Scheduler)  # type: ignore[arg-type]
    with stop_signals(lambda: stop_on_signal(line)):
        for task in (dispatch_feeds, dispatch_entries, prune_ledger):
            task.delay()  # beat's own first ticks come a period from now
        threading.Thread(target=beat.start, name="beat", daemon=True).start()
        monitor.start()
        try:
            work(app, threads, QUEUES)
        finally:
            monitor.stop()
            beat.stop(wait=True)
            unwritten = line.writer.drain()
    return unwritten


def _lengths(app: FeedmillApp, queues: Sequence[str]) -> dict[str, int]:
    with app.connection_or_acquire() as connection:
        channel = connection.default_channel
        return {queue: channel.queue_declare(queue, passive=True).message_count for queue in queues}


class Monitor(threading.Thread):
    """Calls `watch` while the service runs and, if asked, stops the worker once nothing is left to do."""

    def __init__(self, line: Line, watch: Callable[[Mill], None], *, until_idle: bool) -> None:
        super().__init__(name="monitor", daemon=True)
        self._line = line
        self._watch = watch
        self._until_idle = until_idle
        self._stopped = threading.Event()

    def run(self) -> None:
        started_at = self._line.mill.clock.now()
        seen_idle = 0
        while not self._stopped.wait(IDLE_CHECK_S):
            try:
                self._watch(self._line.mill)
                idle = self._until_idle and is_idle(self._line, started_at)
            except StoreError as error:
                self._line.outage.met(error)
                idle = False
            seen_idle = seen_idle + 1 if idle else 0
            if seen_idle == 2:  # once more after a refresh: a task may have been between two stages
                stop(self._line)
                return
            if idle:
                self._line.mill.store.articles.refresh()

    def stop(self) -> None:
        self._stopped.set()
        self.join()


def is_idle(line: Line, started_at: datetime) -> bool:
    """Return whether nothing is left but retries.

    The writer is empty, no task runs, no pending row waits for anything else than a retry (held
    rows of paused feeds aside), and every active feed was polled since `started_at`, or its host is
    stopped for longer than a lease.
    """
    mill = line.mill
    busy = line.backlog.size("poll") or line.backlog.size("ingest") or not line.writer.is_idle()
    if busy or any(
        count for wait, count in mill.store.entries.waiting().items() if wait not in ("retry", "held")
    ):
        return False
    active = (feed for feed in mill.store.feeds.all() if feed.state is FeedState.ACTIVE)
    stopped_at = mill.clock.now() + timedelta(seconds=mill.settings.lease_s)
    return all(
        (feed.last_polled_at is not None and feed.last_polled_at >= started_at)
        or feed.next_poll_at > stopped_at
        for feed in active
    )


@contextmanager
def only_service(database: Path | None) -> Iterator[bool]:
    """Hold the lock that allows one service per database; the file stays, the lock does not.

    Yields whether this service is alone: nobody can say that of a server (None), where claims of a
    service that is gone end with their leases.

    Raises:
        OperationError: another process holds it, or the folder can't be written.
    """
    if database is None:
        yield False
        return
    path = database.with_name(database.name + ".lock")
    try:
        file = path.open("a+")
    except OSError as error:
        raise OperationError(f"cannot write {path}: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise OperationError(
                f"another `feedmill run` (process {file.read().strip() or '?'}) is using {database}"
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield True


def _result(mill: Mill, unwritten: int) -> RunResult:
    waiting = mill.store.entries.waiting()
    return RunResult(
        counts=mill.store.entries.counts(), waiting_for_retry=waiting.get("retry", 0), unwritten=unwritten
    )
