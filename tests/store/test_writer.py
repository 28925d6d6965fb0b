"""The writer: batches, order, back-off while the store is away, and a bug that costs only its row."""

from __future__ import annotations

import threading

import pytest

from tests.fakes import FlakyStore, ManualClock
from worker.errors import ArchiveUnavailableError, StoreUnavailableError
from worker.models import Claim, Outcome, OutcomeKind, Settlement, Timings
from worker.store import batches
from worker.store.batches import BATCH, CAPACITY
from worker.store.writer import FIRST_PAUSE_S, POLL_S, STOP_GRACE_S, Writer


def settlement(name: str, total_ms: int = 5) -> Settlement:
    outcome = Outcome(kind=OutcomeKind.REJECTED, reason="not_found", timings=Timings(total_ms=total_ms))
    return Settlement(claim=Claim(entry_id=name, token="t", generation=1), outcome=outcome)


class Told:
    """Remembers what the writer reported."""

    def __init__(self):
        self.settled, self.bugs = [], []

    def on_settled(self, settlement, settled):
        self.settled.append((settlement.claim.entry_id, settled))

    def on_bug(self, settlement, error):
        self.bugs.append((settlement.claim.entry_id, type(error).__name__))


@pytest.fixture
def told():
    return Told()


def start(store, told, clock=None, **hooks) -> Writer:
    return Writer(store, clock or ManualClock(), told.on_settled, told.on_bug, **hooks)


def test_everything_submitted_is_settled_in_order(told):
    store = FlakyStore()
    writer = start(store, told)
    names = [f"e{n}" for n in range(2 * BATCH + 7)]
    for name in names:
        writer.submit(settlement(name))
    assert writer.drain() == 0
    assert [name for name, _ in told.settled] == names
    assert writer.is_idle()


def test_what_waits_together_is_settled_together_up_to_the_batch_size(told):
    store = FlakyStore()
    store.gate.clear()
    writer = start(store, told)
    for n in range(BATCH + 50):
        writer.submit(settlement(f"e{n}"))
    store.gate.set()
    writer.drain()
    assert max(len(batch) for batch in store.batches) == BATCH
    assert len(store.batches) <= 3


def test_an_unavailable_store_is_tried_again_with_doubling_pauses_and_nothing_is_lost(told):
    clock = ManualClock()
    store = FlakyStore([StoreUnavailableError("disk full")] * 4)
    writer = start(store, told, clock)
    writer.submit(settlement("a"))
    while not writer.is_idle():
        pass
    writer.drain()
    assert sum(clock.slept) == pytest.approx(0.5 + 1 + 2 + 4, abs=0.5)
    assert store.batches == [["a"]]


def test_what_outcomes_point_to_is_durable_before_they_are_written(told):
    store = FlakyStore()
    store.gate.clear()
    settled_before: list[int] = []
    writer = start(store, told, make_durable=lambda: settled_before.append(len(store.batches)))
    for n in range(3 * BATCH):
        writer.submit(settlement(f"e{n}"))
    store.gate.set()
    assert writer.drain() == 0
    assert settled_before == list(range(len(store.batches))), "once for each batch, before it"


def test_an_archive_that_is_away_holds_up_outcomes_and_loses_none(told):
    clock, store = ManualClock(), FlakyStore()
    failures = [ArchiveUnavailableError(detail="the disk is full")] * 3

    def make_durable():
        if failures:
            assert store.batches == []
            raise failures.pop()

    writer = start(store, told, clock, make_durable=make_durable)
    writer.submit(settlement("a"))
    while not writer.is_idle():
        pass
    writer.drain()
    assert store.batches == [["a"]]
    assert sum(clock.slept) == pytest.approx(0.5 + 1 + 2, abs=0.5)


def test_a_stop_gives_up_after_its_grace_and_says_how_many_are_left(told):
    store = FlakyStore([StoreUnavailableError("gone")] * 1000)
    store.gate.clear()
    writer = start(store, told)
    for name in ("a", "b"):
        writer.submit(settlement(name))
    writer.hurry(grace_s=60)
    store.gate.set()
    assert writer.drain() == 2
    assert told.settled == []
    with pytest.raises(StoreUnavailableError, match="stopped"):
        writer.submit(settlement("late"))


