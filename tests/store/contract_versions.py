"""Two versions of the article index: filled beside the live one, kept level, swapped, dropped."""

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
    row_of,
    settlement,
)
from worker.errors import StoreError
from worker.models import (
    ArchiveLocation,
    Carried,
    CarryState,
    Document,
    Outcome,
    OutcomeKind,
    SettledState,
    Settlement,
)
from worker.store.base import Store
from worker.store.query import make_request

ONE = document("1").article_id


def stored(store: Store, article_id: str = ONE) -> Document:
    found = store.articles.get(article_id)
    assert found
    return found


def both(store: Store) -> tuple[list[Document], list[Document]]:
    """What the live version and its twin hold."""
    store.articles.refresh()
    return store.versions.page("", "", 1000, "live"), store.versions.page("", "", 1000, "twin")


def twin_of(store: Store, article_id: str = ONE) -> Document | None:
    return next((each for each in both(store)[1] if each.article_id == article_id), None)


def rebuilt(before: Document) -> Document:
    """What another extractor and tagger make of a document's page."""
    return replace(
        before, body=f"{before.body}, rebuilt", title="Rebuilt", content_hash="new", extractor_version="2",
        tagger_version="2", topics=("medtop:1",), topics_all=("medtop:1",),
    )  # fmt: skip


def carry(store: Store, before: Document, after: Document | None) -> CarryState:
    (result,) = store.versions.carry([Carried(before=before, after=after)], store.versions.twin() or "")
    assert (result.error is None) == (result.state is not CarryState.REFUSED)
    return result.state


def amend(store: Store, before: Document, after: Document) -> CarryState:
    (result,) = store.versions.amend([Carried(before=before, after=after)])
    return result.state


def carry_all(store: Store, into: str) -> None:
    for before in both(store)[0]:
        assert carry(store, before, rebuilt(before)) is CarryState.CARRIED
    assert store.versions.twin() == into


def revise(store: Store, body: str = "Edited", minutes: float = 60, **fields: object) -> Document:
    """The publisher changes the article of entry-1."""
    store.entries.admit(A, [entry("1", title=body)], later(minutes))
    written = replace(document("1", body=body), fetched_at=later(minutes), **fields)
    assert ingest(store, written, now=later(minutes)).kind is OutcomeKind.REVISED
    return stored(store)


