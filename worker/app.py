"""The Celery application: queues, beat schedule, and the production line that its tasks work on."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

import structlog
from celery import Celery
from kombu import Queue

from worker.broker.connection import ssl_options, transport_options
from worker.broker.transport import use_hint_transport
from worker.dispatch import ENTRY_TICK_S, FEED_TICK_S, REBUILD_TICK_S, EntryDispatcher
from worker.ingest import ingest_hit_a_bug, say_settled
from worker.models import QUEUES, REBUILD
from worker.progress import Meter
from worker.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from celery import Task

    from worker.backlog import Backlog
    from worker.mill import Mill
    from worker.models import Settlement
    from worker.reindex.helper import Helper
    from worker.settings import Settings
    from worker.store.outage import Outage

log = structlog.get_logger()

PRUNE_S = 3_600.0
"""Hourly: a beat that is restarted every day would never come to a daily one."""
TICKS_S = {"feeds": FEED_TICK_S, "entries": ENTRY_TICK_S, "prune": PRUNE_S, "rebuild": REBUILD_TICK_S}
"""How often each tick comes, in seconds."""
SKEW_S = 300.0
"""How far the clocks of machines may differ (design, claim). Celery lets a message expire by the clock of
whoever takes it: a worker a second ahead would take every tick for too old. Late ones begin nothing."""
WAKE_S = 0.2
"""How often beat and the worker's timer look up: a stop waits for both, two seconds by their defaults."""


class Ticks(Protocol):
    """Keeps a tick from being worked on twice, however many beats send it."""

    def begin(self, name: str, period_s: float) -> bool:
        """Return whether none of this name began within the period, at any worker."""
        ...


class OneBeat:
    """Ticks where there is one beat and one worker: each of them counts."""

    def begin(self, _name: str, _period_s: float) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Line:
    """A mill at work: its writer, what is known of its servers, its backlog, and one lock per tick.

    `helper` is its part in rebuilds.
    """

    mill: Mill
    writer: Writer
    outage: Outage
    backlog: Backlog
    ticks: Ticks
    meter: Meter
    helper: Helper
    dispatcher: EntryDispatcher = field(default_factory=EntryDispatcher)
    running: dict[str, threading.Lock] = field(
        default_factory=lambda: {name: threading.Lock() for name in TICKS_S}
    )

    @contextmanager
    def only_tick(self, name: str) -> Iterator[bool]:
        """Yield whether this tick is to be worked on: none is running here, none was begun elsewhere."""
        lock = self.running[name]
        mine = lock.acquire(blocking=False)
        try:
            yield mine and self.ticks.begin(name, TICKS_S[name])
        finally:
            if mine:
                lock.release()


def open_line(mill: Mill, backlog: Backlog, ticks: Ticks, outage: Outage, helper: Helper) -> Line:
    """Start the writer of a mill and return all that its tasks work with."""

    def on_bug(settlement: Settlement, error: Exception) -> None:
        log.error("bug", entry_id=settlement.claim.entry_id, exc_info=error)
        # Straight to the store: this runs on the writer's thread, which must not wait for its own queue.
        ingest_hit_a_bug(
            mill, lambda last: mill.store.settle([last], mill.clock.now()), settlement.claim, error
        )

    writer = Writer(mill.store, mill.clock, say_settled, on_bug, mill.archive.sync)
    return Line(mill, writer, outage, backlog, ticks, Meter(mill.clock), helper)


class FeedmillApp(Celery):
    """The Celery application with the production line that tasks of this process work on."""

    line: Line


def make_app(settings: Settings) -> FeedmillApp:
    """Return the application, configured; a worker also needs its `line`."""
    use_hint_transport()
    # Bare memory:// makes kombu warn, at every connection, that it takes the host to be localhost.
    broker = settings.broker_url if settings.broker_url != "memory://" else "memory://localhost"
    app = FeedmillApp("feedmill", broker=broker, set_as_current=True, include=["worker.tasks"])
    app.conf.update(celery_conf() | broker_conf(settings))
    app.set_default()  # shared tasks sent from pool threads find their application by it
    return app


def line_of(task: Task[Any, Any]) -> Line:
    """Return the line that this process's tasks work on."""
    return cast("FeedmillApp", task.app).line


def celery_conf() -> dict[str, Any]:
    """Return the settled Celery configuration (docs/design-notes.md has the evidence)."""
    return {
        "task_ignore_result": True,
        "task_acks_late": False,  # the lease is the only recovery
        "worker_prefetch_multiplier": 1,
        "worker_enable_remote_control": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # an outage may last longer than the 100 tries of the default
        "broker_channel_error_retry": True,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        # What runs is acknowledged already: it takes no part of what may be prefetched after a reconnect.
        "worker_enable_prefetch_count_reduction": False,
        # A hint that could not be sent is given back at once; sent twice, it would be worked on twice.
        "task_publish_retry": False,
        "task_default_queue": "control",
        "task_queues": [Queue(name) for name in QUEUES],
        "task_routes": {
            "feedmill.poll_feed": {"queue": "poll"},
            "feedmill.ingest_entry": {"queue": "ingest"},
            "feedmill.copy_slice": {"queue": REBUILD},
        },
        "worker_timer_precision": WAKE_S,
    }


def broker_conf(settings: Settings) -> dict[str, Any]:
    """Return what depends on the broker."""
    if settings.is_embedded:
        return {
            # Without it the memory transport looks for work 20 times a second and no more.
            "broker_transport_options": {"polling_interval": 0.01},
            # Nobody helps with a rebuild here: who started it copies it.
            "beat_schedule": beat_schedule(TICKS_S.keys() - {"rebuild"}, skew_s=0.0),
        }
    secure = settings.broker_url.startswith("rediss://")
    return {
        "beat_schedule": beat_schedule(TICKS_S, SKEW_S),
        "broker_transport_options": transport_options(),
        "broker_use_ssl": ssl_options(settings.broker_ca_file) if secure else None,
    }


def beat_schedule(ticks: Iterable[str], skew_s: float) -> dict[str, Any]:
    """Return these ticks. One that nobody took before the next is of no use then, on clocks that differ."""
    tasks = {
        "feeds": "dispatch_feeds",
        "entries": "dispatch_entries",
        "prune": "prune_ledger",
        "rebuild": "dispatch_rebuild",
    }
    return {
        name: {
            "task": f"feedmill.{tasks[name]}",
            "schedule": TICKS_S[name],
            "options": {"expires": TICKS_S[name] + skew_s},
        }
        for name in ticks
    }
