"""The outer edge of the tasks: what becomes of a tick while a server is away."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.fakes import ManualClock
from worker.app import Line
from worker.errors import BrokerUnavailableError, StoreUnavailableError
from worker.progress import Meter
from worker.store.outage import Outage
from worker.tasks import _tick


class RedisThatFails:
    def begin(self, name: str, period_s: float) -> bool:
        raise BrokerUnavailableError("redis://r: is full")


class Begun:
    def __init__(self, answer: bool) -> None:
        self.answer = answer
        self.periods: list[tuple[str, float]] = []

    def begin(self, name: str, period_s: float) -> bool:
        self.periods.append((name, period_s))
        return self.answer


def line(ticks: Any) -> Line:
    clock = ManualClock()
    nothing: Any = SimpleNamespace()
    return Line(nothing, nothing, Outage(clock), nothing, ticks, Meter(clock), nothing)


@pytest.mark.parametrize(("answer", "done"), [(True, ["work"]), (False, [])], ids=["ours", "begun elsewhere"])
def test_a_tick_is_worked_on_once_a_period(answer: bool, done: list[str]) -> None:
    did: list[str] = []
    ticks = Begun(answer)
    _tick(line(ticks), "entries", lambda: did.append("work"))
    assert (did, ticks.periods) == (done, [("entries", 1.0)])


def test_a_tick_is_let_go_while_the_broker_is_away() -> None:
    away = line(RedisThatFails())
    _tick(away, "entries", lambda: pytest.fail("nobody said that it may begin"))
    assert away.outage.recent() == "redis://r: is full"
    assert away.meter.progress(0, None).ended == 0


def test_a_tick_that_meets_a_store_that_is_away_leaves_room_for_the_next() -> None:
    def fail() -> None:
        raise StoreUnavailableError("db: disk full")

    away = line(Begun(True))
    _tick(away, "entries", fail)
    did: list[str] = []
    _tick(away, "entries", lambda: did.append("work"))
    assert did == ["work"]
    assert away.meter.progress(0, None).ended == 1


def test_a_tick_that_is_still_running_keeps_the_next_of_its_name_out() -> None:
    busy, did = line(Begun(True)), []

    def work() -> None:
        _tick(busy, "entries", lambda: did.append("same"))
        _tick(busy, "feeds", lambda: did.append("other"))

    _tick(busy, "entries", work)
    assert did == ["other"]
