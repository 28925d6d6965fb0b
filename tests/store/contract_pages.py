"""What every store must know of rows that link to one page."""

from __future__ import annotations

from dataclasses import replace

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
    ingest,
    later,
    row_of,
    settlement,
)
from worker.models import EntryState, OutcomeKind, PageRow, SettledState, Settlement, Wait
from worker.store.base import Store
from worker.urls import article_id_of, entry_id_of, identity_url

PAGE = "https://news.example/live"
KEY = article_id_of(PAGE)


def at_page(store: Store, besides: str = "entry-1") -> list[str]:
    return [each.entry_id for each in store.entries.at_page(KEY, besides)]


class TestRowsAtOnePage:
    def test_rows_whose_link_it_is_however_they_are_named(self, store: Store) -> None:
        by_link = entry_id_of(identity_url(PAGE))
        store.entries.admit(A, [replace(entry(), entry_id=by_link, url=PAGE), entry("1", url=PAGE)], NOW)
        store.entries.admit(B, [entry("2", B, url=PAGE.replace("https", "http")), entry("3", B)], NOW)
        assert sorted(at_page(store)) == sorted([by_link, "entry-2"])

    def test_rows_whose_link_led_there(self, store: Store) -> None:
        store.entries.admit(A, [entry("1"), entry("2")], NOW)
        led = replace(HOPED, page_key=KEY)
        store.settle([replace(settlement(claim_one(store, "entry-2"), document("2")), outcome=led)], NOW)
        assert row_of(store, "entry-2").page_key == KEY
        assert at_page(store) == ["entry-2"]

    def test_they_are_told_as_they_are_now(self, store: Store) -> None:
        store.entries.admit(A, [entry("1", url=PAGE), entry("2", url=PAGE)], NOW)
        claim = claim_one(store, "entry-2")
        [claimed] = store.entries.at_page(KEY, "entry-1")
        assert claimed == PageRow(entry_id="entry-2", feed_id=A, wait=Wait.LEASE, due_at=later(LEASE_S / 60))
        store.entries.defer(claim, due_at=later(9), wait=Wait.RETRY, attempts=1, reason="timeout")
        [deferred] = store.entries.at_page(KEY, "entry-1")
        assert deferred == replace(claimed, wait=Wait.RETRY, due_at=later(9), attempts=1)
        article = ingest(store, document(), "entry-2", later(10))
        [done] = store.entries.at_page(KEY, "entry-1")
        assert done == PageRow(
            entry_id="entry-2",
            feed_id=A,
            attempts=1,
            done_at=later(10),
            article_id=article.article_id,
            http_status=200,
        )

    def test_a_link_that_changed_is_the_new_one(self, store: Store) -> None:
        store.entries.admit(A, [entry("2", url=PAGE)], NOW)
        store.entries.admit(A, [entry("2", url=f"{PAGE}/moved", title="New")], later(60))
        assert at_page(store) == []

    def test_rows_with_an_article_come_first(self, store: Store) -> None:
        store.entries.admit(A, [entry("2", url=PAGE)], NOW)
        ingest(store, document("2"), "entry-2")
        store.entries.admit(A, [entry(str(n), url=PAGE) for n in range(3, 9)], later(5))
        assert at_page(store)[0] == "entry-2"


class TestAnOutcomeThatNamesAnArticle:
    @pytest.fixture(autouse=True)
    def _two_rows(self, store: Store) -> None:
        store.entries.admit(A, [entry("1")], NOW)
        store.entries.admit(B, [entry("2", B)], NOW)

    def end(self, store: Store, article_id: str) -> SettledState:
        same = replace(HOPED, kind=OutcomeKind.DUPLICATE, article_id=article_id, http_status=None)
        (settled,) = store.settle([Settlement(claim=claim_one(store, "entry-2"), outcome=same)], later(1))
        return settled.state

    def test_the_article_knows_the_rows_feeds(self, store: Store) -> None:
        article_id = ingest(store, document()).article_id or ""
        assert self.end(store, article_id) is SettledState.FINISHED
        row, stored = row_of(store, "entry-2"), store.articles.get(article_id)
        assert (row.outcome, row.article_id, row.http_status) == (OutcomeKind.DUPLICATE, article_id, None)
        assert stored
        assert stored.feed_ids == tuple(sorted((A, B)))

    def test_where_the_article_is_gone_the_row_stays_pending(self, store: Store) -> None:
        assert self.end(store, document().article_id) is SettledState.REFUSED
        assert row_of(store, "entry-2").state is EntryState.PENDING
