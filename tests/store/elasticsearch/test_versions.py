"""Two versions where writers meet, answers get lost, and one version is not what the other is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from tests.store.builders import NOW, A, B, claim_one, document, entry, ingest, later, row_of, settlement
from tests.store.contract_versions import ONE, both, carry_all, rebuilt, stored, twin_of
from tests.store.elasticsearch.wire import Wire
from worker.errors import StoreError, StoreUnavailableError
from worker.models import Carried, CarryState, OutcomeKind, SettledState
from worker.store.elasticsearch.level import erase, level

pytestmark = [pytest.mark.slow, pytest.mark.services]

BOTH = tuple(sorted((A, B)))


@pytest.fixture
def filled(ready):
    """A store with the article of entry-1, and entry-2 that is still to be fetched."""
    ready.entries.admit(A, [entry("1"), entry("2")], NOW)
    ingest(ready, document())
    return ready


@pytest.fixture
def copied(filled):
    """The same with a twin that holds the article, rebuilt."""
    carry_all(filled, filled.versions.create())
    return filled


def versions_of(es, prefix: str) -> list[str]:
    return sorted(es.indices.get(index=f"{prefix}-articles-*"))


# Swaps and drops at the worst moment


def test_a_merge_that_was_read_before_a_swap_and_is_written_after_it(copied, connect) -> None:
    """The document has the same sequence number in both: it must not be taken for the one that was read."""
    wire = Wire(before_bulk=copied.versions.swap)
    before = stored(copied)
    connect(wire).entries.admit(B, [entry("1", B)], NOW)
    assert stored(copied) == replace(rebuilt(before), feed_ids=BOTH)
    assert twin_of(copied) == replace(before, feed_ids=BOTH)


def test_an_article_that_was_missing_before_a_swap_and_is_written_after_it(copied, connect) -> None:
    wire = Wire(before_bulk=copied.versions.swap)
    (settled,) = connect(wire).settle([settlement(claim_one(copied, "entry-2"), document("2"))], NOW)
    assert settled.outcome.kind is OutcomeKind.INDEXED
    live, twin = both(copied)
    assert [len(live), len(twin)] == [2, 2]


def test_a_revision_that_is_written_while_versions_swap_is_in_both(copied, connect) -> None:
    copied.entries.admit(A, [entry("1", title="New")], later(60))
    newer = replace(document(body="Edited"), fetched_at=later(60))
    wire = Wire(before_bulk=copied.versions.swap)
    connect(wire).settle([settlement(claim_one(copied, now=later(60)), newer)], later(60))
    assert stored(copied) == twin_of(copied)
    assert (stored(copied).body, stored(copied).revision) == ("Edited", 2)


@pytest.mark.parametrize("bulk", [1, 2], ids=["before the live write", "before the twin's"])
def test_a_twin_that_is_dropped_meanwhile_comes_not_back(copied, connect, es, prefix: str, bulk: int) -> None:
    wire = Wire(before_bulk=copied.versions.drop, call_at=bulk)
    (settled,) = connect(wire).settle([settlement(claim_one(copied, "entry-2"), document("2"))], NOW)
    assert settled.state is SettledState.FINISHED
    assert versions_of(es, prefix) == [f"{prefix}-articles-000001"]
    assert copied.articles.count() == 2


def test_what_was_written_into_a_version_that_was_swapped_and_dropped_is_written_again(filled) -> None:
    with pytest.raises(StoreUnavailableError, match="dropped while it was written"):
        level(filled._cluster, [ONE], {"some-index-000001"})


def test_a_page_that_comes_after_its_twin_was_dropped_brings_nothing_back(
    copied, connect, es, prefix: str
) -> None:
    before = stored(copied)
    wire = Wire(before_bulk=copied.versions.drop)
    carried = Carried(before=before, after=replace(before, title="Other"))
    with pytest.raises(StoreError):
        connect(wire).versions.carry([carried], copied.versions.twin())
    assert versions_of(es, prefix) == [f"{prefix}-articles-000001"]


def test_several_make_a_version_at_once(filled, connect, es, prefix: str) -> None:
    def make(store) -> str | None:
        try:
            return store.versions.create()
        except StoreError:
            return None

    with ThreadPoolExecutor(4) as pool:
        made = [each for each in pool.map(make, [connect() for _ in range(4)]) if each]
    assert len(made) <= 1
    assert versions_of(es, prefix) == [f"{prefix}-articles-000001", *made]


# Writers that meet the rebuild


def test_a_live_revision_between_reading_and_carrying(copied, connect) -> None:
    before = stored(copied)

    def revise() -> None:
        copied.entries.admit(A, [entry("1", title="New")], later(60))
        newer = replace(document(body="Edited"), fetched_at=later(60))
        ingest(copied, newer, now=later(60))

    wire = Wire(before_bulk=revise)
    carried = Carried(before=before, after=replace(before, title="Other"))
    (result,) = connect(wire).versions.carry([carried], copied.versions.twin())
    assert result.state is CarryState.CHANGED
    assert stored(copied) == twin_of(copied)
    assert stored(copied).body == "Edited"


def everything_doomed(store) -> None:
    assert erase(store._cluster, [ONE], lambda _: True) == set()


@pytest.mark.parametrize("work", ["carried", "leveled"])
def test_an_article_that_is_withdrawn_while_it_is_put_into_the_twin(filled, connect, work: str) -> None:
    into, before = filled.versions.create(), stored(filled)
    store = connect(Wire(before_bulk=lambda: everything_doomed(filled)))
    if work == "carried":
        (result,) = store.versions.carry([Carried(before=before, after=before)], into)
        assert result.state is CarryState.GONE
    else:
        level(store._cluster, [ONE], ())
    assert both(filled) == ([], [])


def test_an_article_that_is_put_back_while_it_is_withdrawn(copied, connect) -> None:
    """It is deleted from the live version first; a writer brings it back from the twin before that is done."""
    wire = Wire(before_bulk=lambda: level(copied._cluster, [ONE], ()), call_at=2)
    everything_doomed(connect(wire))
    assert len(wire.bulks) > 2
    assert both(copied) == ([], [])


def test_what_is_not_doomed_stays_in_both(copied) -> None:
    assert erase(copied._cluster, [ONE], lambda _: False) == {ONE}
    assert [len(each) for each in both(copied)] == [1, 1]


def test_a_withdrawal_that_a_crash_ended_after_the_live_version_is_finished(copied, es, prefix: str) -> None:
    es.delete(index=f"{prefix}-articles-write", id=ONE)
    everything_doomed(copied)
    assert both(copied) == ([], [])


# Answers, blocks and crashes


@pytest.mark.parametrize("lost", [1, 2, 3], ids=["live version", "twin", "outcome"])
def test_a_lost_answer_doubles_nothing(copied, connect, lost: int) -> None:
    attempt = settlement(claim_one(copied, "entry-2"), document("2"))
    store = connect(Wire(lose_at=lost))
    with pytest.raises(StoreUnavailableError, match="did not answer"):
        store.settle([attempt], NOW)
    store.settle([attempt], later(1))
    assert row_of(copied, "entry-2").outcome is OutcomeKind.INDEXED
    article_id = document("2").article_id
    assert stored(copied, article_id) == twin_of(copied, article_id)
    assert stored(copied, article_id).indexed_at == NOW


def test_where_the_twin_is_blocked_no_row_becomes_done(copied, es) -> None:
    """Nor where the live version has the article already: the next try brings both level."""
    twin = copied.versions.twin()
    es.indices.put_settings(index=twin, settings={"index.blocks.write": True})
    attempt = settlement(claim_one(copied, "entry-2"), document("2"))
    with pytest.raises(StoreUnavailableError, match="blocked"):
        copied.settle([attempt], NOW)
    assert row_of(copied, "entry-2").outcome is None
    es.indices.put_settings(index=twin, settings={"index.blocks.write": None})
    assert copied.settle([attempt], later(1))[0].outcome.kind is OutcomeKind.INDEXED
    assert [len(each) for each in both(copied)] == [2, 2]


def test_a_feed_that_joined_before_a_crash_is_brought_over_when_it_is_listed_again(copied, es) -> None:
    twin = copied.versions.twin()
    es.indices.put_settings(index=twin, settings={"index.blocks.write": True})
    with pytest.raises(StoreUnavailableError, match="blocked"):
        copied.entries.admit(B, [entry("1", B)], NOW)
    es.indices.put_settings(index=twin, settings={"index.blocks.write": None})
    copied.entries.admit(B, [entry("1", B)], NOW)
    assert stored(copied).feed_ids == twin_of(copied).feed_ids == BOTH


def test_what_a_killed_writer_left_in_one_version_is_brought_over(copied, es) -> None:
    """Its entry ended otherwise at the next try: nobody else would do it."""
    copied.entries.admit(A, [entry("1", title="New")], later(60))
    ingest(copied, replace(document(body="Edited"), fetched_at=later(60)), now=later(60))
    ingest(copied, document("2"), "entry-2", later(60))
    twin, new = copied.versions.twin(), document("2").article_id
    carried = [Carried(before=stored(copied), after=None)]
    copied.versions.carry(carried, twin)
    es.delete(index=twin, id=new)
    copied.versions.level(later(61))
    assert [len(each) for each in both(copied)] == [2, 0]
    copied.versions.level(later(60))
    live, leveled = both(copied)
    assert live == leveled


def test_an_article_left_out_before_a_rebuild_s_last_writes_stays_out(copied) -> None:
    copied.versions.carry([Carried(before=stored(copied), after=None)], copied.versions.twin())
    copied.versions.level(later(1))
    assert [len(each) for each in both(copied)] == [1, 0]


def test_settling_without_a_twin_costs_one_look(filled, connect) -> None:
    wire = Wire()
    connect(wire).settle([settlement(claim_one(filled, "entry-2"), document("2"))], NOW)
    assert (wire.reads, len(wire.bulks)) == (READS_BEFORE + 1, 2)


READS_BEFORE = 3
"""Rows, known texts, articles."""


# A version with an older mapping


@pytest.fixture
def older(filled, es, prefix: str):
    """A twin whose mapping knows neither `quality` nor English, and takes numbers only for a section."""
    template = es.indices.get_index_template(name=f"{prefix}-articles")["index_templates"][0][
        "index_template"
    ]
    mappings = template["template"]["mappings"]
    fields = {name: each for name, each in mappings["properties"].items() if name != "quality"}
    languages = {name: each for name, each in fields["lang_text"]["properties"].items() if name != "en"}
    fields |= {"lang_text": {"type": "object", "properties": languages}, "section": {"type": "integer"}}
    es.indices.delete_index_template(name=f"{prefix}-articles")
    es.indices.create(
        index=f"{prefix}-articles-000002",
        aliases={f"{prefix}-articles-twin": {}},
        mappings={**mappings, "properties": fields},
        settings={"analysis": template["template"]["settings"]["index"]["analysis"]},
    )
    return filled


def test_fields_that_an_older_version_does_not_know_are_left_out_there(older) -> None:
    full = replace(document("2"), quality=0.5, language="en", summary="S")
    with capture_logs() as logs:
        assert ingest(older, full, "entry-2").kind is OutcomeKind.INDEXED
    live = stored(older, full.article_id)
    assert live.quality == 0.5
    assert twin_of(older, full.article_id) == replace(live, quality=None)
    assert logs == []


def test_what_an_older_version_refuses_even_so_is_said_and_keeps_nobody_waiting(older) -> None:
    refused = replace(document("2"), section="sport")
    with capture_logs() as logs:
        assert ingest(older, refused, "entry-2").kind is OutcomeKind.INDEXED
    assert twin_of(older, refused.article_id) is None
    (line,) = logs
    assert (line["event"], line["articles"]) == ("articles not written to the other version", 1)
    assert "section" in line["error"]
