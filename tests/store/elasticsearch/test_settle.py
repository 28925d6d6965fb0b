"""The write path where a server can go wrong: blocks, refusals, lost replies, and writers that meet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes import ManualClock
from tests.store.builders import (
    NOW,
    A,
    B,
    claim_one,
    document,
    entry,
    feed,
    later,
    rejected,
    row_of,
    settlement,
)
from tests.store.elasticsearch.wire import Wire
from worker.errors import StoreUnavailableError
from worker.models import ArchiveLocation, OutcomeKind, SettledState
from worker.store.elasticsearch.bulk import MOST_BYTES, MOST_OPERATIONS
from worker.store.elasticsearch.place import WORTH_HALVING

pytestmark = [pytest.mark.slow, pytest.mark.services]


def test_where_only_the_articles_are_blocked_no_row_becomes_done(ready, es, prefix: str) -> None:
    names = [str(n) for n in range(5)]
    ready.entries.admit(A, [entry(name) for name in names], NOW)
    claims = [claim_one(ready, f"entry-{name}") for name in names]
    attempts = [rejected(claims[0]), *map(settlement, claims[1:], map(document, names[1:]))]
    before = [row_of(ready, f"entry-{name}") for name in names]
    es.indices.put_settings(index=f"{prefix}-articles", settings={"index.blocks.write": True})
    with pytest.raises(StoreUnavailableError, match="blocked"):
        ready.settle(attempts, NOW)
    assert [row_of(ready, f"entry-{name}") for name in names] == before
    es.indices.put_settings(index=f"{prefix}-articles", settings={"index.blocks.write": None})
    assert [each.state for each in ready.settle(attempts, NOW)] == [SettledState.FINISHED] * 5


def test_which_archive_files_articles_were_made_from_can_be_counted(ready, es, prefix: str) -> None:
    for name, file in (("1", "a.warc.gz"), ("2", "b.warc.gz"), ("3", "a.warc.gz"), ("4", None)):
        ready.entries.admit(A, [entry(name)], NOW)
        archive = ArchiveLocation(file=file, offset=1, length=2) if file else None
        ready.settle([settlement(claim_one(ready, f"entry-{name}"), document(name, archive=archive))], NOW)
    ready.articles.refresh()
    counted = es.search(
        index=f"{prefix}-articles", size=0, aggs={"files": {"terms": {"field": "archive_file"}}}
    )["aggregations"]["files"]["buckets"]
    assert {each["key"]: each["doc_count"] for each in counted} == {"a.warc.gz": 2, "b.warc.gz": 1}
    assert ready.articles.get(document("1").article_id).archive == ArchiveLocation(
        file="a.warc.gz", offset=1, length=2
    )


def test_where_only_the_ledger_is_blocked_settling_again_repeats_the_outcomes(ready, es, prefix: str) -> None:
    ready.entries.admit(A, [entry()], NOW)
    attempt = settlement(claim_one(ready), document())
    es.indices.put_settings(index=f"{prefix}-entries", settings={"index.blocks.write": True})
    with pytest.raises(StoreUnavailableError, match="blocked"):
        ready.settle([attempt], NOW)
    es.indices.put_settings(index=f"{prefix}-entries", settings={"index.blocks.write": None})
    (settled,) = ready.settle([attempt], later(1))
    assert settled.outcome
    assert settled.outcome.kind is OutcomeKind.INDEXED
    stored = ready.articles.get(document().article_id)
    assert stored
    assert (stored.revision, stored.indexed_at) == (1, NOW)


def test_what_the_server_refuses_is_rejected_with_the_servers_word_and_alone(ready) -> None:
    """A term of more than 32,766 bytes is refused by Lucene, whatever the mapping."""
    ready.entries.admit(A, [entry(str(n)) for n in range(3)], NOW)
    claims = [claim_one(ready, f"entry-{n}") for n in range(3)]
    written = [document("0"), document("1", domain="x" * 40_000), document("2")]
    settled = ready.settle(list(map(settlement, claims, written)), NOW)
    kinds = [each.outcome.kind for each in settled]
    assert kinds == [OutcomeKind.INDEXED, OutcomeKind.REJECTED, OutcomeKind.INDEXED]
    (dead,) = ready.entries.dead()
    assert dead.reason == settled[1].outcome.reason == "index: document_parsing_exception"
    assert "domain" in dead.detail


def test_a_refused_document_does_not_drag_others_of_its_article_along(ready) -> None:
    ready.entries.admit(A, [entry("1"), entry("2")], NOW)
    claims = [claim_one(ready, "entry-1"), claim_one(ready, "entry-2")]
    bad = replace(document(body="bad"), domain="x" * 40_000, fetched_at=later(1))
    settled = ready.settle([settlement(claims[0], document()), settlement(claims[1], bad)], NOW)
    assert [each.outcome.kind for each in settled] == [OutcomeKind.INDEXED, OutcomeKind.REJECTED]
    assert ready.articles.get(document().article_id).body == "Some body"


@pytest.mark.parametrize("lost", [1, 2], ids=["of the documents", "of the outcomes"])
def test_a_lost_reply_doubles_nothing(ready, connect, lost: int) -> None:
    """The server did what it was asked; only we don't know."""
    ready.entries.admit(A, [entry()], NOW)
    attempt = settlement(claim_one(ready), document())
    wire = Wire()
    store = connect(wire)
    wire.lose_at = lost
    with pytest.raises(StoreUnavailableError, match="did not answer"):
        store.settle([attempt], NOW)
    (settled,) = store.settle([attempt], later(1))
    row, stored = row_of(ready), ready.articles.get(document().article_id)
    assert settled.state is (SettledState.FINISHED if lost == 1 else SettledState.STALE)
    assert (row.outcome, stored.revision, stored.indexed_at) == (OutcomeKind.INDEXED, 1, NOW)


