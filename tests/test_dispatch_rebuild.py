"""Turns at a rebuild: how many are sent for, and over a broker in this process taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.fakes import ManualClock
from tests.reindex.library import Library
from tests.store.builders import feed
from worker import tasks
from worker.app import Line, beat_schedule, make_app
from worker.backlog import Backlog
from worker.broker.roll import Load
from worker.dispatch import dispatch_rebuild
from worker.models import QUEUES, Phase, Slice
from worker.progress import Meter
from worker.reindex.control import Asked, start
from worker.reindex.helper import Helper
from worker.settings import read_settings
from worker.store.outage import Outage
from worker.store.sqlite import open_sqlite

SLICES = 16
"""Slices of a small rebuild."""


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Any]:
    with closing(open_sqlite(tmp_path / "feedmill.db")) as store:
        store.feeds.add([feed()])
        yield Library(store, 12)


def mill_of(library: Any) -> Any:
    return SimpleNamespace(store=library.store, clock=library.clock, settings=read_settings())


def backlog(copies: int = 0, waiting: int = 0, running: int = 0) -> Backlog:
    load = Load("w", 16, QUEUES, {"rebuild": running}, copies)
    return Backlog(lambda queues: dict.fromkeys(queues, waiting), lambda: [load])


def dispatched(library: Any, backlog: Backlog) -> int:
    """Let a tick come; return how many hints it sent."""
    sent: list[str] = []
    assert dispatch_rebuild(mill_of(library), backlog, lambda: sent.append("hint")) == len(sent)
    return len(sent)


@pytest.mark.parametrize(
    ("room", "hints"),
    [
        pytest.param(backlog(copies=3), 3, id="one for each place"),
        pytest.param(backlog(copies=3, waiting=1, running=1), 1, id="less what is on its way"),
        pytest.param(backlog(), 0, id="nobody takes turns"),
        pytest.param(backlog(copies=99), SLICES, id="no more than there are slices"),
    ],
)
def test_as_many_as_there_is_room_for(library: Any, room: Backlog, hints: int) -> None:
    start(library.store, library.clock, Asked())
    assert dispatched(library, room) == hints


def test_a_slice_that_is_held_needs_no_hint(library: Any) -> None:
    start(library.store, library.clock, Asked())
    for _ in range(SLICES - 2):
        library.store.rebuilds.claim_slice(library.clock.now(), 60, "t")
    assert dispatched(library, backlog(copies=9)) == 2


def test_without_a_rebuild_there_is_nothing_to_send(library: Any) -> None:
    assert dispatched(library, backlog(copies=9)) == 0


@pytest.mark.parametrize("phase", [Phase.COPIED, Phase.PROMOTED, Phase.CANCELLED, Phase.CLEANED])
def test_once_the_copy_is_over_nothing_is_sent(library: Any, phase: Phase) -> None:
    rebuild = start(library.store, library.clock, Asked())
    library.store.rebuilds.update(rebuild.rebuild_id, {"phase": phase}, if_phase=Phase.COPYING)
    assert dispatched(library, backlog(copies=9)) == 0


def test_before_the_version_is_made_nothing_is_sent(library: Any) -> None:
    rebuild = start(library.store, library.clock, Asked())
    library.store.rebuilds.update(rebuild.rebuild_id, {"to_version": ""}, if_phase=Phase.COPYING)
    assert dispatched(library, backlog(copies=9)) == 0


def test_a_copy_that_nobody_lived_to_end_is_ended(library: Any) -> None:
    start(library.store, library.clock, Asked())
    while part := library.store.rebuilds.claim_slice(library.clock.now(), 60, "t"):
        done = Slice(slice_id=part.slice_id, claim="t", done=True, seen=1, counts={"copied": 1})
        assert library.store.rebuilds.save_slice(done, library.clock.now(), 60)
    assert dispatched(library, backlog(copies=9)) == 0
    rebuild = library.store.rebuilds.get()
    assert (rebuild.phase, rebuild.said) == (Phase.COPIED, {"copied": SLICES})


@pytest.fixture
def line(library: Any) -> Iterator[Line]:
    """A line on Celery's memory transport, with an empty queue of turns."""
    app = make_app(read_settings(broker_url="memory://"))
    app.control.purge()
    clock, nothing = ManualClock(), SimpleNamespace()
    helper = Helper(library.bench, 1, has_pages=True)
    mill = mill_of(library)
    made = Line(mill, nothing, Outage(clock), backlog(copies=2), nothing, Meter(clock), helper)  # type: ignore[arg-type]
    app.line = made
    yield made
    app.control.purge()
    app.close()


def queued() -> list[Any]:
    """Take what waits in the queue of turns."""
    app: Any = tasks.copy_slice.app
    with app.connection_or_acquire() as connection:
        channel = connection.default_channel
        app.amqp.queues["rebuild"](channel).declare()
        return list(iter(lambda: channel.basic_get("rebuild", no_ack=True), None))


def test_hints_wait_in_a_queue_of_their_own_and_expire(library: Any, line: Line) -> None:
    start(library.store, library.clock, Asked())
    dispatch_rebuild(line.mill, line.backlog, lambda: tasks._send_turn(line))
    hints = queued()
    assert len(hints) == 2
    assert {hint.headers["task"] for hint in hints} == {"feedmill.copy_slice"}
    assert all(hint.headers["expires"] for hint in hints)


@pytest.mark.parametrize(("more", "hints"), [(True, 1), (False, 0)], ids=["more to do", "nothing left"])
def test_a_turn_leaves_word_for_the_next(line: Line, monkeypatch: Any, more: bool, hints: int) -> None:
    monkeypatch.setattr(Helper, "take_turn", lambda _: more)
    tasks.copy_slice()
    assert len(queued()) == hints
    assert line.meter.progress(0, None).ended == 1


def test_a_whole_rebuild_by_turns(library: Any, line: Line) -> None:
    start(library.store, library.clock, Asked())
    tasks.copy_slice()
    assert queued() == []
    assert library.store.rebuilds.get().said == {"remade": 12}


def test_the_embedded_service_has_no_such_tick() -> None:
    embedded = make_app(read_settings(broker_url="memory://")).conf.beat_schedule
    assert embedded.keys() == {"feeds", "entries", "prune"}
    assert beat_schedule(["rebuild"], 300.0)["rebuild"] == {
        "task": "feedmill.dispatch_rebuild",
        "schedule": 5.0,
        "options": {"expires": 305.0},
    }
