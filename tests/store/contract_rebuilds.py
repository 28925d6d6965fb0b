"""The record of a rebuild, from which any machine goes on with it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from tests.store.builders import LEASE_S, NOW, later
from worker.models import Phase, Rebuild, Slice
from worker.store.base import Store

AFTER_LEASE = later(LEASE_S / 60 + 1)
SLICES = [Slice(slice_id="0", before="8"), Slice(slice_id="1", after="8", cursor="8")]


def rebuild(rebuild_id: str = "r1", **fields: Any) -> Rebuild:
    known: dict[str, Any] = {"source": "archive", "from_version": "1", "to_version": "2", "started_at": NOW}
    return Rebuild(rebuild_id=rebuild_id, **{**known, **fields})


class TestRebuilds:
    def test_there_is_none_at_first(self, store: Store) -> None:
        assert (store.rebuilds.get(), store.rebuilds.slices()) == (None, [])
        assert store.rebuilds.claim_slice(NOW, LEASE_S, "t") is None
        assert not store.rebuilds.save_slice(replace(SLICES[0], claim="t"), NOW, LEASE_S)
        assert not store.rebuilds.update("r1", {"rate": 1.0}, if_phase=Phase.COPYING)

    def test_what_was_begun_is_kept_for_all(self, store: Store, make_store: Callable[[], Store]) -> None:
        full = rebuild(
            only=("tags",), selection={"where": "minsk", "languages": ["be"], "stale": True}, rate=12.5,
            extractor_version="e", tagger_version="t", total=2000, said={"gained": 3}, ended_at=later(1),
        )  # fmt: skip
        assert store.rebuilds.begin(full, SLICES)
        other = make_store()
        assert (other.rebuilds.get(), other.rebuilds.slices()) == (full, SLICES)

    @pytest.mark.parametrize("phase", Phase)
    def test_one_at_a_time(self, store: Store, phase: Phase) -> None:
        assert store.rebuilds.begin(rebuild(phase=phase), SLICES)
        is_over = phase in {Phase.CANCELLED, Phase.CLEANED}
        assert store.rebuilds.begin(rebuild("r2"), SLICES[:1]) == is_over
        found = store.rebuilds.get()
        assert found
        assert found.rebuild_id == ("r2" if is_over else "r1")
        assert store.rebuilds.slices() == (SLICES[:1] if is_over else SLICES)

    def test_of_several_at_once_one_begins(self, store: Store, make_store: Callable[[], Store]) -> None:
        stores = [make_store() for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            began = list(pool.map(lambda n: stores[n].rebuilds.begin(rebuild(f"r{n}"), SLICES), range(4)))
        assert began.count(True) == 1
        found = store.rebuilds.get()
        assert found
        assert found.rebuild_id == f"r{began.index(True)}"
        assert store.rebuilds.slices() == SLICES

    def test_a_change_is_made_in_its_phase_only(self, store: Store) -> None:
        store.rebuilds.begin(rebuild(), SLICES)
        changes = {"phase": Phase.COPIED, "said": {"carried": 7}, "rate": None}
        assert not store.rebuilds.update("r2", changes, if_phase=Phase.COPYING)
        assert not store.rebuilds.update("r1", changes, if_phase=Phase.COPIED)
        assert store.rebuilds.get() == rebuild()
        assert store.rebuilds.update("r1", changes, if_phase=Phase.COPYING)
        assert not store.rebuilds.update("r1", {"rate": 1.0}, if_phase=Phase.COPYING)
        assert store.rebuilds.get() == rebuild(phase=Phase.COPIED, said={"carried": 7})

    def test_slices_are_claimed_one_by_one(self, store: Store) -> None:
        store.rebuilds.begin(rebuild(), SLICES)
        held = {"due_at": later(LEASE_S / 60), "claimed_at": NOW}
        first = store.rebuilds.claim_slice(NOW, LEASE_S, "x")
        assert first == replace(SLICES[0], claim="x", **held)
        assert store.rebuilds.claim_slice(NOW, LEASE_S, "y") == replace(SLICES[1], claim="y", **held)
        assert store.rebuilds.claim_slice(NOW, LEASE_S, "z") is None

    def test_of_several_at_once_each_gets_another(
        self, store: Store, make_store: Callable[[], Store]
    ) -> None:
        store.rebuilds.begin(rebuild(), [Slice(slice_id=str(n)) for n in range(6)])
        stores = [make_store() for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            won = list(pool.map(lambda n: stores[n].rebuilds.claim_slice(NOW, LEASE_S, f"t{n}"), range(4)))
        ids = [each.slice_id for each in won if each]
        assert len(set(ids)) == len(ids) == 4

    def test_progress_is_kept_and_the_lease_goes_on(self, store: Store) -> None:
        store.rebuilds.begin(rebuild(), SLICES[:1])
        part = store.rebuilds.claim_slice(NOW, LEASE_S, "x")
        assert part
        come = replace(part, cursor="3f", seen=40, counts={"carried": 39, "gone": 1})
        assert store.rebuilds.save_slice(come, later(10), LEASE_S)
        kept = replace(come, due_at=later(10 + LEASE_S / 60), saved_at=later(10))
        assert store.rebuilds.slices() == [kept]
        assert store.rebuilds.claim_slice(AFTER_LEASE, LEASE_S, "y") is None

    def test_another_goes_on_where_the_lease_ended(self, store: Store) -> None:
        store.rebuilds.begin(rebuild(), SLICES[:1])
        part = store.rebuilds.claim_slice(NOW, LEASE_S, "x")
        assert part
        part = replace(part, cursor="3f", seen=40, counts={"carried": 40})
        store.rebuilds.save_slice(part, NOW, LEASE_S)
        other = store.rebuilds.claim_slice(AFTER_LEASE, LEASE_S, "y")
        assert other
        assert (other.cursor, other.seen, other.seen_at_claim, other.counts) == (
            "3f",
            40,
            40,
            {"carried": 40},
        )
        assert not store.rebuilds.save_slice(replace(part, cursor="4f"), AFTER_LEASE, LEASE_S)
        assert store.rebuilds.slices() == [other]

    def test_what_waits_for_an_upload_is_kept_and_parks_the_slice(self, store: Store) -> None:
        store.rebuilds.begin(rebuild(), SLICES[:1])
        part = store.rebuilds.claim_slice(NOW, LEASE_S, "x")
        assert part
        parked = replace(part, cursor="3f", walked=True, waiting=("1" * 32, "2" * 32))
        assert store.rebuilds.save_slice(parked, NOW, LEASE_S)
        (kept,) = store.rebuilds.slices()
        assert (kept.waiting, kept.walked, kept.done) == (("1" * 32, "2" * 32), True, False)
        assert not kept.is_at_work(NOW)
        again = store.rebuilds.claim_slice(AFTER_LEASE, LEASE_S, "y")
        assert again
        assert (again.waiting, again.walked) == (kept.waiting, True)
        assert store.rebuilds.save_slice(replace(again, waiting=(), done=True), AFTER_LEASE, LEASE_S)
        assert store.rebuilds.slices()[0].waiting == ()

    def test_a_slice_that_is_done_is_held_no_more(self, store: Store) -> None:
        store.rebuilds.begin(rebuild(), SLICES[:1])
        part = store.rebuilds.claim_slice(NOW, LEASE_S, "x")
        assert part
        assert store.rebuilds.save_slice(replace(part, done=True, seen=9), later(1), LEASE_S)
        (kept,) = store.rebuilds.slices()
        assert (kept.done, kept.claim, kept.due_at, kept.seen) == (True, None, None, 9)
        assert store.rebuilds.claim_slice(AFTER_LEASE, LEASE_S, "y") is None
        assert not store.rebuilds.save_slice(replace(part, cursor="9"), later(2), LEASE_S)

    @pytest.mark.parametrize("phase", [Phase.COPIED, Phase.CANCELLED])
    def test_once_copying_is_over_no_slice_is_worked_on(self, store: Store, phase: Phase) -> None:
        store.rebuilds.begin(rebuild(), SLICES)
        part = store.rebuilds.claim_slice(NOW, LEASE_S, "x")
        assert part
        store.rebuilds.update("r1", {"phase": phase}, if_phase=Phase.COPYING)
        assert not store.rebuilds.save_slice(part, NOW, LEASE_S)
        assert store.rebuilds.claim_slice(NOW, LEASE_S, "y") is None

    def test_what_the_dead_held_is_given_back(self, store: Store) -> None:
        store.rebuilds.begin(rebuild(), [*SLICES, Slice(slice_id="2", after="c", cursor="c")])
        first = store.rebuilds.claim_slice(NOW, LEASE_S, "x")
        second = store.rebuilds.claim_slice(NOW, LEASE_S, "y")
        assert first and second
        come = replace(first, cursor="3f", seen=40, counts={"carried": 40})
        store.rebuilds.save_slice(come, NOW, LEASE_S)
        store.rebuilds.save_slice(replace(second, done=True), NOW, LEASE_S)
        assert store.rebuilds.release() == 1
        assert not store.rebuilds.save_slice(come, NOW, LEASE_S)
        again = store.rebuilds.claim_slice(NOW, LEASE_S, "z")
        assert again
        assert (again.slice_id, again.cursor, again.seen, again.claim) == ("0", "3f", 40, "z")
        assert [part.done for part in store.rebuilds.slices()] == [False, True, False]

    @pytest.mark.parametrize("phase", [Phase.COPIED, Phase.CANCELLED])
    def test_once_copying_is_over_nothing_is_given_back(self, store: Store, phase: Phase) -> None:
        assert store.rebuilds.release() == 0
        store.rebuilds.begin(rebuild(), SLICES)
        store.rebuilds.claim_slice(NOW, LEASE_S, "x")
        store.rebuilds.update("r1", {"phase": phase}, if_phase=Phase.COPYING)
        assert store.rebuilds.release() == 0
        assert [part.claim for part in store.rebuilds.slices()] == ["x", None]
