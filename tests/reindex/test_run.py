"""The copy into the new version: what is made anew, what is kept, and what a stop or a kill costs."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.extract.pages import FETCHED_AT
from tests.reindex.library import Library, html
from tests.store.builders import NOW, later
from worker.enrich.tags import tagger_version
from worker.errors import PoolCrashError, PoolTimeoutError, UsageError
from worker.extract.pool import ChildBugError
from worker.extract.version import extractor_version
from worker.models import Phase
from worker.reindex import run
from worker.reindex.control import Asked, end_copy, results, start
from worker.reindex.run import copy_all
from worker.reindex.steps import Source, Step

URL = "https://news.example/{}"


@pytest.fixture
def library(store):
    return Library(store, 30)


def rebuilt(library, **asked):
    """Run a whole rebuild; return its results by name."""
    rebuild = start(library.store, library.clock, Asked(**asked))
    assert copy_all(library.bench, rebuild)
    end_copy(library.store, library.clock, rebuild)
    library.store.articles.refresh()
    return dict(library.store.rebuilds.get().said)


def test_from_the_archive_everything_is_made_anew(library):
    before = library.documents()
    assert rebuilt(library) == {"remade": 30}
    assert library.documents() == before
    new = library.documents("twin")
    assert new.keys() == before.keys()
    assert {each.extractor_version for each in new.values()} == {extractor_version()}
    assert {each.tagger_version for each in new.values()} == {tagger_version()}
    assert new[7].title == "Harbour reopens 7"
    assert new[7].written_by == before[7].written_by


def test_from_the_index_only_tags_are_new(library):
    assert rebuilt(library, source=Source.INDEX) == {"retagged": 30}
    new = library.documents("twin")[7]
    assert (new.title, new.extractor_version) == ("As it was", "old")
    assert new.tagger_version == tagger_version()
    assert new.countries != ("XX",)
    assert library.pool.calls > 0


def test_only_the_mapping_copies_as_it_is(library):
    assert rebuilt(library, only=Step.MAPPING) == {"copied": 30}
    assert library.documents("twin") == library.documents()
    assert library.pool.calls == 0


def test_only_the_extractor_keeps_the_tags(library):
    assert rebuilt(library, only=Step.EXTRACT) == {"remade": 30}
    new = library.documents("twin")[7]
    assert (new.title, new.extractor_version) == ("Harbour reopens 7", extractor_version())
    assert (new.countries, new.tagger_version) == (("XX",), "old")


def test_only_what_is_stale(library):
    library.add(
        31, extractor_version=extractor_version(), tagger_version=tagger_version(), title="New enough"
    )
    library.add(32, extractor_version=extractor_version(), title="Tagged long ago")
    assert rebuilt(library, selection={"stale": True}) == {"remade": 31, "copied": 1}
    new = library.documents("twin")
    assert (new[31].title, new[32].title) == ("New enough", "Harbour reopens 32")


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        pytest.param({"query": "title:special"}, {31, 32}, id="query"),
        pytest.param({"query": "special", "language": "de"}, {32}, id="query and filter"),
        pytest.param({"domain": "other.example"}, {31}, id="domain"),
        pytest.param({"since": "2026-11-21"}, {32}, id="since"),
        pytest.param({"query": "special", "stale": True}, {31}, id="query and stale"),
        pytest.param({"query": "nosuchword"}, set(), id="nothing"),
    ],
)
def test_only_what_was_chosen(library, selection, chosen):
    made = {"extractor_version": extractor_version(), "tagger_version": tagger_version()}
    library.add(31, title="A special day", domain="other.example")
    library.add(32, title="A special night", language="de", published_at=later(60 * 24 * 2), **made)
    library.store.articles.refresh()
    counts = rebuilt(library, selection=selection)
    assert counts.get("remade", 0) == len(chosen)
    assert counts["copied"] == 32 - len(chosen)
    titles = {number: each.title for number, each in library.documents("twin").items()}
    assert {number for number, title in titles.items() if title.startswith("Harbour")} == chosen


def test_what_cannot_be_read_is_kept(library):
    lost = library.documents()[5].archive
    del library.pages[lost.offset]
    other = library.documents()[6].archive
    library.pages[other.offset] = replace(library.pages[other.offset], body=html(99))
    assert rebuilt(library) == {"remade": 28, "kept: archive_missing": 1, "kept: archive_damaged": 1}
    new = library.documents("twin")
    assert (new[5], new[6]) == (library.documents()[5], library.documents()[6])


def test_a_page_that_is_no_article_any_more_is_left_out(library):
    empty = b"<html><body></body></html>"
    library.add(31, raw_digest=hashlib.sha256(empty).hexdigest())
    offset = library.documents()[31].archive.offset
    library.pages[offset] = replace(library.pages[offset], body=empty)
    assert rebuilt(library) == {"remade": 30, "rejected: no_article": 1}
    assert 31 not in library.documents("twin")
    assert 31 in library.documents()


@pytest.mark.parametrize(
    ("error", "result"),
    [
        pytest.param(PoolTimeoutError(None, "took longer"), "kept: extract_timeout", id="hangs"),
        pytest.param(PoolCrashError(None, "died"), "kept: extract_crash", id="kills its child"),
        pytest.param(ChildBugError("traceback"), "kept: bug", id="bug"),
    ],
)
def test_a_page_that_breaks_the_child_costs_itself_alone(library, error, result):
    library.pool.broken[URL.format(7)] = error
    assert rebuilt(library) == {"remade": 29, result: 1}
    assert library.documents("twin")[7] == library.documents()[7]


def test_a_document_without_a_page_is_tagged_anew(library):
    library.add(31, archive=None, title="From the feed")
    assert rebuilt(library) == {"remade": 30, "retagged": 1}
    assert library.documents("twin")[31].title == "From the feed"


def test_a_copy_goes_on_where_it_was_stopped(library, monkeypatch):
    monkeypatch.setattr(run, "PAGE", 2)
    rebuild = start(library.store, library.clock, Asked())
    seen = []
    carry = run.carry

    def stop_after_a_few(bench, rebuild, documents):
        counts = carry(bench, rebuild, documents)
        seen.extend(documents)
        if len(seen) > 10:
            library.stopping.set()
        return counts

    monkeypatch.setattr(run, "carry", stop_after_a_few)
    assert not copy_all(library.bench, rebuild)
    half = sum(part.seen for part in library.store.rebuilds.slices())
    assert 10 < half < 30
    library.stopping.clear()
    monkeypatch.setattr(run, "carry", carry)
    again = start(library.store, library.clock, Asked())
    assert again.rebuild_id == rebuild.rebuild_id
    assert copy_all(library.bench, again)
    assert results(library.store.rebuilds.slices()) == {"remade": 30}
    assert library.documents("twin").keys() == library.documents().keys()


def test_a_killed_copy_is_taken_up_when_its_lease_ends(library):
    rebuild = start(library.store, library.clock, Asked())
    held = library.store.rebuilds.claim_slice(library.clock.now(), 0.2, "dead")
    documents = library.store.versions.page(held.cursor, held.before, 50, "live")
    run.carry(library.bench, rebuild, documents)
    assert copy_all(library.bench, rebuild)
    assert results(library.store.rebuilds.slices()) == {"remade": 30}


def test_a_cancelled_rebuild_is_left_off(library):
    rebuild = start(library.store, library.clock, Asked())
    library.store.rebuilds.claim_slice(library.clock.now(), 60, "elsewhere")
    ended = {"phase": Phase.CANCELLED}
    assert library.store.rebuilds.update(rebuild.rebuild_id, ended, if_phase=Phase.COPYING)
    assert not copy_all(library.bench, rebuild)


def test_what_changes_meanwhile_is_made_again(library, monkeypatch):
    rebuild = start(library.store, library.clock, Asked())
    remake, changed = run.remake, []

    def meanwhile(bench, rebuild, documents):
        made = remake(bench, rebuild, documents)
        if not changed:
            changed.append(documents[0].url.rpartition("/")[2])
            number = int(changed[0])
            library.store.entries.retry([f"entry-{number}"], NOW)
            library.write(number, html(number, "Harbour closes"), fetched_at=FETCHED_AT + timedelta(hours=1))
        return made

    monkeypatch.setattr(run, "remake", meanwhile)
    assert copy_all(library.bench, rebuild)
    number = int(changed[0])
    new, live = library.documents("twin")[number], library.documents()[number]
    assert new.title == live.title == f"Harbour closes {number}"
    assert new.revision == live.revision == 2
    assert results(library.store.rebuilds.slices()) == {"remade": 30}


def test_the_rate_is_kept(library, monkeypatch):
    waited = []
    monkeypatch.setattr(library.stopping, "wait", waited.append)
    rebuilt(library, rate=10.0)
    assert 2.0 < sum(waited) <= 3.0


@pytest.mark.parametrize(
    ("pace_s", "documents"),
    [
        pytest.param(0.0, 50, id="no rate"),
        pytest.param(0.01, 50, id="a hundred a second"),
        pytest.param(0.5, 10, id="two a second"),
        pytest.param(30.0, 1, id="two a minute"),
    ],
)
def test_page_size(pace_s, documents):
    assert run.page_size(pace_s) == documents


@pytest.mark.parametrize(
    ("documents", "pace_s", "taken_s", "waited"),
    [
        pytest.param(50, 0.0, 1.0, 0.0, id="no rate"),
        pytest.param(10, 0.5, 1.0, 4.0, id="the rest of its time"),
        pytest.param(10, 0.5, 6.0, 0.0, id="late already"),
        pytest.param(1, 600.0, 0.0, 30.0, id="never beyond the lease"),
    ],
)
def test_wait_s(documents, pace_s, taken_s, waited):
    assert run.wait_s(documents, pace_s, taken_s) == waited


def test_what_ends_with_its_turn_was_waited_for(library, monkeypatch):
    rebuild = start(library.store, library.clock, Asked(rate=10.0))
    part = library.store.rebuilds.claim_slice(library.clock.now(), 60, "t")
    waited = []
    monkeypatch.setattr(library.stopping, "wait", waited.append)
    run.copy_slice(replace(library.bench, until=0.0), rebuild, part)
    (kept,) = (each for each in library.store.rebuilds.slices() if each.slice_id == part.slice_id)
    assert kept.seen
    assert sum(waited) > 0.05 * kept.seen


def test_only_extract_needs_the_archive(library):
    with pytest.raises(UsageError, match="--from archive"):
        start(library.store, library.clock, Asked(source=Source.INDEX, only=Step.EXTRACT))
    assert library.store.versions.twin() is None


def test_a_wrong_selection_starts_nothing(library):
    with pytest.raises(UsageError, match="--country"):
        start(library.store, library.clock, Asked(selection={"country": "Q9Q"}))
    assert library.store.rebuilds.get() is None
