"""`feedmill run`: worker and beat as threads of one process, over one database.

A stop (Ctrl-C, SIGTERM, or `--until-idle` being idle) lets running tasks finish, then drains the
writer, then closes. Whatever was still waiting is in the ledger.
"""

from __future__ import annotations

import fcntl
import os
import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from celery.beat import Scheduler, Service
from celery.worker import WorkController
from celery.worker import state as worker_state

from worker.app import WAKE_S, make_app, open_line
from worker.clock import Clock
from worker.errors import OperationError, StoreError
from worker.fetch.resolver import system_resolver
from worker.mill import open_mill
from worker.models import FeedState
from worker.tasks import dispatch_entries, dispatch_feeds, prune_ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from celery import Celery

    from worker.app import Line
    from worker.fetch.resolver import Resolver
    from worker.mill import Mill
    from worker.settings import Settings

log = structlog.get_logger()

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
    """
    with only_service(settings.sqlite_path) as alone:
        mill = open_mill(settings, clock, resolver)
        try:
            if alone:
                mill.store.entries.release_claims(mill.clock.now())
            on_start(mill)
            if until_idle:
                mill.store.feeds.poll_now(mill.clock.now())
            unwritten = _work_until_stopped(mill, watch, until_idle=until_idle)
            return _result(mill, unwritten)
        finally:
            mill.close()


def _work_until_stopped(mill: Mill, watch: Callable[[Mill], None], *, until_idle: bool) -> int:
    """Run worker, beat and monitor; return how many settlements could not be written at the end."""
    line = open_line(mill)
    app = make_app(mill.settings, line)
    _forget_messages(app)
    monitor = Monitor(line, watch, until_idle=until_idle)
    worker = WorkController(app=app, pool_cls="threads", concurrency=mill.settings.fetch_threads, quiet=True)
    # This scheduler leaves no file; fractions of a second are only missing from the stubs.
    beat = Service(app, max_interval=WAKE_S, scheduler_cls=Scheduler)  # type: ignore[arg-type]
    worker_state.should_stop = None  # a module of Celery's: an earlier run in this process has set it
    with _stop_signals(line):
        for task in (dispatch_feeds, dispatch_entries, prune_ledger):
            task.delay()  # beat's own first ticks come a period from now
        threading.Thread(target=beat.start, name="beat", daemon=True).start()
        monitor.start()
        try:
            worker.start()
        finally:
            monitor.stop()
            beat.stop(wait=True)
            unwritten = line.writer.drain()
    if worker.exitcode not in (None, 0):
        raise OperationError("the worker stopped on an error of its own; the log has its traceback")
    return unwritten


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
    rows of paused feeds aside), and every active feed was polled since `started_at`.
    """
    mill = line.mill
    busy = mill.backlog.size("poll") or mill.backlog.size("ingest") or not line.writer.is_idle()
    if busy or any(
        count for wait, count in mill.store.entries.waiting().items() if wait not in ("retry", "held")
    ):
        return False
    active = (feed for feed in mill.store.feeds.all() if feed.state is FeedState.ACTIVE)
    return all(feed.last_polled_at is not None and feed.last_polled_at >= started_at for feed in active)


def stop(line: Line) -> None:
    """Ask the worker of this process to finish what runs and return."""
    line.writer.hurry()
    worker_state.should_stop = os.EX_OK  # type: ignore[assignment]


@contextmanager
def _stop_signals(line: Line) -> Iterator[None]:
    """While active, SIGINT and SIGTERM stop the worker warmly; a second one falls to the default."""

    def on_signal(number: int, _frame: Any) -> None:
        signal.signal(number, previous[number] or signal.SIG_DFL)
        log.info(
            "stopping", signal=signal.Signals(number).name, note="finishing what runs; again to quit at once"
        )
        stop(line)

    if threading.current_thread() is not threading.main_thread():
        yield  # signals belong to the main thread; an embedding program handles its own
        return
    previous = {int(number): signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


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


def _forget_messages(app: Celery) -> None:
    """Empty the in-memory queues: hints of an earlier run in this process mean nothing any more."""
    app.control.purge()


def _result(mill: Mill, unwritten: int) -> RunResult:
    waiting = mill.store.entries.waiting()
    return RunResult(
        counts=mill.store.entries.counts(), waiting_for_retry=waiting.get("retry", 0), unwritten=unwritten
    )