def test_50_writers_of_one_article(ready, connect) -> None:
    """The newest wins, every feed is known, and one outcome is `indexed`, in whatever order they come."""
    feeds = [feed(f"f{n}") for n in range(50)]
    ready.feeds.add(feeds)
    for n, each in enumerate(feeds):
        ready.entries.admit(each.feed_id, [entry(f"w{n}", each.feed_id)], NOW)
    claims = ready.entries.claim([f"entry-w{n}" for n in range(50)], NOW, 900)
    attempts = []
    for n, claim in enumerate(claims):
        at = NOW + timedelta(seconds=n)
        attempts.append(
            settlement(claim, replace(document("x", feeds[n].feed_id, body=f"version {n}"), fetched_at=at))
        )

    def write(attempt):
        store, met = connect(), 0
        while True:
            (settled,) = store.settle([attempt], NOW)
            if settled.state is not SettledState.REFUSED:
                return settled.outcome.kind, met
            met += 1

    with ThreadPoolExecutor(50) as pool:
        written = list(pool.map(write, attempts))
    stored = ready.articles.get(document("x").article_id)
    assert stored.body == "version 49"
    assert set(stored.feed_ids) == {each.feed_id for each in feeds}
    kinds = [kind for kind, _ in written]
    assert kinds.count(OutcomeKind.INDEXED) == 1
    assert stored.revision == 1 + kinds.count(OutcomeKind.REVISED)
    assert ready.entries.counts()["pending"] == 0
    assert ready.articles.count() == 1


def test_50_candidates_for_one_article_in_one_batch_are_one_write(ready, connect) -> None:
    ready.entries.admit(A, [entry(f"b{n}") for n in range(50)], NOW)
    claims = ready.entries.claim([f"entry-b{n}" for n in range(50)], NOW, 900)
    wire = Wire()
    attempts = [
        settlement(claim, document("x", body=f"version {n}", word_count=1_000))
        for n, claim in enumerate(claims)
    ]
    settled = connect(wire).settle(attempts, NOW)
    assert [each.outcome.kind for each in settled].count(OutcomeKind.INDEXED) == 1
    assert len(wire.bulks) == 2
    assert ready.entries.counts()["pending"] == 0


def test_a_feed_that_comes_between_reading_the_row_and_finishing_it(ready, connect) -> None:
    ready.entries.admit(A, [entry()], NOW)
    attempt = settlement(claim_one(ready), document())
    wire = Wire(before_bulk=lambda: ready.entries.admit(B, [entry("1", B)], NOW))
    assert connect(wire).settle([attempt], NOW)[0].state is SettledState.FINISHED
    assert set(ready.articles.get(document().article_id).feed_ids) == {A, B}


@pytest.mark.parametrize("lost", [1, 2, 3, 4], ids=["document", "refused finish", "its feeds", "finish"])
def test_a_feed_that_comes_between_is_known_to_the_article_whichever_answer_is_lost(
    ready, connect, lost: int
) -> None:
    ready.entries.admit(A, [entry()], NOW)
    attempt = settlement(claim_one(ready), document())
    wire = Wire(before_bulk=lambda: ready.entries.admit(B, [entry("1", B)], NOW), lose_at=lost)
    store = connect(wire)
    with pytest.raises(StoreUnavailableError):
        store.settle([attempt], NOW)
    store.settle([attempt], later(1))
    assert row_of(ready).outcome is OutcomeKind.INDEXED
    assert set(ready.articles.get(document().article_id).feed_ids) == {A, B}


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize("lost", [1, 2], ids=["of the documents", "of the outcomes"])
def test_a_proxy_that_loses_an_answer_doubles_nothing(ready, connect, status: int, lost: int) -> None:
    """Such a status is asked again at once: the server has done it already."""
    ready.entries.admit(A, [entry()], NOW)
    wire = Wire(lose_at=lost, gateway=status)
    store = connect(wire, ManualClock())
    (settled,) = store.settle([settlement(claim_one(ready), document())], NOW)
    row, stored = row_of(ready), ready.articles.get(document().article_id)
    assert settled.state is (SettledState.FINISHED if lost == 1 else SettledState.STALE)
    assert (row.outcome, stored.revision, stored.indexed_at) == (OutcomeKind.INDEXED, 1, NOW)