def test_a_stop_cuts_a_long_pause_short(told):
    clock = ManualClock()
    store = FlakyStore([StoreUnavailableError("disk full")] * 7)
    writer = start(store, told, clock)
    writer.submit(settlement("a"))
    while sum(clock.slept) < 40:
        pass
    at_stop = clock.monotonic()
    writer.hurry()
    assert writer.drain() == 0
    assert clock.monotonic() - at_stop < 3


def test_a_stop_while_tasks_still_submit_loses_none_of_them(told):
    writer = start(FlakyStore(), told)
    writer.hurry(grace_s=0)
    for n in range(5):
        writer.submit(settlement(f"e{n}"))
    assert writer.drain() == 0
    assert len(told.settled) == 5


def test_a_bug_costs_only_its_own_row(told):
    store = FlakyStore(poison=frozenset({"bad"}))
    store.gate.clear()
    writer = start(store, told)
    for name in ("a", "bad", "b"):
        writer.submit(settlement(name))
    store.gate.set()
    writer.drain()
    assert sorted(name for name, _ in told.settled) == ["a", "b"]
    assert told.bugs == [("bad", "ZeroDivisionError")]


@pytest.mark.parametrize(("refusals", "state"), [(1, "finished"), (2, "finished"), (3, "refused")])
def test_a_refused_document_is_settled_again_and_at_last_left_to_its_lease(told, refusals, state):
    writer = start(FlakyStore(refusals={"b": refusals}), told)
    for name in ("a", "b", "c"):
        writer.submit(settlement(name))
    assert writer.drain() == 0
    assert {name: settled.state.value for name, settled in told.settled} == {
        "a": "finished",
        "b": state,
        "c": "finished",
    }


def test_time_in_the_queue_is_part_of_the_timings(told):
    clock = ManualClock()
    store = FlakyStore([StoreUnavailableError("busy")])
    writer = start(store, told, clock)
    writer.submit(settlement("a", total_ms=5))
    writer.drain()
    timings = told.settled[0][1].outcome.timings
    assert timings.write_ms is not None
    assert timings.total_ms == 5 + timings.write_ms


def test_a_full_queue_blocks_the_tasks_until_the_store_takes_more(told):
    store = FlakyStore()
    store.gate.clear()
    writer = start(store, told)
    names = [f"e{n}" for n in range(CAPACITY + 2 * BATCH)]
    tasks = threading.Thread(target=lambda: [writer.submit(settlement(name)) for name in names])
    tasks.start()
    tasks.join(0.2)
    assert tasks.is_alive()
    store.gate.set()
    tasks.join(10)
    assert writer.drain() == 0
    assert [name for name, _ in told.settled] == names


def test_a_drain_waits_for_a_store_that_stays_away_no_longer_than_its_grace(told):
    clock, store = ManualClock(), FlakyStore([StoreUnavailableError("gone")] * 1000)
    store.gate.clear()
    writer = start(store, told, clock)
    for n in range(2 * BATCH):
        writer.submit(settlement(f"e{n}"))
    writer.hurry()
    store.gate.set()
    assert writer.drain() == 2 * BATCH
    assert STOP_GRACE_S <= clock.monotonic() <= STOP_GRACE_S + FIRST_PAUSE_S + 2 * POLL_S


def test_what_a_store_that_gave_in_again_left_is_settled_within_the_grace(told):
    clock = ManualClock()
    writer = start(FlakyStore([StoreUnavailableError("busy")] * 5), told, clock)
    for n in range(2 * BATCH):
        writer.submit(settlement(f"e{n}"))
    assert writer.drain() == 0
    assert len(told.settled) == 2 * BATCH


def test_giving_up_frees_the_tasks_that_wait_for_room(told):
    store = FlakyStore([StoreUnavailableError("gone")] * 1000)
    store.gate.clear()
    writer = start(store, told)
    refused = []

    def task():
        try:
            for n in range(CAPACITY + 2 * BATCH):
                writer.submit(settlement(f"e{n}"))
        except StoreUnavailableError:
            refused.append(n)

    tasks = threading.Thread(target=task)
    tasks.start()
    tasks.join(0.2)
    writer.hurry(grace_s=5)
    store.gate.set()
    tasks.join(10)
    assert len(refused) == 1


def test_tasks_that_end_at_about_the_same_time_share_a_request(told, monkeypatch):
    monkeypatch.setattr(batches, "WINDOW_S", 60)
    store = FlakyStore()
    writer = start(store, told)
    for name in ("a", "b", "c"):
        writer.submit(settlement(name))
    writer.hurry()
    writer.drain()
    assert store.batches == [["a", "b", "c"]]
