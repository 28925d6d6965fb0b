"""What every host gate must do, by a `timed` gate: one whose time a test can move.

Run by `tests/fetch/test_gate.py` for the gate of one process and by `tests/broker/test_gate.py` for the shared one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker.errors import HostBusyError, StoreUnavailableError
from worker.fetch.gate import MAX_STOP_S, HostGate


class TimedGate(Protocol):
    """A gate, and time to judge it by. On a real server's clock it also passes by itself."""

    gate: HostGate

    def now(self) -> float: ...

    def advance(self, seconds: float) -> None: ...


Make = Callable[[], TimedGate]
TICK_S = 0.002
"""A gate may count in whole milliseconds, and read its clock just before one of them passes."""


@pytest.mark.parametrize(
    ("asks", "waits"),
    [
        pytest.param([(0, "a")], [0], id="first start at once"),
        pytest.param([(0, "a"), (0, "b")], [0, 0], id="sites are independent"),
        pytest.param([(0, "a"), (0, "a")], [0, 2], id="second start one delay later"),
        pytest.param([(0, "a"), (0.5, "a")], [0, 1.5], id="time passed counts"),
        pytest.param([(0, "a"), (2, "a")], [0, 0], id="delay over"),
        pytest.param([(0, "a"), (0, "a"), (0, "a")], [0, 2, None], id="third would wait too long"),
        pytest.param(
            [(0, "a"), (0, "a"), (0, "a"), (2, "a")], [0, 2, None, 2], id="a refusal reserves nothing"
        ),
    ],
)
def test_starts_on_a_site_are_a_delay_apart(make_timed: Make, asks, waits) -> None:
    timed = make_timed()
    began, at = timed.now(), 0
    for (ask_at, site), wait_s in zip(asks, waits, strict=True):
        timed.advance(ask_at - at)
        at = ask_at
        try:
            granted = timed.gate.ask(site, 2, 2)
        except HostBusyError as busy:
            assert busy.wait_s > 2 and wait_s is None
        else:
            assert almost(granted, wait_s, timed, began + at)


@pytest.mark.parametrize(
    ("stopped_s", "after_s", "wait_s"),
    [(30, 0, 30), (30, 29, 1), (30, 30, 0), (0.5, 0, 2), (MAX_STOP_S * 10, 0, MAX_STOP_S)],
)
def test_a_stop_holds_the_site_and_never_shortens(make_timed: Make, stopped_s, after_s, wait_s) -> None:
    timed = make_timed()
    began = timed.now()
    timed.gate.ask("a", 2, 0)
    timed.gate.stop("a", stopped_s)
    timed.advance(after_s)
    assert timed.gate.ask("b", 2, 0) == 0
    assert almost(timed.gate.ask("a", 2, sys.float_info.max), wait_s, timed, began + after_s)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.floats(0, 5), st.sampled_from([0.5, 2, 10]), st.floats(0, 20)),
        max_size=60,
    )
)
def test_starts_are_never_closer_than_asked(make_timed: Make, asks) -> None:
    timed = make_timed()
    earliest = {"a": 0.0, "b": 0.0}
    for site, passed_s, delay_s, patience_s in asks:
        timed.advance(passed_s)
        before = timed.now()
        try:
            wait_s = timed.gate.ask(site, delay_s, patience_s)
        except HostBusyError as busy:
            assert busy.wait_s > patience_s
            continue
        assert wait_s <= patience_s
        assert timed.now() + wait_s >= earliest[site] - TICK_S
        earliest[site] = before + wait_s + delay_s


@pytest.mark.parametrize("patience_s", [0, 5])
def test_without_a_delay_everything_starts_at_once(make_timed: Make, patience_s) -> None:
    timed = make_timed()
    assert [timed.gate.ask("a", 0, patience_s) for _ in range(5)] == [0] * 5


def test_a_site_may_ask_for_more_time(make_timed: Make) -> None:
    timed = make_timed()
    timed.gate.slow("a", 10)
    timed.gate.slow("a", 5)
    began = timed.now()
    assert timed.gate.ask("a", 2, 0) == 0
    assert timed.gate.ask("b", 2, 0) == 0
    assert almost(timed.gate.ask("a", 30, 60), 10, timed, began)
    assert almost(timed.gate.ask("a", 2, 60), 40, timed, began)
    assert almost(timed.gate.ask("b", 2, 2), 2, timed, began)


class Remembered:
    """Stops that outlive a gate."""

    def __init__(self, **stops: float) -> None:
        self.kept = stops
        self.read = 0

    def stop(self, site: str, seconds: float) -> None:
        self.kept[site] = seconds

    def stops(self) -> dict[str, float]:
        self.read += 1
        return self.kept


def test_remembered_stops_hold_before_the_first_grant(make_timed: Make) -> None:
    timed = make_timed()
    memory = Remembered(a=30)
    timed.gate.remember(memory)
    assert timed.gate.ask("b", 2, 2) == 0
    with pytest.raises(HostBusyError) as busy:
        timed.gate.ask("a", 2, 2)
    assert 29 < busy.value.wait_s <= 30
    timed.gate.stop("b", 60)
    assert memory.kept == {"a": 30, "b": 60}
    assert memory.read == 1


def test_nothing_is_granted_while_stops_cannot_be_read(make_timed: Make) -> None:
    timed = make_timed()
    memory = Remembered(a=30)
    timed.gate.remember(Unreadable())
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            timed.gate.ask("a", 2, 2)
    timed.gate.remember(memory)
    with pytest.raises(HostBusyError):
        timed.gate.ask("a", 2, 2)


class Unreadable(Remembered):
    def stops(self) -> dict[str, float]:
        raise StoreUnavailableError("away")


def almost(wait_s: float, expected_s: float, timed: TimedGate, asked_at: float) -> bool:
    """Return whether the wait is as expected, less what time passed by itself since `asked_at`."""
    return expected_s - (timed.now() - asked_at) - TICK_S <= wait_s <= expected_s + TICK_S