class TestVersions:
    @pytest.fixture(autouse=True)
    def _articles(self, store: Store) -> None:
        """Articles of entry-1 and entry-2, and entry-3 that is still to be fetched."""
        store.entries.admit(A, [entry(name) for name in "123"], NOW)
        for name in "12":
            ingest(store, document(name), f"entry-{name}")

    # Without a twin

    def test_there_is_one_version_at_first(self, store: Store) -> None:
        assert store.versions.live()
        assert (store.versions.twin(), store.versions.drop()) == (None, None)
        store.articles.refresh()
        assert [each.title for each in store.versions.page("", "", 10, "live")] == ["Title 2", "Title 1"]

    @pytest.mark.parametrize(
        "call",
        [
            lambda versions: versions.swap(),
            lambda versions: versions.page("", "", 10, "twin"),
            lambda versions: versions.carry([Carried(before=document(), after=None)], "1"),
            lambda versions: (versions.create(), versions.create()),
        ],
        ids=["swap", "page", "carry", "create twice"],
    )
    def test_what_needs_one_version_more_or_less_says_so(self, store: Store, call) -> None:
        with pytest.raises(StoreError) as raised:
            call(store.versions)
        assert "\n" not in str(raised.value)
        assert stored(store)

    # Creating and reading

    def test_a_new_version_is_empty_and_beside_the_live_one(self, store: Store) -> None:
        live = store.versions.live()
        made = store.versions.create()
        assert (store.versions.live(), store.versions.twin()) == (live, made)
        assert made != live
        assert [len(version) for version in both(store)] == [2, 0]
        assert store.articles.count() == 2

    def test_pages_are_by_id_between_two_bounds(self, store: Store) -> None:
        carry_all(store, store.versions.create())
        ids = sorted(document(each).article_id for each in "12")
        for version in ("live", "twin"):
            bounds = [("", "", 10), ("", "", 1), (ids[0], "", 10), ("", ids[1], 10), (ids[0], ids[1], 10)]
            pages = [[each.article_id for each in store.versions.page(*each, version)] for each in bounds]
            assert pages == [ids, ids[:1], ids[1:], ids[:1], []]

    def test_a_page_is_as_of_now(self, store: Store) -> None:
        store.versions.create()
        assert revise(store) in store.versions.page("", "", 10, "live")

    # What is written meanwhile

    def test_a_new_article_is_in_both(self, store: Store) -> None:
        store.versions.create()
        ingest(store, document("3"), "entry-3")
        assert [each.title for each in both(store)[1]] == ["Title 3"]
        assert both(store)[1] == [stored(store, document("3").article_id)]

    def test_a_revision_brings_an_article_that_was_not_carried_yet(self, store: Store) -> None:
        store.versions.create()
        revised = revise(store)
        assert both(store)[1] == [revised]

    def test_a_revision_replaces_what_was_rebuilt_from_the_older_page(self, store: Store) -> None:
        carry_all(store, store.versions.create())
        revised = revise(store)
        assert (revised.revision, twin_of(store)) == (2, revised)

    def test_a_repeated_outcome_brings_both_level(self, store: Store) -> None:
        """As after a crash between the write and its row's outcome."""
        claim = claim_one(store, "entry-3")
        store.settle([settlement(claim, document("3"))], NOW)
        store.versions.create()
        store.entries.retry(["entry-3"], later(1))
        again = settlement(claim_one(store, "entry-3", later(1)), document("3"))
        assert again.candidate
        again = replace(again, candidate=replace(again.candidate, generation=1))
        (settled,) = store.settle([again], later(2))
        assert settled.outcome
        assert settled.outcome.kind is OutcomeKind.INDEXED
        assert both(store)[1] == [stored(store, document("3").article_id)]

    @pytest.mark.parametrize("how", ["admitted", "settled", "no candidate"])
    def test_a_merged_feed_is_known_to_both_and_the_rebuilt_text_stays(self, store: Store, how: str) -> None:
        carry_all(store, store.versions.create())
        if how == "admitted":
            store.entries.admit(B, [entry("1", B)], NOW)
        else:
            store.entries.admit(B, [entry("other", B)], NOW)
            claim = claim_one(store, "entry-other")
            again = replace(document("1", B), fetched_at=later(5))
            known = Outcome(kind=OutcomeKind.DUPLICATE, article_id=ONE)
            ended = settlement(claim, again) if how == "settled" else Settlement(claim=claim, outcome=known)
            assert store.settle([ended], later(5))[0].state is SettledState.FINISHED
        live, twin = stored(store), twin_of(store)
        assert twin == rebuilt(replace(live, body="Some body"))
        assert live.feed_ids == tuple(sorted((A, B)))

    def test_a_merged_feed_brings_an_article_that_was_not_carried_yet(self, store: Store) -> None:
        store.versions.create()
        store.entries.admit(B, [entry("1", B)], NOW)
        assert both(store)[1] == [stored(store)]

    @pytest.mark.parametrize("carried", [True, False], ids=["rebuilt", "not carried yet"])
    def test_boilerplate_is_withdrawn_from_both(self, store: Store, carried: bool) -> None:
        names = ("wa", "wb", "wc")
        store.entries.admit(A, [entry(name, title=f"Story {name}") for name in names], NOW)
        for name in names[:2]:
            ingest(store, document(name, body="Accept cookies"), f"entry-{name}")
        into = store.versions.create()
        if carried:
            carry_all(store, into)
        assert ingest(store, document("wc", body="Accept cookies"), "entry-wc").reason == "boilerplate"
        gone = {document(name).article_id for name in names}
        for version in both(store):
            assert not gone & {each.article_id for each in version}
        assert [row_of(store, f"entry-{name}").article_id for name in names] == [None] * 3

    # Carrying

    def test_a_plain_copy(self, store: Store) -> None:
        store.versions.create()
        for before in store.versions.page("", "", 10, "live"):
            assert carry(store, before, before) is CarryState.CARRIED
        live, twin = both(store)
        assert live == twin

    def test_a_rebuilt_document_is_in_the_twin_alone(self, store: Store) -> None:
        store.versions.create()
        before = stored(store)
        full = replace(
            rebuilt(before), summary="S", authors=("x",), country_primary="BY", countries=("BY",),
            country_scores={"BY": 0.5}, quality=0.25, archive=ArchiveLocation(file="f", offset=1, length=2),
        )  # fmt: skip
        assert carry(store, before, full) is CarryState.CARRIED
        assert (stored(store), twin_of(store)) == (before, full)

    def test_carrying_again_changes_nothing(self, store: Store) -> None:
        into = store.versions.create()
        carry_all(store, into)
        first = both(store)
        carry_all(store, into)
        assert both(store) == first

    def test_a_document_that_is_not_to_be_in_the_twin(self, store: Store) -> None:
        store.versions.create()
        before = stored(store)
        assert carry(store, before, rebuilt(before)) is CarryState.CARRIED
        for _ in range(2):
            assert carry(store, before, None) is CarryState.CARRIED
            assert (stored(store), twin_of(store)) == (before, None)

    @pytest.mark.parametrize("after", [rebuilt, lambda _: None], ids=["rebuilt", "left out"])
    def test_a_document_that_changed_since_it_was_read(self, store: Store, after) -> None:
        store.versions.create()
        before = stored(store)
        revised = revise(store)
        assert carry(store, before, after(before)) is CarryState.CHANGED
        assert both(store)[1] == [revised]
        assert carry(store, revised, rebuilt(revised)) is CarryState.CARRIED
        assert twin_of(store) == rebuilt(revised)

    def test_a_feed_that_joined_since_it_was_read_is_a_change(self, store: Store) -> None:
        store.versions.create()
        before = stored(store)
        store.entries.admit(B, [entry("1", B)], NOW)
        assert carry(store, before, rebuilt(before)) is CarryState.CHANGED

    def test_an_article_that_is_gone_goes_from_the_twin(self, store: Store) -> None:
        store.versions.create()
        never = replace(document("never"), indexed_at=NOW)
        for _ in range(2):
            assert carry(store, never, rebuilt(never)) is CarryState.GONE
        assert both(store)[1] == []

    def test_one_that_cannot_be_stored_is_refused_alone(self, store: Store) -> None:
        into = store.versions.create()
        pair = store.versions.page("", "", 10, "live")
        pairs = [Carried(before=pair[0], after=replace(pair[0], quality=float("nan")))]
        pairs.append(Carried(before=pair[1], after=rebuilt(pair[1])))
        results = store.versions.carry(pairs, into)
        assert [each.state for each in results] == [CarryState.REFUSED, CarryState.CARRIED]
        assert results[0].error
        assert both(store)[1] == [rebuilt(pair[1])]

    def test_a_rebuild_that_slept_through_a_swap_touches_nothing(self, store: Store) -> None:
        into = store.versions.create()
        before = stored(store)
        carry_all(store, into)
        store.versions.swap()
        with pytest.raises(StoreError, match="not being filled"):
            store.versions.carry([Carried(before=stored(store), after=None)], into)
        assert twin_of(store) == before

    # Swapping

    def test_a_swap_shows_the_other_version_everywhere(self, store: Store) -> None:
        live, into = store.versions.live(), store.versions.create()
        carry_all(store, into)
        before = stored(store)
        assert store.articles.search(make_request("rebuilt")).total == 0
        store.versions.swap()
        assert (store.versions.live(), store.versions.twin()) == (into, live)
        assert stored(store) == rebuilt(before)
        assert store.articles.find_by_url(before.url) == rebuilt(before)
        assert store.articles.search(make_request("rebuilt topic:medtop:1")).total == 2
        assert store.articles.search(make_request('title:"Title 1"')).total == 0
        assert store.articles.count() == 2

    def test_after_a_swap_and_back_nothing_is_missing(self, store: Store) -> None:
        into = store.versions.create()
        carry_all(store, into)
        store.versions.swap()
        ingest(store, document("3"), "entry-3")
        revised = revise(store)
        store.entries.admit(B, [entry("2", B)], NOW)
        store.versions.swap()
        assert store.versions.twin() == into
        assert stored(store, document("3").article_id) == twin_of(store, document("3").article_id)
        assert stored(store) == twin_of(store) == revised
        two = stored(store, document("2").article_id)
        assert (two.title, two.feed_ids) == ("Title 2", tuple(sorted((A, B))))
        assert store.articles.search(make_request("edited")).total == 1
        assert store.articles.count() == 3

    def test_what_the_live_version_was_not_to_have_comes_back_with_the_next_write(self, store: Store) -> None:
        store.versions.create()
        before = stored(store)
        assert carry(store, before, None) is CarryState.CARRIED
        store.versions.swap()
        assert store.articles.get(ONE) is None
        store.entries.admit(B, [entry("1", B)], NOW)
        assert stored(store).feed_ids == tuple(sorted((A, B)))

    # Dropping

    def test_a_dropped_version_is_gone_and_writes_go_on(self, store: Store) -> None:
        live, into = store.versions.live(), store.versions.create()
        assert store.versions.drop() == into
        assert (store.versions.live(), store.versions.twin()) == (live, None)
        ingest(store, document("3"), "entry-3")
        assert store.articles.count() == 3

    def test_the_old_version_is_dropped_after_a_swap_and_names_are_never_used_again(
        self, store: Store
    ) -> None:
        live, into = store.versions.live(), store.versions.create()
        carry_all(store, into)
        store.versions.swap()
        assert store.versions.drop() == live
        assert store.articles.search(make_request("rebuilt")).total == 2
        revise(store)
        assert store.versions.create() not in {live, into}
        assert [each.title for each in both(store)[0]] == ["Rebuilt", "Title 1"]
        carry_all(store, store.versions.twin() or "")
        store.versions.swap()
        assert store.versions.drop() == into
        assert store.articles.count() == 2

    def test_the_archive_files_that_either_points_to(self, store: Store) -> None:
        revise(store, archive=ArchiveLocation(file="a.warc.gz", offset=0, length=9))
        assert store.versions.files() == {"a.warc.gz": 1}
        carry_all(store, store.versions.create())
        assert store.versions.files() == {"a.warc.gz": 2}
        revise(store, "Again", 120, archive=ArchiveLocation(file="b.warc.gz", offset=0, length=9))
        before = stored(store)
        other = replace(before, archive=ArchiveLocation(file="c.warc.gz", offset=0, length=9))
        assert carry(store, before, other) is CarryState.CARRIED
        assert store.versions.files() == {"b.warc.gz": 1, "c.warc.gz": 1}

    # In place

    def test_an_article_is_amended_in_place(self, store: Store) -> None:
        before = stored(store)
        assert amend(store, before, replace(before, title="Amended", topics=("t",))) is CarryState.CARRIED
        assert stored(store) == replace(before, title="Amended", topics=("t",))
        store.articles.refresh()
        found = store.articles.search(make_request("amended")).hits
        assert [hit.document.article_id for hit in found] == [ONE]
        assert store.versions.twin() is None

    def test_a_revision_is_not_overwritten_by_what_was_made_of_the_old_text(self, store: Store) -> None:
        before = stored(store)
        revised = revise(store)
        assert amend(store, before, replace(before, title="Amended")) is CarryState.CHANGED
        assert stored(store) == revised

    def test_each_change_has_its_answer(self, store: Store) -> None:
        before, gone = stored(store), document("3")
        changes = [
            Carried(before=gone, after=gone),
            Carried(before=before, after=replace(before, title="Amended")),
            Carried(before=replace(before, title="Never so"), after=before),
        ]
        states = [result.state for result in store.versions.amend(changes)]
        assert states == [CarryState.GONE, CarryState.CARRIED, CarryState.CHANGED]
        assert store.articles.get(gone.article_id) is None

    def test_who_made_the_articles(self, store: Store) -> None:
        assert store.articles.made_by() == {("1", ""): 2}
        before = stored(store)
        amend(store, before, replace(before, extractor_version="2", tagger_version="3+own"))
        assert store.articles.made_by() == {("1", ""): 1, ("2", "3+own"): 1}
