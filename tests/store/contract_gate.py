"""What every store must do with texts that a site repeats, and with rows that an operator let in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.store.builders import (
    NOW,
    A,
    claim_one,
    document,
    entry,
    ingest,
    later,
    rejected,
    row_of,
    settlement,
)
from worker.models import Document, EntryState, LedgerRow, Outcome, OutcomeKind, SettledState
from worker.store.base import Store
from worker.store.query import make_request

TEXT = "Subscribe to our newsletter and never miss a story from the harbour again."


def same(name: str, body: str = TEXT, **fields: Any) -> Document:
    return document(name, body=body, **{"word_count": 13, **fields})


NUMBERS = {"1": "one", "2": "two", "3": "three", "4": "four", "5": "five"}
"""Titles that differ only in digits are one title to the rule."""


def show(store: Store, name: str, written: Document | None = None, *, title: str | None = None) -> Outcome:
    """Admit an entry with a title of its own and settle it with the text."""
    store.entries.admit(A, [entry(name, title=title or f"Story {NUMBERS[name]}")], NOW)
    return ingest(store, written or same(name), f"entry-{name}")


def outcomes(store: Store, *names: str) -> list[tuple[str, str | None]]:
    rows = [row_of(store, f"entry-{name}") for name in names]
    return [(str(row.outcome), row.reason) for row in rows]


BOILERPLATE = ("rejected", "boilerplate")
INDEXED = ("indexed", None)


class TestBoilerplate:
    def test_the_third_title_withdraws_what_the_earlier_ones_made(self, store: Store) -> None:
        assert show(store, "1").kind is OutcomeKind.INDEXED
        assert show(store, "2").kind is OutcomeKind.INDEXED
        third = show(store, "3")
        assert (third.kind, third.reason, third.article_id) == (OutcomeKind.REJECTED, "boilerplate", None)
        assert outcomes(store, "1", "2", "3") == [BOILERPLATE] * 3
        assert [row_of(store, f"entry-{n}").article_id for n in "123"] == [None] * 3
        store.articles.refresh()
        assert store.articles.count() == 0
        assert store.articles.search(make_request("newsletter")).total == 0
        counts = store.entries.counts()
        assert (counts["rejected"], sum(counts.values())) == (3, 3)
        assert store.entries.reasons() == {("rejected", "boilerplate"): 3}

    def test_every_row_says_what_was_seen(self, store: Store) -> None:
        for name in "123":
            show(store, name)
        seen = "3 pages of news.example show this text under different titles"
        assert [row_of(store, f"entry-{n}").detail for n in "123"] == [seen] * 3

    def test_a_fourth_is_known_at_once(self, store: Store) -> None:
        for name in "1234":
            show(store, name)
        assert outcomes(store, "1", "2", "3", "4") == [BOILERPLATE] * 4

    @pytest.mark.parametrize(
        "bodies",
        [
            pytest.param((TEXT, TEXT.upper(), f"  {TEXT}\n\n"), id="case and blanks"),
            pytest.param((f"1 {TEXT}", f"22 {TEXT}", f"{TEXT} 333"), id="digits"),
        ],
    )
    def test_what_does_not_make_a_text_another(self, store: Store, bodies: tuple[str, ...]) -> None:
        for name, body in zip("123", bodies, strict=True):
            show(store, name, same(name, body))
        assert outcomes(store, "1", "2", "3") == [BOILERPLATE] * 3

    @pytest.mark.parametrize(
        ("written", "titles"),
        [
            pytest.param({}, ("A storm", "a  storm!", "A STORM"), id="one title"),
            pytest.param({}, ("A storm", "A storm", "A gale"), id="two titles"),
            pytest.param({"word_count": 301}, ("One", "Two", "Three"), id="a long text"),
            pytest.param({"body_source": "feed"}, ("One", "Two", "Three"), id="the feed's own text"),
            pytest.param({"body": "12 34"}, ("One", "Two", "Three"), id="digits only"),
        ],
    )
    def test_what_is_no_boilerplate(self, store: Store, written: Any, titles: tuple[str, ...]) -> None:
        for name, title in zip("123", titles, strict=True):
            show(store, name, same(name, **written), title=title)
        assert outcomes(store, "1", "2", "3") == [INDEXED] * 3

    def test_another_site_is_another_matter(self, store: Store) -> None:
        for name in "12":
            show(store, name)
        other = entry("3", url="https://other.example/3", domain="other.example", title="Story three")
        store.entries.admit(A, [other], NOW)
        assert ingest(store, same("3"), "entry-3").kind is OutcomeKind.INDEXED

    def test_rows_that_end_at_one_article_are_one_page(self, store: Store) -> None:
        for name in "123":
            show(store, name, same("1"))
        assert [kind for kind, _ in outcomes(store, "1", "2", "3")] == ["indexed", "duplicate", "duplicate"]

    def test_a_row_that_ended_at_a_withdrawn_article_goes_with_it(self, store: Store) -> None:
        show(store, "1")
        other = entry("4", url="https://other.example/4", domain="other.example", title="Story four")
        store.entries.admit(A, [other], NOW)
        assert ingest(store, same("1"), "entry-4").kind is OutcomeKind.DUPLICATE
        for name in "23":
            show(store, name)
        assert outcomes(store, "1", "4") == [BOILERPLATE] * 2
        assert row_of(store, "entry-4").article_id is None

    def test_an_article_that_has_another_text_by_now_stays(self, store: Store) -> None:
        show(store, "1")
        store.entries.admit(A, [entry("4", title="Story four")], NOW)
        better = same("1", "The harbour wall of Eastmere is to be rebuilt in spring.", fetched_at=later(5))
        assert ingest(store, better, "entry-4", later(5)).kind is OutcomeKind.REVISED
        for name in "23":
            show(store, name)
        assert outcomes(store, "1", "2", "3", "4") == [INDEXED, BOILERPLATE, BOILERPLATE, ("revised", None)]
        assert store.articles.get(same("1").article_id)

    def test_a_pending_row_is_left_to_its_worker(self, store: Store) -> None:
        for name in "12":
            show(store, name)
        store.entries.retry(["entry-1"], NOW)
        before = row_of(store, "entry-1")
        assert show(store, "3").kind is OutcomeKind.INDEXED
        assert show(store, "4").reason == "boilerplate"
        assert row_of(store, "entry-1") == before
        assert before.body_hash is None
        assert ingest(store, same("1"), "entry-1").reason == "boilerplate"
        assert store.articles.count() == 0

    def test_an_article_whose_row_changed_meanwhile_is_taken_back_too(self, store: Store) -> None:
        store.entries.admit(A, [entry("1", title="Story one")], NOW)
        claim = claim_one(store)
        store.entries.admit(A, [entry("1", title="Story one, edited")], later(31))
        (settled,) = store.settle([settlement(claim, same("1"))], later(31))
        assert settled.state is SettledState.REQUEUED
        for name in "23":
            show(store, name)
        assert store.articles.count() == 3
        assert ingest(store, same("1"), "entry-1", later(32)).reason == "boilerplate"
        assert store.articles.count() == 0

    def test_a_good_earlier_article_outlives_boilerplate(self, store: Store) -> None:
        """A site that puts up a wall takes back nothing that it published before."""
        kept = show(
            store, "1", document("1", body="The harbour wall is to be rebuilt.", word_count=7)
        ).article_id
        for name in "23":
            show(store, name)
        store.entries.retry(["entry-1"], NOW)
        outcome = ingest(store, same("1", fetched_at=later(9)), "entry-1")
        assert (outcome.reason, outcome.article_id) == ("boilerplate", kept)
        assert store.articles.count() == 1


class TestLettingIn:
    def rejected_row(self, store: Store) -> LedgerRow:
        store.entries.admit(A, [entry()], NOW)
        outcome = Outcome(kind=OutcomeKind.REJECTED, reason="consent_wall", detail="says accept all " * 40)
        store.entries.finish([replace(rejected(claim_one(store)), outcome=outcome)], NOW)
        return row_of(store)

    def test_the_detail_is_kept_to_300_characters(self, store: Store) -> None:
        row = self.rejected_row(store)
        assert row.detail == ("says accept all " * 40)[:300]
        assert store.entries.dead()[0].detail == row.detail

    @pytest.mark.parametrize("again", ["retry", "change"])
    def test_a_new_generation_forgets_it(self, store: Store, again: str) -> None:
        self.rejected_row(store)
        if again == "retry":
            store.entries.retry(["entry-1"], later(60))
        else:
            store.entries.admit(A, [entry(title="New")], later(60))
        row = row_of(store)
        assert (row.generation, row.detail, row.body_hash) == (2, None, None)

    def test_admit_anyway_is_a_retry_that_the_row_remembers(self, store: Store) -> None:
        assert not self.rejected_row(store).forced
        assert store.entries.admit_anyway(["entry-1", "entry-9"], later(1)) == 1
        row = row_of(store)
        assert (row.forced, row.state, row.generation, row.due_at) == (True, EntryState.PENDING, 2, later(1))
        store.entries.finish([rejected(claim_one(store, now=later(1)))], later(1))
        store.entries.retry(["entry-1"], later(2))
        assert row_of(store).forced
        store.entries.admit(A, [entry(title="New")], later(60))
        assert row_of(store).forced

    def test_pending_rows_are_not_forced(self, store: Store) -> None:
        store.entries.admit(A, [entry()], NOW)
        assert store.entries.admit_anyway(["entry-1"], NOW) == 0
        assert not row_of(store).forced

    def test_a_forced_row_is_no_boilerplate_and_no_evidence(self, store: Store) -> None:
        for name in "123":
            show(store, name)
        store.entries.admit_anyway(["entry-1"], NOW)
        assert ingest(store, same("1"), "entry-1").kind is OutcomeKind.INDEXED
        assert row_of(store, "entry-1").body_hash is None
        assert show(store, "4").reason == "boilerplate"
        assert outcomes(store, "1", "2", "3") == [INDEXED, BOILERPLATE, BOILERPLATE]
        assert store.articles.count() == 1

    def test_an_article_that_a_forced_row_ended_at_stays(self, store: Store) -> None:
        self.rejected_row(store)
        store.entries.admit_anyway(["entry-1"], NOW)
        ingest(store, same("1"), "entry-1")
        show(store, "4", same("1"))
        for name in "23":
            show(store, name)
        assert [kind for kind, _ in outcomes(store, "1", "4", "2", "3")] == [
            "indexed", "duplicate", "rejected", "rejected",
        ]  # fmt: skip
        assert store.articles.get(same("1").article_id)
