"""What closes a batch, who waits for it, and how much may wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.fakes import ManualClock
from tests.store.builders import document
from tests.store.builders import settlement as attempt
from worker.models import Claim, Settlement
from worker.store import batches
from worker.store.batches import BATCH, BATCH_CHARS, CAPACITY, CAPACITY_CHARS, Batches, chars_of

SOON_S = 10
"""What does not wait for anything has happened by then, on any machine."""


def settlement(chars: int = 0) -> Settlement:
    """A settlement with that much text, or without a document."""
    claim = Claim(entry_id="e", token="t", generation=1)
    if not chars:
        return attempt(claim)
    return attempt(claim, replace(document(), title="", summary=None, body="x" * chars))


@pytest.fixture
def endless(monkeypatch) -> None:
    """A window that closes by itself only long after the test."""
    monkeypatch.setattr(batches, "WINDOW_S", 3600)


def filled(*sizes: int, clock: ManualClock | None = None) -> Batches:
    queue = Batches(clock or ManualClock())
    for chars in sizes:
        queue.put(settlement(chars))
    return queue


@pytest.mark.usefixtures("endless")
@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        pytest.param([0] * BATCH, BATCH, id="full by count"),
        pytest.param([0] * (BATCH + 9), BATCH, id="more than one"),
        pytest.param([BATCH_CHARS // 2] * 2, 2, id="exactly full by size"),
        pytest.param([BATCH_CHARS // 2 + 1] * 2, 1, id="the next would be too much"),
        pytest.param([9, BATCH_CHARS], 1, id="a large one behind a small one"),
        pytest.param([2 * BATCH_CHARS, 1], 1, id="larger than a batch: alone"),
    ],
)
def test_a_full_batch_waits_for_nothing(sizes: list[int], expected: int) -> None:
    queue = filled(*sizes)
    assert len(queue.take()) == expected


@pytest.mark.usefixtures("endless")
@pytest.mark.parametrize("end", [Batches.hurry, Batches.close])
def test_a_stop_closes_the_window(end: Callable[[Batches], None]) -> None:
    queue = filled(0, 0)
    taken: list[int] = []
    taker = threading.Thread(target=lambda: taken.append(len(queue.take())), daemon=True)
    taker.start()
    taker.join(0.05)
    assert taken == []
    end(queue)
    taker.join(SOON_S)
    assert taken == [2]


@pytest.mark.usefixtures("endless")
def test_the_settlement_that_fills_the_batch_closes_the_window() -> None:
    queue = filled(*[0] * (BATCH - 1))
    taken: list[int] = []
    taker = threading.Thread(target=lambda: taken.append(len(queue.take())), daemon=True)
    taker.start()
    taker.join(0.05)
    assert taken == []
    queue.put(settlement())
    taker.join(SOON_S)
    assert taken == [BATCH]


def test_the_window_closes_by_itself() -> None:
    assert len(filled(0, 0).take()) == 2


@pytest.mark.usefixtures("endless")
def test_what_waited_while_the_store_was_busy_waits_no_longer() -> None:
    clock = ManualClock()
    queue = filled(0, 0, clock=clock)
    clock.sleep(3600)
    assert len(queue.take()) == 2


def test_a_closed_queue_gives_all_it_has_and_then_nothing() -> None:
    queue = filled(*[0] * (BATCH + 1))
    queue.close()
    assert [len(queue.take()) for _ in range(3)] == [BATCH, 1, 0]


@pytest.mark.parametrize(
    ("sizes", "one_more"),
    [
        pytest.param([0] * CAPACITY, 0, id="by count"),
        pytest.param([CAPACITY_CHARS // 2] * 2, 1, id="by size"),
        pytest.param([1], CAPACITY_CHARS, id="one that is larger than all the room"),
    ],
)
def test_the_queue_is_bounded(sizes: list[int], one_more: int) -> None:
    queue = filled(*sizes)
    putter = threading.Thread(target=lambda: queue.put(settlement(one_more)), daemon=True)
    putter.start()
    putter.join(0.05)
    assert putter.is_alive()
    queue.take()
    putter.join(SOON_S)
    assert not putter.is_alive()
    assert queue.unfinished == len(sizes) + 1


def test_one_that_is_larger_than_all_the_room_gets_in_alone() -> None:
    assert filled(2 * CAPACITY_CHARS).unfinished == 1


def test_a_stopped_queue_takes_nothing_and_frees_who_waits() -> None:
    queue = filled(*[0] * CAPACITY)
    answers: list[bool] = []
    putter = threading.Thread(target=lambda: answers.append(queue.put(settlement())), daemon=True)
    putter.start()
    putter.join(0.05)
    queue.stop()
    putter.join(SOON_S)
    assert answers == [False]
    assert not queue.put(settlement())
    assert queue.unfinished == CAPACITY


def test_text_is_title_summary_and_body() -> None:
    claim = Claim(entry_id="e", token="t", generation=1)
    assert chars_of(attempt(claim, document(title="123", summary="4567", body="89"))) == 9
    assert chars_of(attempt(claim)) == 0