def test_the_halves_of_a_large_batch_come_back_in_order(ready, connect) -> None:
    """Its documents go in two requests at once; one refused or for a known article stays in its place."""
    names = [f"h{n}" for n in range(WORTH_HALVING)]
    ready.entries.admit(A, [entry(name) for name in names], NOW)
    claims = ready.entries.claim([f"entry-{name}" for name in names], NOW, 900)
    written = [document(name, word_count=1_000) for name in names]
    written[3] = document("h3", domain="x" * 40_000)
    written[-1] = document(names[-2], body="another", word_count=1_000)
    wire = Wire()
    settled = connect(wire).settle(list(map(settlement, claims, written)), NOW)
    kinds = [each.outcome.kind.value for each in settled]
    assert kinds == ["indexed"] * 3 + ["rejected"] + ["indexed"] * (WORTH_HALVING - 5) + [kinds[-1]]
    assert kinds[-1] in {"revised", "duplicate"}
    assert [row_of(ready, f"entry-{name}").outcome.value for name in names] == kinds
    assert sum(b'"create"' in body for body in wire.bulks) == 2


def test_where_one_half_fails_no_row_becomes_done(ready, connect) -> None:
    names = [f"h{n}" for n in range(WORTH_HALVING)]
    ready.entries.admit(A, [entry(name) for name in names], NOW)
    claims = ready.entries.claim([f"entry-{name}" for name in names], NOW, 900)
    attempts = [settlement(claim, document(name, word_count=1_000)) for claim, name in zip(claims, names)]
    store = connect(Wire(lose_at=2))
    with pytest.raises(StoreUnavailableError):
        store.settle(attempts, NOW)
    assert ready.entries.counts() | {"pending": 0} == dict.fromkeys(ready.entries.counts(), 0)
    assert ready.articles.count() == WORTH_HALVING
    settled = store.settle(attempts, later(1))
    assert {each.outcome.kind for each in settled} == {OutcomeKind.INDEXED}
    assert {ready.articles.get(each.outcome.article_id).indexed_at for each in settled} == {NOW}


def test_an_article_that_another_writes_between_reading_and_writing_it(ready, connect) -> None:
    ready.entries.admit(A, [entry("1"), entry("2")], NOW)
    mine, theirs = claim_one(ready, "entry-1"), claim_one(ready, "entry-2")
    other = settlement(theirs, document("x", body="theirs"))
    wire = Wire(before_bulk=lambda: ready.settle([other], NOW))
    newer = replace(document("x", body="mine"), fetched_at=later(1))
    (settled,) = connect(wire).settle([settlement(mine, newer)], NOW)
    assert settled.outcome.kind is OutcomeKind.REVISED
    assert ready.articles.get(newer.article_id).body == "mine"


def test_bulk_requests_stay_within_their_bounds(ready, connect) -> None:
    ready.entries.admit(A, [entry(str(n)) for n in range(600)], NOW)
    claims = ready.entries.claim([f"entry-{n}" for n in range(600)], NOW, 900)
    wire = Wire()
    long = "word " * 8_000
    written = [document(str(n), body=f"{n} {long}", word_count=8_000) for n in range(600)]
    settled = connect(wire).settle(list(map(settlement, claims, written)), NOW)
    assert {each.outcome.kind for each in settled} == {OutcomeKind.INDEXED}
    assert sum(map(len, wire.bulks)) > 2 * MOST_BYTES
    assert max(map(len, wire.bulks)) <= MOST_BYTES
    assert max(body.count(b"\n") // 2 for body in wire.bulks) <= MOST_OPERATIONS
    assert all(b'"require_alias":true' in line for body in wire.bulks for line in body.split(b"\n")[:-1:2])


def test_a_document_that_no_request_may_carry_is_rejected(ready) -> None:
    ready.entries.admit(A, [entry()], NOW)
    huge = document(body="word " * 2_000_001, word_count=2_000_001)
    (settled,) = ready.settle([settlement(claim_one(ready), huge)], NOW)
    assert (settled.outcome.kind, settled.outcome.reason) == (OutcomeKind.REJECTED, "index: too large")
