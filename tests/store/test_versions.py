"""Which of two documents of one article is the newer, and what carrying one comes to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.builders import NOW, A, B, document, later
from worker.models import ArchiveLocation, Carried, CarryState, Document, OutcomeKind, WrittenBy
from worker.store.versions import carrying, is_same_write, leveled


def written(name: str = "e1", generation: int = 1) -> WrittenBy:
    return WrittenBy(entry_id=name, generation=generation, outcome=OutcomeKind.INDEXED)


OLD = document(written_by=written(), indexed_at=NOW)
REBUILT = replace(OLD, body="rebuilt", content_hash="other", extractor_version="2", tagger_version="2")
NEW = replace(OLD, body="new", raw_digest="new", revision=2, written_by=written("e1", 2), fetched_at=later(9))
BOTH = tuple(sorted((A, B)))
KEPT = ArchiveLocation(file="f.warc.gz", offset=1, length=2)

LEVELED = [
    pytest.param(None, None, None, id="neither is there"),
    pytest.param(OLD, None, None, id="the other is missing"),
    pytest.param(None, OLD, OLD, id="mine is missing"),
    pytest.param(OLD, OLD, None, id="equal"),
    pytest.param(REBUILT, OLD, None, id="rebuilt stays"),
    pytest.param(OLD, REBUILT, None, id="and is taken over by nobody"),
    pytest.param(OLD, NEW, NEW, id="a newer write"),
    pytest.param(REBUILT, NEW, NEW, id="a newer write over a rebuilt text"),
    pytest.param(NEW, OLD, None, id="an older write"),
    pytest.param(
        REBUILT,
        replace(OLD, feed_ids=(B,), fetched_at=later(3), first_seen_at=later(-3)),
        replace(REBUILT, feed_ids=BOTH, fetched_at=later(3), first_seen_at=later(-3)),
        id="merged feeds and times",
    ),
    pytest.param(
        REBUILT, replace(OLD, archive=KEPT), replace(REBUILT, archive=KEPT), id="a page that was kept"
    ),
    pytest.param(NEW, replace(OLD, archive=KEPT), None, id="an older page that was kept"),
    pytest.param(OLD, replace(NEW, feed_ids=(B,)), replace(NEW, feed_ids=BOTH), id="newer, and my feeds"),
    pytest.param(NEW, replace(OLD, feed_ids=(B,)), replace(NEW, feed_ids=BOTH), id="older, and its feeds"),
    pytest.param(
        replace(OLD, fetched_at=later(20)),
        NEW,
        None,
        id="an older text that was seen again later is the newer",
    ),
    pytest.param(
        OLD, replace(NEW, fetched_at=NOW), replace(NEW, fetched_at=NOW), id="at one moment the revision says"
    ),
]


@pytest.mark.parametrize(("mine", "other", "wanted"), LEVELED)
def test_leveled(mine: Document | None, other: Document | None, wanted: Document | None) -> None:
    assert leveled(mine, other) == wanted


@pytest.mark.parametrize(
    "changes",
    [{"revision": 2}, {"written_by": written("e2")}, {"written_by": written("e1", 2)}, {"raw_digest": "x"}],
    ids=lambda changes: "".join(changes),
)
def test_what_makes_another_write(changes) -> None:
    assert not is_same_write(OLD, replace(OLD, **changes))


documents = st.builds(
    lambda body, revision, minutes, feeds, by, digest: replace(
        OLD, body=body, revision=revision, fetched_at=later(minutes), feed_ids=feeds, written_by=by,
        raw_digest=digest,
    ),
    st.sampled_from("xy"),
    st.integers(1, 2),
    st.integers(0, 2),
    st.sampled_from([(A,), (B,), BOTH]),
    st.one_of(st.none(), st.sampled_from([written("e1"), written("e2")])),
    st.sampled_from("pq"),
)  # fmt: skip


@given(one=documents, other=documents)
def test_both_come_to_the_same_write_and_then_to_rest(one: Document, other: Document) -> None:
    mine, theirs = leveled(one, other) or one, leveled(other, one) or other
    assert is_same_write(mine, theirs)
    assert (mine.feed_ids, mine.fetched_at) == (theirs.feed_ids, theirs.fetched_at)
    assert mine.fetched_at == max(one.fetched_at, other.fetched_at)
    assert leveled(mine, theirs) is leveled(theirs, mine) is None


CARRYING = [
    pytest.param(REBUILT, OLD, None, CarryState.CARRIED, REBUILT, id="into an empty place"),
    pytest.param(REBUILT, OLD, OLD, CarryState.CARRIED, REBUILT, id="over a copy"),
    pytest.param(REBUILT, OLD, REBUILT, CarryState.CARRIED, REBUILT, id="again"),
    pytest.param(OLD, OLD, REBUILT, CarryState.CARRIED, OLD, id="a copy over what was rebuilt before"),
    pytest.param(None, OLD, REBUILT, CarryState.CARRIED, None, id="not to be there"),
    pytest.param(REBUILT, None, REBUILT, CarryState.GONE, None, id="gone"),
    pytest.param(REBUILT, NEW, NEW, CarryState.CHANGED, NEW, id="a newer write"),
    pytest.param(REBUILT, NEW, None, CarryState.CHANGED, None, id="a newer write on its way"),
    pytest.param(
        None, OLD, NEW, CarryState.CHANGED, NEW, id="newer in the twin alone: it is on its way back"
    ),
    pytest.param(
        REBUILT,
        replace(OLD, feed_ids=BOTH),
        replace(OLD, feed_ids=BOTH),
        CarryState.CHANGED,
        replace(OLD, feed_ids=BOTH),
        id="a feed joined",
    ),
    pytest.param(
        REBUILT,
        OLD,
        replace(OLD, feed_ids=BOTH),
        CarryState.CARRIED,
        replace(REBUILT, feed_ids=BOTH),
        id="a feed that the twin alone knows",
    ),
]


@pytest.mark.parametrize(("after", "live", "twin", "state", "wanted"), CARRYING)
def test_carrying(after, live, twin, state, wanted) -> None:
    decided = carrying(Carried(before=OLD, after=after), live, twin)
    assert (decided.state, decided.document) == (state, wanted)
