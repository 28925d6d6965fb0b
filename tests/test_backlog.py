"""How many more hints may be sent: what Celery holds here, what waits, what other workers hold."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from celery.worker import state

from worker.backlog import Backlog, own_load
from worker.broker.roll import Load, hints_for
from worker.models import QUEUES

WAITING = {"control": 0, "poll": 3, "ingest": 20, "rebuild": 1}


def backlog(*loads: Load) -> Backlog:
    return Backlog(lambda queues: {queue: WAITING[queue] for queue in queues}, lambda: loads)


A = Load("a", 4, ("control", "poll", "ingest"), {"poll": 1, "ingest": 4})
B = Load("b", 8, ("ingest",), {"ingest": 6})


@pytest.mark.parametrize(
    ("loads", "queue", "size", "room"),
    [
        pytest.param((), "ingest", 20, 0, id="no worker, no room"),
        pytest.param((A,), "ingest", 24, 8, id="eight a thread, less what waits and what is held"),
        pytest.param((A, B), "ingest", 30, 66, id="all workers that serve the queue"),
        pytest.param((A, B), "poll", 4, 28, id="and no others"),
        pytest.param((A, B), "control", 0, 32, id="nothing on its way"),
    ],
)
def test_size_and_room(loads: tuple[Load, ...], queue: str, size: int, room: int) -> None:
    assert (backlog(*loads).size(queue), backlog(*loads).room(queue, 8)) == (size, room)


def helper(copies: int, running: int = 0) -> Load:
    return Load(f"w{copies}", 16, QUEUES, {"rebuild": running}, copies)


@pytest.mark.parametrize(
    ("loads", "free", "hints"),
    [
        pytest.param((), 9, 0, id="no worker"),
        pytest.param((helper(0),), 9, 0, id="none that takes turns"),
        pytest.param((helper(5),), 9, 4, id="one alone: a hint a place, less the one that waits"),
        pytest.param((helper(5, running=3),), 9, 1, id="less what runs"),
        pytest.param((helper(5),), 2, 2, id="no more than there are slices"),
        pytest.param((helper(1, running=2),), 9, 0, id="never less than nothing"),
        pytest.param((helper(1), helper(1)), 9, 6, id="two: enough for the right one to get one"),
        pytest.param((helper(1), helper(1), helper(0)), 9, 6, id="those that can take one count"),
        pytest.param((helper(4), helper(1)), 9, 12, id="and for all the places of one"),
        pytest.param((helper(1, running=1), helper(1)), 9, 0, id="two: no place is free"),
        pytest.param((helper(1), helper(1)), 0, 0, id="no slice is free"),
    ],
)
def test_hints_for_turns_at_a_rebuild(loads: tuple[Load, ...], free: int, hints: int) -> None:
    assert backlog(*loads).copy_hints(free) == hints


@pytest.mark.parametrize("workers", [2, 3, 10, 50])
def test_an_idle_worker_is_hardly_ever_passed_by(workers: int) -> None:
    missed = (1 - 1 / workers) ** hints_for(1, [helper(1)] * workers)
    assert missed < 0.05


class Reserved(SimpleNamespace):
    """As much of Celery's request as is looked at; its set holds them weakly."""

    __hash__ = object.__hash__


@pytest.fixture
def reserved() -> Iterator[list[Reserved]]:
    requests = [Reserved(delivery_info={"routing_key": queue}) for queue in ("ingest", "ingest", "poll")]
    for request in requests:
        state.reserved_requests.add(request)
    yield requests
    for request in requests:
        state.reserved_requests.discard(request)


def test_what_celery_holds_in_this_process(reserved: list[Reserved]) -> None:
    load = own_load("w", 4)
    assert (load.threads, load.held["ingest"], load.held["poll"], load.held.get("control", 0)) == (4, 2, 1, 0)
