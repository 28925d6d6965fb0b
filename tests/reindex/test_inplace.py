"""Tags made anew in place, and articles to be fetched again."""

from dataclasses import replace

import pytest

from tests.extract.pages import FETCHED_AT
from tests.reindex.library import Library, html
from tests.store.builders import NOW
from worker.enrich.tags import tagger_version
from worker.errors import UsageError
from worker.extract.version import extractor_version
from worker.models import EntryState
from worker.reindex import inplace
from worker.reindex.inplace import find_entries, retag

STALE = {"stale": True}


@pytest.fixture
def library(store):
    return Library(store, 12)


def retagged(library, selection=STALE):
    return dict(retag(library.bench, selection, lambda _: None))


def test_only_tags_change(library):
    before = library.documents()
    assert retagged(library) == {"retagged": 12}
    after = library.documents()
    assert {each.tagger_version for each in after.values()} == {tagger_version()}
    assert after[7].countries != ("XX",)
    kept = (
        "title",
        "body",
        "revision",
        "written_by",
        "extractor_version",
        "indexed_at",
        "archive",
        "feed_ids",
    )
    for name in kept:
        assert getattr(after[7], name) == getattr(before[7], name)


def test_what_is_done_is_passed_over(library):
    assert retagged(library) == {"retagged": 12}
    assert retagged(library) == {}
    assert retagged(library, {}) == {"retagged": 12}


def test_only_what_was_chosen(library):
    library.add(13, title="A special day")
    library.store.articles.refresh()
    assert retagged(library, {**STALE, "query": "title:special"}) == {"retagged": 1}
    assert library.documents()[13].tagger_version == tagger_version()
    assert library.documents()[7].tagger_version == "old"


def test_a_live_revision_is_not_overwritten(library, monkeypatch):
    remake, written = inplace.remake, []

    def meanwhile(bench, plan, documents):
        made = remake(bench, plan, documents)
        if not written:
            number = int(documents[0].url.rpartition("/")[2])
            library.store.entries.retry([f"entry-{number}"], NOW)
            closes = html(number, "Harbour closes")
            library.write(number, closes, fetched_at=FETCHED_AT.replace(hour=23))
            written.append(number)
        return made

    monkeypatch.setattr(inplace, "remake", meanwhile)
    assert retagged(library) == {"retagged": 11, "changed": 1}
    revised = library.documents()[written[0]]
    assert (revised.revision, revised.title) == (2, f"Harbour closes {written[0]}")


def test_a_stop_is_after_the_page_at_hand(library, monkeypatch):
    monkeypatch.setattr(inplace, "PAGE", 5)
    done = retag(library.bench, STALE, lambda _: library.stopping.set())
    assert done == {"retagged": 5}
    library.stopping.clear()
    assert retagged(library) == {"retagged": 7}


def test_not_beside_a_rebuilt_index(library):
    library.store.versions.create()
    with pytest.raises(UsageError, match="rebuilt index"):
        retagged(library)


def test_entries_behind_articles(library):
    library.add(13, title="A special day")
    library.add(14, title="Another special day", extractor_version=extractor_version())
    library.store.articles.refresh()
    found = dict(find_entries(library.store, {"query": "special"}, lambda _: None))
    assert {entry_id: each.title for entry_id, each in found.items()} == {
        "entry-13": "A special day",
        "entry-14": "Another special day",
    }
    assert len(dict(find_entries(library.store, STALE, lambda _: None))) == 13
    assert library.store.entries.retry(list(found), NOW) == 2
    row = library.store.entries.get("entry-13")
    assert (row.state, row.generation, row.due_at) == (EntryState.PENDING, 2, NOW)


def test_an_article_without_a_writer_is_passed_over(library):
    before = library.documents()[7]
    (result,) = library.store.versions.amend(
        [inplace.Carried(before=before, after=replace(before, written_by=None))]
    )
    assert result.state.value == "carried"
    assert len(dict(find_entries(library.store, {"domain": "news.example"}, lambda _: None))) == 11
