"""The Celery tasks. Each one loads, calls, saves; the work itself is in `poll`, `ingest`, `dispatch`.

Tasks acknowledge early and return nothing. A task that dies needs no repair: its feed already has a
next poll, its entry's lease ends.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog
from celery import shared_task

from worker import dispatch, ingest, poll
from worker.app import SKEW_S, TICKS_S, line_of
from worker.broker.connection import publish_errors
from worker.errors import ArchiveUnavailableError, BrokerError, StoreError
from worker.models import Claim
from worker.ops.archive import folder_of
from worker.ops.retention import prune_by_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from celery import Task

    from worker.app import Line
    from worker.mill import Mill
    from worker.models import Feed

log = structlog.get_logger()

HOSTS_KEPT_FOR = timedelta(days=30)
"""A robots.txt that nobody has asked for in a month rules nothing: with the next page it is read anew."""


@shared_task(name="feedmill.dispatch_feeds", bind=True)
def dispatch_feeds(self: Task[[], None]) -> None:
    """Send a hint for every due feed that there is room for."""
    line = line_of(self)
    _tick(line, "feeds", lambda: dispatch.dispatch_feeds(line.mill, line.backlog, partial(_send_poll, line)))


@shared_task(name="feedmill.dispatch_entries", bind=True)
def dispatch_entries(self: Task[[], None]) -> None:
    """Send a hint for every due entry that there is room for."""
    line = line_of(self)
    _tick(
        line,
        "entries",
        lambda: line.dispatcher.dispatch(line.mill, line.backlog, partial(_send_claim, line)),
    )


@shared_task(name="feedmill.poll_feed", bind=True)
def poll_feed(self: Task[[str], None], feed_id: str) -> None:
    """Poll one feed."""
    line = line_of(self)

    def on_bug(error: Exception) -> None:
        poll.poll_hit_a_bug(line.mill, feed_id, error)

    with _work(line, on_bug, feed_id=feed_id):
        poll.poll_feed(line.mill, feed_id)


@shared_task(name="feedmill.ingest_entry", bind=True)
def ingest_entry(self: Task[[str, str, int], None], entry_id: str, token: str, generation: int) -> None:
    """Fetch, extract, tag and write one entry."""
    line = line_of(self)
    claim = Claim(entry_id=entry_id, token=token, generation=generation)

    def on_bug(error: Exception) -> None:
        ingest.ingest_hit_a_bug(line.mill, line.writer.submit, claim, error)

    with _work(line, on_bug, entry_id=entry_id):
        ingest.ingest_entry(line.mill, line.writer.submit, claim)


@shared_task(name="feedmill.dispatch_rebuild", bind=True)
def dispatch_rebuild(self: Task[[], None]) -> None:
    """Send hints for a rebuild's free slices that there is room for."""
    line = line_of(self)
    _tick(
        line, "rebuild", lambda: dispatch.dispatch_rebuild(line.mill, line.backlog, partial(_send_turn, line))
    )


@shared_task(name="feedmill.copy_slice", bind=True)
def copy_slice(self: Task[[], None]) -> None:
    """Take a turn at the rebuild; where more is to be done, leave word for the next."""
    line = line_of(self)
    with _work(line, lambda _: None):  # the slice's lease is the recovery
        if line.helper.take_turn():
            _send_turn(line)


@shared_task(name="feedmill.prune_ledger", bind=True)
def prune_ledger(self: Task[[], None]) -> None:
    """Drop rows that were not listed for `FEEDMILL_LEDGER_KEEP_DAYS`, and files that need not be kept."""
    line = line_of(self)
    _tick(line, "prune", lambda: _prune(line.mill))


def _prune(mill: Mill) -> None:
    now = mill.clock.now()
    if rows := mill.store.entries.prune(now - timedelta(days=mill.settings.ledger_keep_days)):
        log.info("pruned ledger", rows=rows)
    mill.store.hosts.prune(now - HOSTS_KEPT_FOR)
    if mill.settings.archive_folder:
        prune_by_settings(folder_of(mill.settings), mill.store, mill.settings, now)


def _send_poll(line: Line, feed: Feed) -> None:
    with publish_errors(line.mill.settings.broker_place):
        poll_feed.delay(feed.feed_id)


def _send_claim(line: Line, claim: Claim) -> None:
    with publish_errors(line.mill.settings.broker_place):
        ingest_entry.delay(claim.entry_id, claim.token, claim.generation)


def _send_turn(line: Line) -> None:
    with publish_errors(line.mill.settings.broker_place):
        copy_slice.apply_async(expires=TICKS_S["rebuild"] + SKEW_S)


def _tick(line: Line, name: str, work: Callable[[], object]) -> None:
    """The outer edge of a tick: do its work, if it is to be done and by this process."""
    with _servers_may_be_away(line), line.only_tick(name) as mine:
        if mine:
            work()


@contextmanager
def _work(line: Line, on_bug: Callable[[Exception], None], **ids: str) -> Iterator[None]:
    """The outer edge of a task: ids in every log line, bugs logged and kept."""
    with structlog.contextvars.bound_contextvars(**ids), _servers_may_be_away(line):
        try:
            yield
        except StoreError:
            raise
        except Exception as error:
            log.exception("bug", error=str(error))
            on_bug(error)


@contextmanager
def _servers_may_be_away(line: Line) -> Iterator[None]:
    """Survive a server or a disk that is away: the next tick, the lease or the next poll is the recovery."""
    try:
        with line.meter.work():
            yield
    except (StoreError, BrokerError, ArchiveUnavailableError) as error:
        line.outage.met(error)
