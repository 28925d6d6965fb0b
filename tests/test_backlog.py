"""How many more hints may be sent: what Celery holds here, what waits, what other workers hold."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from celery.worker import state

from worker.backlog import Backlog, own_load
from worker.broker.roll import Load
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


@pytest.mark.parametrize(
    ("loads", "room"),
    [
        pytest.param((), 0, id="no worker"),
        pytest.param((Load("a", 4, QUEUES, {}),), 0, id="none that takes turns"),
        pytest.param((Load("a", 4, QUEUES, {"rebuild": 1}, copies=3),), 1, id="less what waits and runs"),
        pytest.param((Load("a", 4, QUEUES, {}, 1), Load("b", 4, QUEUES, {}, 4)), 4, id="all workers"),
        pytest.param((Load("a", 4, QUEUES, {"rebuild": 2}, copies=1),), 0, id="never less than nothing"),
    ],
)
def test_room_for_turns_at_a_rebuild(loads: tuple[Load, ...], room: int) -> None:
    assert backlog(*loads).copy_room() == room


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
