"""Which row may fetch a page that several link to, as tables: rows without a store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.store.builders import LEASE_S, NOW, A, B, entry, later
from worker.models import LedgerRow, PageRow, Timings, Wait
from worker.store.known import BEING_FETCHED_WAIT_S, is_first_look, known_article, link_key, wait_s
from worker.urls import entry_id_of, identity_url

LEASE = {"wait": Wait.LEASE, "due_at": NOW + timedelta(seconds=LEASE_S)}
FETCHED = {"article_id": "x", "done_at": NOW, "http_status": 200}
LINK = "https://news.example/1"


def row(**fields: Any) -> LedgerRow:
    """Return a claimed row of feed A, `entry-1`."""
    known = {"entry": entry(), "feed_ids": (A,), "first_seen_at": NOW, "listed_at": NOW, "admitted_at": NOW}
    return LedgerRow(**{**known, **LEASE, **fields})


def other(name: str = "2", feed_id: str = A, **fields: Any) -> PageRow:
    return PageRow(entry_id=f"entry-{name}", feed_id=feed_id, **fields)


def stated(published_at: Any = None, updated_at: Any = None) -> LedgerRow:
    return row(entry=entry(published_at=published_at, updated_at=updated_at))


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        pytest.param({"url": LINK}, "own", id="an id of the feed's own: the link's"),
        pytest.param({"url": "http://NEWS.example/1?utm_source=rss#top"}, "own", id="however it is written"),
        pytest.param(
            {"url": LINK, "entry_id": entry_id_of(identity_url(LINK))}, None, id="the id is the link's"
        ),
        pytest.param({"url": "https://news.example/"}, None, id="a home page"),
        pytest.param({"url": None}, None, id="no link"),
    ],
)
def test_link_key(fields, key):
    expected = entry_id_of(identity_url(LINK)) if key else None
    assert link_key(replace(entry(), **fields)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({}, True, id="new"),
        pytest.param({"generation": 2}, True, id="changed before it was ever tried"),
        pytest.param({"attempts": 3}, True, id="its tries failed so far"),
        pytest.param({"forced": True}, False, id="forced"),
        pytest.param({"generation": 2, "article_id": "x"}, False, id="changed after it had an article"),
        pytest.param(
            {"generation": 2, "timings": Timings(total_ms=0)}, False, id="asked for after it had ended"
        ),
    ],
)
def test_is_first_look(fields, expected):
    assert is_first_look(row(**fields)) is expected


@pytest.mark.parametrize(
    ("looking", "others", "expected"),
    [
        pytest.param(row(), [], None, id="nobody else links there"),
        pytest.param(row(), [other()], None, id="another is pending"),
        pytest.param(row(), [other(done_at=NOW, http_status=404)], None, id="another ended without an article"),
        pytest.param(row(), [other(**FETCHED)], "x", id="another has its article"),
        pytest.param(row(), [other(article_id="x", **LEASE)], "x", id="and is fetched anew just now"),
        pytest.param(row(), [other("3"), other(**FETCHED)], "x", id="one of several has"),
        pytest.param(
            row(),
            [other(**FETCHED), other("3", **{**FETCHED, "article_id": "y", "done_at": later(1)})],
            "y",
            id="the latest article of an address that has had two",
        ),
        pytest.param(stated(later(-60)), [other(**FETCHED)], "x", id="published before that"),
        pytest.param(stated(later(1)), [other(**FETCHED)], None, id="published later: a live blog goes on"),
        pytest.param(stated(later(-60), later(1)), [other(**FETCHED)], None, id="updated later"),
        pytest.param(stated(later(1)), [other("2", B, **FETCHED)], "x", id="later, but of another feed's entry"),
        pytest.param(
            stated(later(1)),
            [other(**FETCHED), other("3", **{**FETCHED, "http_status": None, "done_at": later(2)})],
            None,
            id="later than the last fetch, which is not when the last row ended",
        ),
    ],
)  # fmt: skip
def test_known_article(looking, others, expected):
    assert known_article(looking, others) == expected


@pytest.mark.parametrize(
    ("others", "seconds"),
    [
        pytest.param([], 0, id="alone"),
        pytest.param([other()], 0, id="another is pending"),
        pytest.param([other(wait=Wait.SLOT, due_at=later(1))], 0, id="another waits for its host"),
        pytest.param([other("0", **LEASE)], BEING_FETCHED_WAIT_S, id="claimed together: the smaller id"),
        pytest.param([other("2", **LEASE)], 0, id="claimed together: this is it"),
        pytest.param([other("2", wait=Wait.LEASE, due_at=later(14))], BEING_FETCHED_WAIT_S, id="claimed before"),
        pytest.param([other("0", wait=Wait.LEASE, due_at=later(16))], 0, id="claimed after"),
        pytest.param([other("0", wait=Wait.LEASE, due_at=NOW)], 0, id="its lease has ended"),
        pytest.param([other("0", wait=Wait.LEASE)], 0, id="claimed, then held"),
        pytest.param([other(wait=Wait.RETRY, attempts=1, due_at=later(10))], 600, id="its tries fail"),
        pytest.param([other(wait=Wait.RETRY, attempts=1, due_at=later(-1))], 0, id="its next try is due"),
        pytest.param([other(wait=Wait.RETRY, due_at=later(10))], 0, id="one that waits for such a one"),
        pytest.param([other(**FETCHED)], 1800, id="news of a page: half an hour after its last fetch"),
        pytest.param([other(**{**FETCHED, "done_at": later(-31)})], 0, id="that was longer ago"),
    ],
)  # fmt: skip
def test_wait_s(others, seconds):
    assert wait_s(row(), others, NOW) == seconds


def test_one_of_rows_claimed_together_always_goes():
    names = [str(n) for n in range(5)]
    looking = {name: row(entry=entry(name)) for name in names}
    claimed = {name: other(name, **LEASE) for name in names}
    waits = [wait_s(looking[n], [claimed[m] for m in names if m != n], NOW) for n in names]
    assert waits.count(0) == 1
