"""What every store must do with the ledger: one test for each line of its protocol.

This and the other `contract_*.py` are written against `worker.store.base` only; `test_contract.py`
runs them for each backend of `conftest.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.store.builders import (
    LEASE_S,
    NOW,
    A,
    B,
    claim_one,
    document,
    entry,
    ingest,
    later,
    rejected,
    row_of,
    settlement,
)
from worker.models import (
    Entry,
    EntryState,
    FeedState,
    LedgerRow,
    OutcomeKind,
    SettledState,
    Settlement,
    Wait,
)
from worker.store.base import Store

AFTER_LEASE = NOW + timedelta(seconds=LEASE_S + 1)


class TestAdmission:
    def test_a_new_entry_is_pending_and_due(self, store: Store) -> None:
        full = entry(
            canonical_url="https://news.example/c", guid="g", summary="s", authors=("x", "y"), section="sport",
            image_url="https://news.example/i.png", language="en", published_at=NOW, updated_at=later(1),
        )  # fmt: skip
        admission = store.entries.admit(A, [full], NOW)
        assert (admission.new, admission.changed, admission.known) == (("entry-1",), (), 0)
        expected = LedgerRow(
            entry=full, feed_ids=(A,), due_at=NOW, first_seen_at=NOW, listed_at=NOW, admitted_at=NOW
        )
        assert row_of(store) == expected
        assert [due.entry_id for due in store.entries.due(NOW, 10, 10)] == ["entry-1"]

    def test_an_entry_that_says_nothing_comes_back(self, store: Store) -> None:
        bare = Entry(entry_id="entry-1", feed_id=A, url=None)
        store.entries.admit(A, [bare], NOW)
        assert row_of(store).entry == bare

    def test_listed_again_is_known(self, store: Store) -> None:
        store.entries.admit(A, [entry()], NOW)
        before = row_of(store)
        assert store.entries.admit(A, [entry()], later(60)).known == 1
        assert row_of(store) == before

    def test_listed_at_is_written_once_a_day(self, store: Store) -> None:
        store.entries.admit(A, [entry()], NOW)
        seen = []
        for hours in (1, 23, 24, 47, 48):
            store.entries.admit(A, [entry()], later(hours * 60))
            seen.append(row_of(store).listed_at)
        assert seen == [NOW, NOW, later(24 * 60), later(24 * 60), later(48 * 60)]

    def test_two_feeds_with_different_titles_never_refetch_in_turn(self, store: Store) -> None:
        store.entries.admit(A, [entry(title="by a")], NOW)
        ingest(store, document())
        for hours in range(1, 6):
            assert (
                store.entries.admit(B, [entry("1", B, title=f"by b {hours}")], later(60 * hours)).changed
                == ()
            )
            assert store.entries.admit(A, [entry(title="by a")], later(60 * hours)).changed == ()
        row = row_of(store)
        assert (row.state, row.generation, row.feed_ids) == (EntryState.DONE, 1, tuple(sorted((A, B))))

    def test_a_change_is_a_new_generation_and_due(self, store: Store) -> None:
        store.entries.admit(A, [entry()], NOW)
        outcome = ingest(store, document())
        assert store.entries.admit(A, [entry(title="New")], later(30)).changed == ("entry-1",)
        row = row_of(store)
        assert (row.state, row.generation, row.outcome, row.done_at) == (EntryState.PENDING, 2, None, None)
        assert (row.due_at, row.entry.title, row.admitted_at) == (later(30), "New", later(30))
        assert row.article_id == outcome.article_id

    def test_changes_are_30_minutes_apart_and_a_nearer_one_is_not_forgotten(self, store: Store) -> None:
        store.entries.admit(A, [entry()], NOW)
        assert store.entries.admit(A, [entry(title="New")], later(29)).changed == ()
        assert store.entries.admit(A, [entry(title="New")], later(31)).changed == ("entry-1",)

    def test_at_most_10_generations(self, store: Store) -> None:
        store.entries.admit(A, [entry()], NOW)
        changes = [
            store.entries.admit(A, [entry(title=f"T{n}")], later(40 * n)).changed for n in range(1, 15)
        ]
        assert [len(each) for each in changes] == [1] * 9 + [0] * 5
        assert row_of(store).generation == 10

    def test_a_change_while_claimed_is_not_lost(self, store: Store) -> None:
        store.entries.admit(A, [entry()], NOW)
        claim = claim_one(store, now=later(29))
        store.entries.admit(A, [entry(title="New")], later(30))
        row = row_of(store)
        assert (row.claim, row.wait, row.due_at) == (claim.token, Wait.LEASE, later(29 + 15))
        (settled,) = store.settle([settlement(claim, document())], later(31))
        row = row_of(store)
        assert settled.state is SettledState.REQUEUED
        assert (row.state, row.outcome, row.claim, row.due_at) == (EntryState.PENDING, None, None, later(31))
        assert store.articles.get(document().article_id)
        newest = replace(document(body="New body"), fetched_at=later(32))
        assert ingest(store, newest, now=later(32)).kind is OutcomeKind.REVISED

    def test_an_entry_of_a_removed_feed_is_not_admitted(self, store: Store) -> None:
        store.feeds.remove(A)
        store.entries.admit(A, [entry()], NOW)
        assert store.entries.get("entry-1") is None

    def test_an_entry_of_a_paused_feed_is_held(self, store: Store) -> None:
        store.feeds.update(A, {"state": FeedState.PAUSED})
        store.entries.admit(A, [entry()], NOW)
        assert row_of(store).due_at is None

    def test_one_entry_twice_in_a_listing(self, store: Store) -> None:
        admission = store.entries.admit(A, [entry(), entry(title="Again")], NOW)
        assert (admission.new, admission.known) == (("entry-1",), 1)

    @pytest.mark.parametrize("text", ["\x00", "a\ud800b", "\ue000x\ue001", "'; DROP TABLE entry --"])
    def test_foreign_text_breaks_no_write(self, store: Store, text: str) -> None:
        store.entries.admit(
            A, [entry(title=text, guid=text, authors=(text,), url=f"https://x.example/{text}")], NOW
        )
        written = replace(document(), title=text, body=text, summary=text, authors=(text,))
        assert ingest(store, written).kind is OutcomeKind.INDEXED
        assert store.articles.get(written.article_id)


class TestDue:
    def admit_hosts(self, store: Store, **rows: int) -> None:
        for host, count in rows.items():
            for n in range(count):
                store.entries.admit(A, [entry(f"{host}{n}", domain=f"{host}.example")], later(n))

    def test_newest_first_and_not_more_than_per_host(self, store: Store) -> None:
        self.admit_hosts(store, a=5, b=1)
        due = [row.entry_id for row in store.entries.due(later(9), 10, 3)]
        assert due == ["entry-a4", "entry-a3", "entry-a2", "entry-b0"]

    @pytest.mark.parametrize(
        ("after", "domains"),
        [("", "abc"), ("a.example", "bca"), ("b.example", "cab"), ("c.example", "abc"), ("bb", "cab")],
    )
    def test_goes_round_the_hosts(self, store: Store, after: str, domains: str) -> None:
        self.admit_hosts(store, a=2, b=2, c=2)
        assert [row.domain[0] for row in store.entries.due(later(9), 10, 1, after)] == list(domains)

    def test_limit(self, store: Store) -> None:
        self.admit_hosts(store, a=3, b=3)
        assert [row.entry_id for row in store.entries.due(later(9), 4, 3)] == [
            "entry-a2", "entry-a1", "entry-a0", "entry-b2",
        ]  # fmt: skip

    def test_rows_without_a_domain_get_their_turn(self, store: Store) -> None:
        store.entries.admit(A, [entry("x", url=None, domain="")], NOW)
        self.admit_hosts(store, a=1)
        assert [row.entry_id for row in store.entries.due(later(9), 10, 3, "a.example")] == [
            "entry-x",
            "entry-a0",
        ]

    def test_not_yet_due_is_skipped(self, store: Store) -> None:
        self.admit_hosts(store, a=2)
        claim = claim_one(store, "entry-a1", later(9))
        store.entries.defer(claim, due_at=later(20), wait=Wait.SLOT, attempts=0, reason=None)
        assert [row.entry_id for row in store.entries.due(later(9), 10, 3)] == ["entry-a0"]
        assert [row.entry_id for row in store.entries.due(later(20), 10, 3)] == ["entry-a1", "entry-a0"]


class TestClaims:
    @pytest.fixture(autouse=True)
    def _one_row(self, store: Store) -> None:
        store.entries.admit(A, [entry()], NOW)

    def test_only_one_wins(self, store: Store) -> None:
        claim = claim_one(store)
        row = row_of(store)
        assert (row.claim, row.wait, row.due_at) == (
            claim.token,
            Wait.LEASE,
            NOW + timedelta(seconds=LEASE_S),
        )
        assert store.entries.claim(["entry-1", "entry-2"], NOW, LEASE_S) == []

    def test_a_crash_needs_no_repair(self, store: Store) -> None:
        claim_one(store)
        assert [row.entry_id for row in store.entries.due(AFTER_LEASE, 10, 10)] == ["entry-1"]

    def test_start_only_while_the_claim_holds(self, store: Store) -> None:
        lost = claim_one(store)
        assert store.entries.start(lost) == row_of(store)
        claim_one(store, now=AFTER_LEASE)
        assert store.entries.start(lost) is None
        assert store.entries.start(replace(lost, entry_id="entry-2")) is None

    def test_a_finish_from_an_expired_claim_does_nothing(self, store: Store) -> None:
        lost = claim_one(store)
        claim_one(store, now=AFTER_LEASE)
        before = row_of(store)
        (settled,) = store.settle([settlement(lost, document())], AFTER_LEASE)
        assert (settled.state, settled.outcome) == (SettledState.STALE, None)
        assert store.entries.finish([rejected(lost)], AFTER_LEASE)[0].state is SettledState.STALE
        assert row_of(store) == before
        assert store.articles.count() == 0

    def test_a_second_finish_does_nothing(self, store: Store) -> None:
        claim = claim_one(store)
        store.settle([settlement(claim, document())], NOW)
        assert store.settle([rejected(claim)], NOW)[0].state is SettledState.STALE
        assert row_of(store).outcome is OutcomeKind.INDEXED

    def test_defer(self, store: Store) -> None:
        claim = claim_one(store)
        assert store.entries.defer(claim, due_at=later(5), wait=Wait.RETRY, attempts=3, reason="timeout")
        row = row_of(store)
        assert (row.claim, row.wait, row.due_at, row.attempts, row.reason) == (
            None,
            Wait.RETRY,
            later(5),
            3,
            "timeout",
        )

    def test_a_stale_defer_does_nothing(self, store: Store) -> None:
        lost = claim_one(store)
        claim_one(store, now=AFTER_LEASE)
        before = row_of(store)
        assert not store.entries.defer(lost, due_at=later(5), wait=Wait.RETRY, attempts=3, reason="timeout")
        assert row_of(store) == before

    def test_unclaim_makes_due_at_once_what_the_claim_still_holds(self, store: Store) -> None:
        lost = claim_one(store)
        held = claim_one(store, now=AFTER_LEASE)
        assert store.entries.unclaim([lost, held], later(20)) == 1
        row = row_of(store)
        assert (row.claim, row.wait, row.due_at, row.attempts) == (None, Wait.NONE, later(20), 0)
        assert store.entries.start(held) is None
        assert store.entries.unclaim([held], later(30)) == 0

    def test_unclaim_keeps_what_earlier_attempts_left(self, store: Store) -> None:
        store.entries.defer(claim_one(store), due_at=NOW, wait=Wait.RETRY, attempts=3, reason="timeout")
        assert store.entries.unclaim([claim_one(store)], later(1)) == 1
        row = row_of(store)
        assert (row.due_at, row.attempts, row.reason) == (later(1), 3, "timeout")

    def test_release_claims(self, store: Store) -> None:
        claim = claim_one(store)
        assert store.entries.release_claims(later(1)) == 1
        row = row_of(store)
        assert (row.claim, row.wait, row.due_at) == (None, Wait.NONE, later(1))
        assert store.entries.start(claim) is None


class TestOperators:
    @pytest.fixture(autouse=True)
    def _dead_rows(self, store: Store) -> None:
        store.entries.admit(A, [entry("1"), entry("2")], NOW)
        store.entries.admit(B, [entry("3", B)], NOW)
        for n, reason in enumerate(("no_article", "timeout", "timeout"), 1):
            store.entries.finish([rejected(claim_one(store, f"entry-{n}"), reason)], later(n))

    @pytest.mark.parametrize(
        ("chosen", "found"),
        [
            ({}, "321"),
            ({"reason": "timeout"}, "32"),
            ({"feed_id": A}, "21"),
            ({"reason": "timeout", "feed_id": A}, "2"),
            ({"limit": 1}, "3"),
            ({"reason": "other"}, ""),
        ],
    )
    def test_dead(self, store: Store, chosen, found: str) -> None:
        assert [row.entry.entry_id[-1] for row in store.entries.dead(**chosen)] == list(found)

    def test_retry(self, store: Store) -> None:
        store.entries.admit(A, [entry("4")], NOW)
        assert store.entries.retry(["entry-1", "entry-4", "entry-5"], later(9)) == 1
        row = row_of(store)
        assert (row.state, row.generation, row.outcome, row.reason) == (EntryState.PENDING, 2, None, None)
        assert (row.due_at, row.attempts, row.done_at) == (later(9), 0, None)

    def test_counts_are_a_sum(self, store: Store) -> None:
        store.entries.admit(A, [entry("4"), entry("5")], NOW)
        ingest(store, document("4"), "entry-4")
        counts = store.entries.counts()
        assert counts == {
            "indexed": 1, "revised": 0, "unchanged": 0, "duplicate": 0, "rejected": 3, "gave_up": 0, "pending": 1,
        }  # fmt: skip

    def test_waiting(self, store: Store) -> None:
        store.entries.admit(A, [entry(str(n)) for n in range(4, 8)], NOW)
        claim_one(store, "entry-4")
        for name, wait in (("5", Wait.RETRY), ("6", Wait.SLOT)):
            claim = claim_one(store, f"entry-{name}")
            store.entries.defer(claim, due_at=later(1), wait=wait, attempts=1, reason=None)
        assert store.entries.waiting() == {"none": 1, "slot": 1, "retry": 1, "lease": 1, "held": 0}

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            pytest.param([], set(), id="none"),
            pytest.param(["entry-1", "entry-3"], {"entry-1", "entry-3"}, id="some"),
            pytest.param(["entry-2", "entry-2"], {"entry-2"}, id="one twice"),
            pytest.param(["entry-1", "no such"], {"entry-1"}, id="one that is not there"),
        ],
    )
    def test_many_at_once_are_each_as_it_is_alone(
        self, store: Store, asked: list[str], found: set[str]
    ) -> None:
        store.entries.retry(["entry-1"], later(9))  # and no refresh comes between
        rows = store.entries.get_many(asked)
        assert rows == {entry_id: row_of(store, entry_id) for entry_id in found}

    def test_find_by_url_newest_first(self, store: Store) -> None:
        shared = "https://news.example/1"
        store.entries.admit(A, [entry("7", url="https://x.example/", canonical_url=shared)], later(5))
        assert [row.entry.entry_id for row in store.entries.find_by_url(shared)] == ["entry-7", "entry-1"]
        assert store.entries.find_by_url("https://nowhere.example/") == []

    def test_prune_takes_done_rows_that_no_feed_lists_any_more(self, store: Store) -> None:
        store.entries.admit(A, [entry("1")], later(2 * 24 * 60))
        store.entries.admit(A, [entry("4")], NOW)
        assert store.entries.prune(later(60)) == 2
        left = [n for n in range(1, 5) if store.entries.get(f"entry-{n}")]
        assert left == [1, 4]
        assert sum(store.entries.counts().values()) == 2

    def test_prune_keeps_rows_that_have_an_article(self, store: Store) -> None:
        store.entries.admit(A, [entry("4")], NOW)
        ingest(store, document("4"), "entry-4")
        assert store.entries.prune(later(60)) == 3
        assert row_of(store, "entry-4").article_id
        assert store.entries.admit(A, [entry("4")], later(60 * 24 * 400)).known == 1


def test_a_second_connection_sees_what_was_written(store: Store, make_store: Callable[[], Store]) -> None:
    other = make_store()
    store.entries.admit(A, [entry()], NOW)
    assert other.entries.get("entry-1") == row_of(store)
    ingest(other, document())
    store.articles.refresh()
    assert store.articles.count() == 1


def test_settling_nothing(store: Store) -> None:
    nothing: list[Settlement] = []
    assert store.settle(nothing, NOW) == []


def test_setup_again_changes_nothing(store: Store) -> None:
    assert store.setup() == []
