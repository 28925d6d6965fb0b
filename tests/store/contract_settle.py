"""What every store must do with attempts that end: first the document, then the outcome."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.builders import (
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
from tests.store.conftest import Backend
from worker.errors import StoreUnavailableError
from worker.models import (
    ArchiveLocation,
    EntryState,
    Outcome,
    OutcomeKind,
    SettledState,
    Timings,
    Wait,
    WrittenBy,
)
from worker.store.base import Store


class TestSettle:
    @pytest.fixture(autouse=True)
    def _two_rows(self, store: Store) -> None:
        store.entries.admit(A, [entry("1")], NOW)
        store.entries.admit(B, [entry("2", B)], NOW)

    def test_a_done_row_keeps_only_its_story(self, store: Store) -> None:
        where = ArchiveLocation(file="f.warc", offset=1, length=2)
        outcome = Outcome(
            kind=OutcomeKind.INDEXED, http_status=200, archive=where, timings=Timings(fetch_ms=3, total_ms=0)
        )
        store.settle([replace(settlement(claim_one(store), document()), outcome=outcome)], later(1))
        row = row_of(store)
        assert (row.due_at, row.claim, row.entry.content, row.wait) == (None, None, None, Wait.NONE)
        assert (row.state, row.outcome, row.done_at) == (EntryState.DONE, OutcomeKind.INDEXED, later(1))
        assert (row.http_status, row.archive, row.timings) == (200, where, outcome.timings)
        assert row.article_id == document().article_id

    def test_the_first_is_indexed_as_revision_1(self, store: Store) -> None:
        written = replace(
            document(), country_scores={"DE": 0.5}, quality=0.25, modified_at=NOW, authors=("x",)
        )
        assert ingest(store, written, now=later(2)).kind is OutcomeKind.INDEXED
        by = WrittenBy(entry_id="entry-1", generation=1, outcome=OutcomeKind.INDEXED)
        stored = replace(written, indexed_at=later(2), publish_to_index_s=120, written_by=by)
        assert store.articles.get(written.article_id) == stored
        assert store.articles.find_by_url(written.url) == stored

    def test_two_links_to_one_article_make_one_that_knows_both_feeds(self, store: Store) -> None:
        ingest(store, document())
        again = replace(document(feed_id=B), fetched_at=later(5))
        assert ingest(store, again, "entry-2", later(5)).kind is OutcomeKind.DUPLICATE
        stored = store.articles.get(document().article_id)
        assert stored
        assert (stored.feed_id, stored.feed_ids, stored.revision) == (A, tuple(sorted((A, B))), 1)
        assert store.articles.count() == 1

    def test_a_feed_that_comes_to_list_a_done_entry_is_known_to_its_article(self, store: Store) -> None:
        ingest(store, document())
        store.entries.admit(B, [entry("1", B)], NOW)
        stored = store.articles.get(document().article_id)
        assert stored
        assert stored.feed_ids == tuple(sorted((A, B)))

    def test_a_feed_that_comes_to_list_a_claimed_entry_is_known_to_its_article(self, store: Store) -> None:
        claim = claim_one(store)
        store.entries.admit(B, [entry("1", B)], NOW)
        store.settle([settlement(claim, document())], NOW)
        stored = store.articles.get(document().article_id)
        assert stored
        assert stored.feed_ids == tuple(sorted((A, B)))

    def test_an_edited_article_is_a_revision(self, store: Store) -> None:
        ingest(store, document())
        store.entries.admit(A, [entry(title="New")], later(60))
        edited = replace(document(body="Edited"), fetched_at=later(60))
        assert ingest(store, edited, now=later(60)).kind is OutcomeKind.REVISED
        stored = store.articles.get(edited.article_id)
        assert stored
        assert (stored.revision, stored.body) == (2, "Edited")

    def test_a_change_of_the_feed_only_is_unchanged(self, store: Store) -> None:
        article_id = ingest(store, document()).article_id
        store.entries.admit(A, [entry(title="New")], later(60))
        claim = claim_one(store, now=later(60))
        again = settlement(claim, replace(document(), fetched_at=later(60)))
        assert again.candidate
        again = replace(again, candidate=replace(again.candidate, known_article_id=article_id))
        (settled,) = store.settle([again], later(60))
        assert settled.outcome
        assert settled.outcome.kind is OutcomeKind.UNCHANGED

    def test_a_retry_after_a_lost_reply_repeats_its_outcome(self, store: Store) -> None:
        claim = claim_one(store)
        store.entries.admit(A, [entry(title="New")], later(30))  # so that the finish is not the end
        store.settle([settlement(claim, document())], later(31))
        again = claim_one(store, now=later(31))
        retried = settlement(again, document())
        assert retried.candidate
        retried = replace(retried, candidate=replace(retried.candidate, generation=1))
        (settled,) = store.settle([retried], later(32))
        assert settled.outcome
        assert settled.outcome.kind is OutcomeKind.INDEXED

    def test_a_template_that_names_one_canonical_for_all_overwrites_nothing(self, store: Store) -> None:
        first = document(body="the quick brown fox jumps over the lazy dog")
        ingest(store, first)
        claim = claim_one(store, "entry-2")
        other = replace(
            document(body="an entirely different story about the weather at sea"), title="Weather"
        )
        own = document("2")
        poisoned = settlement(claim, other)
        assert poisoned.candidate
        fallback = {"fallback_id": own.article_id, "fallback_url": own.url}
        poisoned = replace(poisoned, candidate=replace(poisoned.candidate, **fallback))
        (settled,) = store.settle([poisoned], NOW)
        assert settled.outcome
        assert (settled.outcome.kind, settled.outcome.article_id) == (OutcomeKind.INDEXED, own.article_id)
        kept, placed = store.articles.get(first.article_id), store.articles.get(own.article_id)
        assert kept and placed
        assert (kept.title, placed.title) == (first.title, "Weather")
        assert placed.identity_note == "canonical: other article there"

    def test_a_rejection_needs_no_document(self, store: Store) -> None:
        (settled,) = store.entries.finish([rejected(claim_one(store))], NOW)
        assert settled.state is SettledState.FINISHED
        assert store.entries.counts()["rejected"] == 1
        assert store.entries.reasons() == {("rejected", "no_article"): 1}

    def test_a_document_that_can_never_be_stored_is_rejected_alone(self, store: Store) -> None:
        claims = [claim_one(store, "entry-1"), claim_one(store, "entry-2")]
        written = [replace(document("1"), quality=float("nan")), document("2")]
        settled = store.settle(list(map(settlement, claims, written)), NOW)
        outcomes = [each.outcome for each in settled if each.outcome]
        assert [each.kind for each in outcomes] == [OutcomeKind.REJECTED, OutcomeKind.INDEXED]
        assert (outcomes[0].reason or "").startswith("index:")
        assert store.articles.get(document("1").article_id) is None
        assert store.articles.count() == 1

    def test_a_refused_document_leaves_its_row_pending(self, store: Store, backend: Backend) -> None:
        claim = claim_one(store)
        before = row_of(store)
        large = settlement(claim, document(body="word " * 100_000))
        backend.fill_disk(store)
        with pytest.raises(StoreUnavailableError, match="disk is full"):
            store.settle([large], NOW)
        assert row_of(store) == before
        assert store.articles.count() == 0
        backend.free_disk(store)
        assert store.settle([large], NOW)[0].state is SettledState.FINISHED
