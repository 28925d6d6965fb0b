"""Running Celery's worker inside a process of ours, until it is told to stop."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import structlog
from celery.worker import WorkController
from celery.worker import state as worker_state

from worker.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.app import FeedmillApp, Line

log = structlog.get_logger()


def work(app: FeedmillApp, threads: int, queues: Sequence[str]) -> None:
    """Run the tasks of these queues until `stop`; those that run then are finished first.

    Raises:
        OperationError: Celery's worker ended on an error of its own.
    """
    worker = WorkController(
        app=app,
        pool_cls="threads",
        concurrency=threads,
        queues=list(queues),
        quiet=True,
        # Workers need not know each other: the roll in Redis tells what dispatch asks.
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker_state.should_stop = None  # a module of Celery's: an earlier run in this process has set it
    worker.start()
    if worker.exitcode not in (None, 0):
        raise OperationError("the worker stopped on an error of its own; the log has its traceback")


def stop_on_signal(line: Line) -> None:
    """Say that a stop was asked for, and ask the worker for it."""
    log.info("stopping", note="finishing what runs; again to quit at once")
    stop(line)


def stop(line: Line) -> None:
    """Ask the worker of this process to finish what runs and return."""
    line.writer.hurry()
    line.helper.leave_off()
    worker_state.should_stop = os.EX_OK  # type: ignore[assignment]
