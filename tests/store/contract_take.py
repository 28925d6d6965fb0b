"""What every store must do for pages that came otherwise than by a fetch: imports, and rows taken for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.store.builders import (
    HOPED,
    LEASE_S,
    NOW,
    A,
    B,
    claim_one,
    document,
    entry,
    feed,
    ingest,
    later,
    rejected,
    row_of,
    settlement,
)
from worker.models import (
    ArchiveLocation,
    Claim,
    EntryState,
    Feed,
    FeedState,
    OutcomeKind,
    SettledState,
    Wait,
)
from worker.store.base import Store

UNTIL = NOW + timedelta(seconds=LEASE_S)
I = feed("i").feed_id  # noqa: E741 - beside the feeds A and B, the import


@pytest.fixture
def imports(store: Store) -> Feed:
    made = feed("i", state=FeedState.IMPORTED)
    store.feeds.add([made])
    return made


def take_one(store: Store, name: str = "1", minutes: float = 0) -> Claim:
    (claim,) = store.entries.take([f"entry-{name}"], later(minutes), LEASE_S)
    return claim


@pytest.mark.usefixtures("imports")
class TestImports:
    def test_nothing_is_polled_for_an_import(self, store: Store) -> None:
        assert {each.feed_id for each in store.feeds.claim_due(later(9999), 10, LEASE_S)} == {A, B}
        assert store.feeds.poll_now(later(9999)) == 2

    def test_its_entries_are_held(self, store: Store) -> None:
        store.entries.admit(I, [entry("1", I)], NOW)
        row = row_of(store)
        assert (row.state, row.due_at, row.feed_ids) == (EntryState.PENDING, None, (I,))
        assert store.entries.due(later(9999), 10, 10) == []
        assert store.entries.claim(["entry-1"], later(9999), LEASE_S) == []
        assert store.entries.waiting()["held"] == 1

    def test_a_retried_one_is_held_too(self, store: Store) -> None:
        store.entries.admit(I, [entry("1", I)], NOW)
        store.settle([rejected(take_one(store))], NOW)
        assert store.entries.retry(["entry-1"], later(1)) == 1
        assert row_of(store).due_at is None

    def test_a_held_entry_that_a_feed_lists_is_due(self, store: Store) -> None:
        store.entries.admit(I, [entry("1", I)], NOW)
        claim = take_one(store)
        store.entries.admit(A, [entry()], later(1))
        assert row_of(store).due_at == later(1)
        claim_one(store, now=later(1))
        assert store.settle([settlement(claim, document())], later(1))[0].state is SettledState.STALE

    @pytest.mark.parametrize("minutes", [1, 31], ids=["at its first listing", "or at a later one"])
    def test_an_import_gives_way_to_the_feed_that_lists_its_entry(self, store: Store, minutes: int) -> None:
        store.entries.admit(I, [entry("1", I, title="")], NOW)
        store.settle([settlement(take_one(store), document("1", I))], NOW)
        store.entries.admit(A, [entry()], later(minutes))
        store.entries.admit(A, [entry()], later(32 + minutes))
        row = row_of(store)
        assert (row.entry.feed_id, row.entry.title, row.generation) == (A, "Title", 2)
        assert row.feed_ids == tuple(sorted((A, I)))
        assert row.due_at

    def test_a_feed_does_not_give_way_to_an_import(self, store: Store) -> None:
        store.entries.admit(A, [entry()], NOW)
        ingest(store, document())
        assert store.entries.admit(I, [entry("1", I, title="")], later(60)).known == 1
        row = row_of(store)
        assert (row.entry.feed_id, row.entry.title, row.generation) == (A, "Title", 1)

    def test_one_import_does_not_give_way_to_another(self, store: Store) -> None:
        other = feed("j", state=FeedState.IMPORTED)
        store.feeds.add([other])
        store.entries.admit(I, [entry("1", I, title="")], NOW)
        store.settle([rejected(take_one(store))], NOW)
        store.entries.admit(other.feed_id, [entry("1", other.feed_id, title="x")], later(60))
        assert (row_of(store).entry.feed_id, row_of(store).generation) == (I, 1)

    def test_what_is_left_of_an_import_ends_with_it(self, store: Store) -> None:
        store.entries.admit(I, [entry("1", I)], NOW)
        store.feeds.remove(I)
        assert store.entries.feed_removed(I, NOW) == 1


@pytest.mark.usefixtures("imports")
class TestTake:
    def test_a_held_row_stays_held(self, store: Store) -> None:
        store.entries.admit(I, [entry("1", I)], NOW)
        claim = take_one(store)
        row = row_of(store)
        assert (row.claim, row.generation, claim.generation) == (claim.token, 1, 1)
        assert (row.wait, row.due_at) == (Wait.LEASE, None)
        assert store.entries.start(claim) == row

    def test_whoever_takes_a_held_row_last_has_it(self, store: Store) -> None:
        store.entries.admit(I, [entry("1", I)], NOW)
        killed, again = take_one(store), take_one(store)
        assert store.settle([settlement(killed, document())], NOW)[0].state is SettledState.STALE
        assert store.settle([settlement(again, document())], NOW)[0].state is SettledState.FINISHED

    def test_a_service_that_starts_takes_the_claim_away(self, store: Store) -> None:
        store.entries.admit(I, [entry("1", I)], NOW)
        lost = take_one(store)
        assert store.entries.release_claims(NOW) == 1
        assert row_of(store).due_at is None
        assert store.settle([settlement(lost, document())], NOW)[0].state is SettledState.STALE
        assert take_one(store)

    def test_a_done_row_begins_a_generation(self, store: Store) -> None:
        store.entries.admit(A, [entry()], NOW)
        store.entries.finish([rejected(claim_one(store), "not_found")], NOW)
        claim = take_one(store, minutes=1)
        row = row_of(store)
        assert (claim.generation, row.generation, row.state) == (2, 2, EntryState.PENDING)
        assert (row.outcome, row.reason, row.done_at, row.admitted_at) == (None, None, None, later(1))
        assert (row.claim, row.wait, row.due_at) == (
            claim.token,
            Wait.LEASE,
            UNTIL + timedelta(minutes=1),
        )
        assert store.settle([settlement(claim, document())], later(1))[0].state is SettledState.FINISHED

    def test_the_lease_brings_a_feeds_row_back(self, store: Store) -> None:
        store.entries.admit(A, [entry()], NOW)
        ingest(store, document())
        take_one(store)
        assert [row.entry_id for row in store.entries.due(UNTIL, 10, 10)] == ["entry-1"]
        assert store.entries.take(["entry-1"], UNTIL, LEASE_S) == []

    @pytest.mark.parametrize("wait", [None, Wait.LEASE, Wait.RETRY], ids=["due", "claimed", "retried later"])
    def test_not_what_a_worker_is_to_fetch(self, store: Store, wait: Wait | None) -> None:
        store.entries.admit(A, [entry()], NOW)
        if wait:
            claim = claim_one(store)
        if wait is Wait.RETRY:
            store.entries.defer(claim, due_at=later(60), wait=wait, attempts=1, reason="timeout")
        before = row_of(store)
        assert store.entries.take(["entry-1", "entry-2"], NOW, LEASE_S) == []
        assert row_of(store) == before

    def test_an_older_page_overwrites_nothing_newer(self, store: Store) -> None:
        store.entries.admit(A, [entry()], NOW)
        ingest(store, document())
        old = replace(document(body="Old body"), fetched_at=later(-60))
        (settled,) = store.settle([settlement(take_one(store), old)], later(1))
        assert settled.outcome
        assert settled.outcome.kind is OutcomeKind.DUPLICATE
        found = store.articles.get(document().article_id)
        assert found
        assert (found.body, found.fetched_at) == ("Some body", NOW)

    def test_when_its_page_was_fetched_is_kept(self, store: Store) -> None:
        store.entries.admit(I, [entry("1", I)], NOW)
        said = replace(HOPED, fetched_at=later(-99))
        store.settle([settlement(take_one(store), document(), outcome=said)], NOW)
        assert row_of(store).fetched_at == later(-99)
        take_one(store)
        assert row_of(store).fetched_at == later(-99)


class TestFiles:
    def finish(self, store: Store, name: str, file: str) -> None:
        store.entries.admit(A, [entry(name)], NOW)
        place = ArchiveLocation(file=file, offset=0, length=1)
        said = replace(rejected(claim_one(store, f"entry-{name}")).outcome, archive=place)
        store.settle([settlement(_claim_of(store, name), outcome=said)], NOW)

    def test_files_that_pending_rows_point_to(self, store: Store) -> None:
        for name in "123":
            self.finish(store, name, f"{name}.warc.gz")
        store.entries.admit(A, [entry("4")], NOW)
        assert store.entries.files() == set()
        store.entries.retry(["entry-1", "entry-2"], NOW)
        assert store.entries.files() == {"1.warc.gz", "2.warc.gz"}


def _claim_of(store: Store, name: str) -> Claim:
    row = row_of(store, f"entry-{name}")
    return Claim(entry_id=row.entry.entry_id, token=row.claim or "", generation=row.generation)
