"""The Celery application: queues, beat schedule, and the production line that its tasks work on."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import structlog
from celery import Celery
from kombu import Queue

from worker.dispatch import ENTRY_TICK_S, FEED_TICK_S, EntryDispatcher
from worker.ingest import ingest_hit_a_bug, say_settled
from worker.store.outage import Outage
from worker.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from celery import Task

    from worker.mill import Mill
    from worker.models import Settlement
    from worker.settings import Settings

log = structlog.get_logger()

PRUNE_S = 86_400.0
WAKE_S = 0.2
"""How often beat and the worker's timer look up: a stop waits for both, two seconds by their defaults."""


@dataclass(frozen=True, slots=True)
class Line:
    """A mill at work: its writer, what is known of its store, its dispatcher, and one lock per tick."""

    mill: Mill
    writer: Writer
    outage: Outage
    dispatcher: EntryDispatcher = field(default_factory=EntryDispatcher)
    ticks: dict[str, threading.Lock] = field(
        default_factory=lambda: {name: threading.Lock() for name in ("feeds", "entries", "prune")}
    )

    @contextmanager
    def only_tick(self, name: str) -> Iterator[bool]:
        """Yield whether no other tick of this name is running here."""
        lock = self.ticks[name]
        mine = lock.acquire(blocking=False)
        try:
            yield mine
        finally:
            if mine:
                lock.release()


def open_line(mill: Mill) -> Line:
    """Start the writer of a mill and return the two together."""

    def on_bug(settlement: Settlement, error: Exception) -> None:
        log.error("bug", entry_id=settlement.claim.entry_id, exc_info=error)
        # Straight to the store: this runs on the writer's thread, which must not wait for its own queue.
        ingest_hit_a_bug(
            mill, lambda last: mill.store.settle([last], mill.clock.now()), settlement.claim, error
        )

    writer = Writer(mill.store, mill.clock, say_settled, on_bug)
    return Line(mill, writer, Outage(mill.clock))


class FeedmillApp(Celery):
    """The Celery application with the production line that tasks of this process work on."""

    line: Line


def make_app(settings: Settings, line: Line) -> FeedmillApp:
    """Return the application, configured, with its tasks ready to work on `line`."""
    # Bare memory:// makes kombu warn, at every connection, that it takes the host to be localhost.
    broker = settings.broker_url if settings.broker_url != "memory://" else "memory://localhost"
    app = FeedmillApp("feedmill", broker=broker, set_as_current=True, include=["worker.tasks"])
    app.conf.update(celery_conf())
    app.set_default()  # shared tasks sent from pool threads find their application by it
    app.line = line
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
        "broker_channel_error_retry": True,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        # Without it the memory transport looks for work 20 times a second and no more.
        "broker_transport_options": {"polling_interval": 0.01},
        "task_default_queue": "control",
        "task_queues": [Queue(name) for name in ("control", "poll", "ingest")],
        "task_routes": {
            "feedmill.poll_feed": {"queue": "poll"},
            "feedmill.ingest_entry": {"queue": "ingest"},
        },
        "beat_schedule": {
            "dispatch-feeds": _every(FEED_TICK_S, "feedmill.dispatch_feeds"),
            "dispatch-entries": _every(ENTRY_TICK_S, "feedmill.dispatch_entries"),
            "prune-ledger": _every(PRUNE_S, "feedmill.prune_ledger"),
        },
        "worker_timer_precision": WAKE_S,
    }


def _every(seconds: float, task: str) -> dict[str, Any]:
    """A tick that nobody took before the next one is of no use any more."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}
