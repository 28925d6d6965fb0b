"""Each call of the store whose answer is lost: what it leaves behind, and that repeating it is safe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.fakes import ManualClock
from tests.store.builders import LEASE_S, NOW, A, B, claim_one, document, entry, feed, ingest, later, row_of
from tests.store.elasticsearch.wire import Wire
from worker.errors import StoreUnavailableError
from worker.models import EntryState, FeedState, Wait
from worker.store.base import Store

pytestmark = [pytest.mark.slow, pytest.mark.services]

AFTER_LEASE = later(16)


@pytest.fixture
def lose(connect) -> Callable[[Callable[[Store], Any]], Store]:
    """Make a call that writes at once and whose answer is lost; return the store it was made on."""

    def lose(call: Callable[[Store], Any]) -> Store:
        store = connect(Wire(lose_at=1))
        with pytest.raises(StoreUnavailableError, match="did not answer"):
            call(store)
        return store

    return lose


def test_claim_costs_a_lease(ready, lose) -> None:
    ready.entries.admit(A, [entry()], NOW)
    store = lose(lambda store: store.entries.claim(["entry-1"], NOW, LEASE_S))
    assert row_of(ready).wait is Wait.LEASE
    assert store.entries.claim(["entry-1"], NOW, LEASE_S) == []
    assert claim_one(store, now=AFTER_LEASE)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_claim_that_a_proxy_did_not_answer_is_asked_again_and_won(ready, connect, status: int) -> None:
    ready.entries.admit(A, [entry()], NOW)
    store = connect(Wire(lose_at=1, gateway=status), ManualClock())
    claim = claim_one(store)
    assert store.entries.start(claim) == row_of(ready)


def test_claim_sent_again_takes_nothing_back_from_its_next_owner(ready, connect) -> None:
    """Between the two, its lease has ended and another has claimed the row."""
    ready.entries.admit(A, [entry()], NOW)
    claimed = []

    class Overtaken(ManualClock):
        def sleep(self, seconds: float) -> None:
            claimed.append(claim_one(ready, now=AFTER_LEASE))

    store = connect(Wire(lose_at=1, gateway=504), Overtaken())
    assert store.entries.claim(["entry-1"], NOW, LEASE_S) == []
    assert ready.entries.start(claimed[0])


def test_unclaim_repeated_does_nothing(ready, lose) -> None:
    ready.entries.admit(A, [entry()], NOW)
    claim = claim_one(ready)
    store = lose(lambda store: store.entries.unclaim([claim], later(1)))
    before = row_of(ready)
    assert (before.claim, before.due_at) == (None, later(1))
    assert store.entries.unclaim([claim], later(2)) == 0
    assert row_of(ready) == before


def test_defer_repeated_does_nothing(ready, lose) -> None:
    ready.entries.admit(A, [entry()], NOW)
    claim = claim_one(ready)
    options = {"due_at": later(5), "wait": Wait.RETRY, "attempts": 1, "reason": "timeout"}
    store = lose(lambda store: store.entries.defer(claim, **options))
    before = row_of(ready)
    assert (before.claim, before.due_at, before.attempts) == (None, later(5), 1)
    assert not store.entries.defer(claim, **options | {"attempts": 2})
    assert row_of(ready) == before


def test_admit_repeated_finds_the_rows_known(ready, lose) -> None:
    store = lose(lambda store: store.entries.admit(A, [entry("1"), entry("2")], NOW))
    before = row_of(ready)
    again = store.entries.admit(A, [entry("1"), entry("2")], later(1))
    assert (again.new, again.changed, again.known) == ((), (), 2)
    assert row_of(ready) == before


def test_admit_repeated_makes_no_second_generation(ready, lose) -> None:
    ready.entries.admit(A, [entry()], NOW)
    store = lose(lambda store: store.entries.admit(A, [entry(title="New")], later(31)))
    store.entries.admit(A, [entry(title="New")], later(70))
    assert row_of(ready).generation == 2


@pytest.mark.parametrize("lost", [1, 2], ids=["of the article", "of the row"])
def test_an_article_knows_a_feed_that_came_later(ready, connect, lost: int) -> None:
    ready.entries.admit(A, [entry()], NOW)
    ingest(ready, document())
    store = connect(Wire(lose_at=lost))
    with pytest.raises(StoreUnavailableError):
        store.entries.admit(B, [entry("1", B)], NOW)
    store.entries.admit(B, [entry("1", B)], later(1))
    assert set(row_of(ready).feed_ids) == set(ready.articles.get(document().article_id).feed_ids) == {A, B}


def test_claim_due_costs_a_lease(ready, es, lose, prefix: str) -> None:
    es.indices.refresh(index=f"{prefix}-feeds")
    store = lose(lambda store: store.feeds.claim_due(NOW, 10, LEASE_S))
    es.indices.refresh(index=f"{prefix}-feeds")
    assert store.feeds.claim_due(NOW, 10, LEASE_S) == []
    assert {each.feed_id for each in store.feeds.claim_due(AFTER_LEASE, 10, LEASE_S)} == {A, B}


def test_update_repeated_changes_nothing_more(ready, lose) -> None:
    changes = {"etag": "e", "next_poll_at": later(30)}
    store = lose(lambda store: store.feeds.update(A, changes))
    before = ready.feeds.get(A)
    assert (before.etag, before.next_poll_at) == ("e", later(30))
    store.feeds.update(A, changes)
    assert ready.feeds.get(A) == before


def test_add_repeated_finds_the_feed_known(ready, lose) -> None:
    store = lose(lambda store: store.feeds.add([feed("c")]))
    assert store.feeds.add([feed("c")]) == []
    assert ready.feeds.get(feed("c").feed_id) == feed("c")


@pytest.mark.parametrize("call", ["retry", "admit_anyway"])
def test_retry_repeated_makes_no_second_generation(ready, lose, call: str) -> None:
    ready.entries.admit(A, [entry()], NOW)
    ingest(ready, document())
    store = lose(lambda store: getattr(store.entries, call)(["entry-1"], later(1)))
    before = row_of(ready)
    assert (before.state, before.generation) == (EntryState.PENDING, 2)
    assert getattr(store.entries, call)(["entry-1"], later(2)) == 0
    assert row_of(ready) == before


def test_hold_and_release_repeated_do_nothing_more(ready, lose) -> None:
    ready.entries.admit(A, [entry()], NOW)
    ready.feeds.update(A, {"state": FeedState.PAUSED})
    lose(lambda store: store.entries.hold(A))
    assert row_of(ready).due_at is None
    assert ready.entries.hold(A) == 0
    ready.feeds.update(A, {"state": FeedState.ACTIVE})
    lose(lambda store: store.entries.release(A, later(1)))
    assert ready.entries.release(A, later(2)) == 0
    assert row_of(ready).due_at == later(1)


def test_feed_removed_repeated_ends_nothing_more(ready, lose) -> None:
    ready.entries.admit(A, [entry()], NOW)
    ready.feeds.remove(A)
    store = lose(lambda store: store.entries.feed_removed(A, later(1)))
    before = row_of(ready)
    assert before.reason == "feed_removed"
    assert store.entries.feed_removed(A, later(2)) == 0
    assert row_of(ready) == before
