"""Production processes: a Celery worker on a shared broker, and beat.

Each runs in a child that its supervisor starts (`worker.child`). Any number of workers share one
broker and one store; a second beat only wastes messages, since ticks are begun once a period.
"""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

import structlog
from celery.beat import Scheduler, Service

from worker.app import WAKE_S, make_app, open_line
from worker.backlog import Backlog, own_load
from worker.broker.connection import publish_errors
from worker.broker.roll import queue_lengths
from worker.clock import Clock
from worker.errors import BrokerError
from worker.fetch.resolver import system_resolver
from worker.mill import open_mill, open_shared
from worker.models import QUEUES
from worker.progress import NOTE_S, Meter, following, write_note
from worker.reindex.helper import open_helper
from worker.running import stop_on_signal, work
from worker.signals import stop_signals
from worker.store.outage import Outage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from celery.beat import ScheduleEntry

    from worker.app import Line
    from worker.broker.roll import Load, Roll
    from worker.fetch.resolver import Resolver
    from worker.mill import Shared
    from worker.settings import Settings

log = structlog.get_logger()


def run_worker(
    settings: Settings,
    *,
    queues: Sequence[str] = QUEUES,
    note: Path | None = None,
    clock: Clock = Clock(),  # noqa: B008 - frozen
    resolver: Resolver = system_resolver,
) -> None:
    """Work on these queues until SIGINT or SIGTERM; progress is noted in `note`.

    Raises:
        OperationError: the store or broker cannot be opened, or Celery's worker ended on an error.
    """
    shared = open_shared(settings, clock)
    mill = open_mill(settings, clock, resolver, outage=shared.outage, gate=shared.gate)
    try:
        helper = open_helper(mill, queues)

        def load() -> Load:
            return own_load(shared.worker_id, settings.fetch_threads, tuple(queues), helper.copies)

        backlog = Backlog(
            lambda names: queue_lengths(shared.client, names), lambda: _loads(shared.roll, load())
        )
        app = make_app(settings)
        line = app.line = open_line(mill, backlog, shared.ticks, shared.outage, helper)
        noter = Noter(line.meter, lambda: _report(line, shared, load()), note, clock)
        with stop_signals(lambda: stop_on_signal(line)):
            noter.start()
            try:
                work(app, settings.fetch_threads, queues)
            finally:
                unwritten = line.writer.drain()
                noter.stop()
        if unwritten:
            log.warning("not written", results=unwritten, note="their entries come due again")
    finally:
        mill.close()
        shared.leave()


def run_beat(settings: Settings, *, note: Path | None = None, clock: Clock = Clock()) -> None:  # noqa: B008 - frozen
    """Send the ticks until SIGINT or SIGTERM."""
    outage, meter = Outage(clock), Meter(clock)
    app = make_app(settings)
    beat = Service(app, max_interval=WAKE_S, scheduler_cls=ticker(settings.broker_place, meter, outage))  # type: ignore[arg-type]
    # A tick is always to come: beat gets on only by sending them.
    noter = Noter(meter, lambda: (1, outage.recent()), note, clock)
    with stop_signals(beat.stop):
        noter.start()
        try:
            beat.start()
        finally:
            noter.stop()


def ticker(place: str, meter: Meter, outage: Outage) -> type[Scheduler]:
    """Return Celery's scheduler, as one that counts what it sends and says an outage in a line."""

    class Ticker(Scheduler):
        @cached_property
        def producer(self) -> Any:
            """Unlike Celery's own it is not waited for: a broker that is away is met at each tick."""
            return self.app.amqp.Producer(self.connection, auto_declare=False)

        def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
            try:
                # Not through Celery's own apply_async, which hides what went wrong in an error of its own.
                with meter.work(), publish_errors(place):
                    self.app.send_task(str(entry.task), producer=producer, **(entry.options or {}))
            except BrokerError as error:
                outage.met(error)

    return Ticker


class Noter(threading.Thread):
    """Notes the progress of its process every second.

    `look` returns how many hints wait, and why nothing can move where that is known.
    """

    def __init__(
        self, meter: Meter, look: Callable[[], tuple[int, str | None]], note: Path | None, clock: Clock
    ) -> None:
        super().__init__(name="noter", daemon=True)
        self._meter = meter
        self._look = look
        self._note = note
        self._clock = clock
        self._stopped = threading.Event()

    def run(self) -> None:
        last = self._meter.progress(0, None)
        while not self._stopped.is_set():
            last = following(last, self._meter.progress(*self._look()))
            if self._note:
                write_note(self._note, last)
            self._stopped.wait(NOTE_S)

    def stop(self) -> None:
        self._stopped.set()
        self.join()


def _loads(roll: Roll, own: Load) -> list[Load]:
    """Return how busy each worker is: the others as of their last report, this one as of now.

    Its own report is up to a second old, as are the ticks: in step with them it would halve the polls.
    """
    return [*(load for load in roll.all() if load.worker_id != own.worker_id), own]


def _report(line: Line, shared: Shared, own: Load) -> tuple[int, str | None]:
    """Enter this worker in the roll; return how many hints wait for it, and what is away."""
    try:
        shared.roll.report(own)
        waiting = sum(queue_lengths(shared.client, own.queues).values())
    except BrokerError as error:
        line.outage.met(error)
        return 0, str(error)
    return waiting, line.outage.recent()
