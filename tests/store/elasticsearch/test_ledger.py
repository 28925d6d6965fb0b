"""What the ledger does with a search that is behind, and with rows that others change meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.store.builders import LEASE_S, NOW, A, claim_one, entry, later, row_of
from worker.models import Wait

pytestmark = [pytest.mark.slow, pytest.mark.services]


@pytest.fixture
def stale(ready, es, prefix: str):
    """The ledger's search shows what it shows now, and nothing that comes after."""
    ready.entries.admit(A, [entry(str(n)) for n in range(20)], NOW)
    es.indices.refresh(index=f"{prefix}-entries")
    es.indices.put_settings(index=f"{prefix}-entries", settings={"index.refresh_interval": "-1"})
    return ready


def test_a_claim_on_a_stale_search_wins_only_what_is_still_due(stale) -> None:
    claim_one(stale, "entry-0")
    due = [row.entry_id for row in stale.entries.due(NOW, 100, 100)]
    assert len(due) == 20
    won = stale.entries.claim(due, NOW, LEASE_S)
    assert {claim.entry_id for claim in won} == {f"entry-{n}" for n in range(1, 20)}
    assert all(stale.entries.start(claim) for claim in won)


def test_claimers_that_meet_share_the_rows(stale, connect) -> None:
    due = [row.entry_id for row in stale.entries.due(NOW, 100, 100)]
    with ThreadPoolExecutor(8) as pool:
        shares = list(
            pool.map(lambda store: store.entries.claim(due, NOW, LEASE_S), [connect() for _ in range(8)])
        )
    won = [claim.entry_id for share in shares for claim in share]
    assert sorted(won) == sorted(due)


def test_a_listing_and_a_defer_that_meet_both_hold(ready, connect) -> None:
    ready.entries.admit(A, [entry(title="T0")], NOW)
    with ThreadPoolExecutor(2) as pool:
        for n in range(1, 9):
            now = later(60 * n)
            claim = claim_one(ready, now=now)
            options = {"due_at": now, "wait": Wait.RETRY, "attempts": n, "reason": None}
            deferred = pool.submit(lambda c=claim, o=options: ready.entries.defer(c, **o))
            admitted = pool.submit(lambda n=n, now=now: ready.entries.admit(A, [entry(title=f"T{n}")], now))
            assert deferred.result()
            assert admitted.result().changed == ("entry-1",)
            row = row_of(ready)
            assert (row.generation, row.claim, row.due_at) == (n + 1, None, now)


def test_one_host_with_thousands_of_rows_starves_nobody(ready, es, prefix: str) -> None:
    big = [entry(f"big{n}", domain="big.example") for n in range(1_500)]
    small = [entry(f"small{n}", domain=f"s{n}.example") for n in range(10)]
    assert len(ready.entries.admit(A, [*big, *small], NOW).new) == 1_510
    es.indices.refresh(index=f"{prefix}-entries")
    due = ready.entries.due(NOW, 20, 4)
    assert {row.domain for row in due} == {"big.example", *(f"s{n}.example" for n in range(10))}
    assert sum(row.domain == "big.example" for row in due) == 4
    assert len(ready.entries.due(NOW, 2_000, 2_000)) == 1_010


def test_thousands_of_rows_of_a_feed_that_goes(ready) -> None:
    ready.entries.admit(A, [entry(str(n)) for n in range(1_200)], NOW)
    ready.feeds.update(A, {"state": "paused"})
    assert ready.entries.hold(A) == 1_200
    ready.feeds.update(A, {"state": "active"})
    assert ready.entries.release(A, later(1)) == 1_200
    assert len(ready.entries.claim([f"entry-{n}" for n in range(700)], later(1), LEASE_S)) == 700
    assert ready.entries.release_claims(later(2)) == 700
    ready.feeds.remove(A)
    assert ready.entries.feed_removed(A, later(3)) == 1_200
    assert ready.entries.reasons() == {("rejected", "feed_removed"): 1_200}
    assert ready.entries.prune(later(4)) == 1_200


def test_a_listing_with_endless_fields_is_admitted_whole(ready) -> None:
    """Lucene refuses terms of more than 32,766 bytes; what a feed says must not stop its other entries."""
    endless = "x" * 100_000
    url = f"https://news.example/{endless}"
    says = {"guid": endless, "title": endless, "summary": endless, "section": endless, "image_url": url}
    hostile = entry("1", url=url, canonical_url=url, authors=(endless,), language=endless, **says)
    assert ready.entries.admit(A, [hostile, entry("2")], NOW).new == ("entry-1", "entry-2")
    assert row_of(ready).entry == hostile
    assert ready.entries.find_by_url(url) == []
    assert ready.articles.find_by_url(url) is None
