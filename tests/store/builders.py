"""Small records for store tests: every one valid, each test names only what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from worker.models import (
    Candidate,
    Claim,
    Document,
    Entry,
    Feed,
    LedgerRow,
    Outcome,
    OutcomeKind,
    Settlement,
)
from worker.store.base import Store
from worker.urls import article_id_of, feed_id_of, host_of

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LEASE_S = 900.0
HOPED = Outcome(kind=OutcomeKind.INDEXED, http_status=200)


def later(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def feed(name: str = "a", **fields: Any) -> Feed:
    url = f"https://{name}.example/rss"
    known = {"feed_id": feed_id_of(url), "url": url, "added_at": NOW, "next_poll_at": NOW, "interval_s": 1800}
    return Feed(**{**known, **fields})


A, B = feed("a").feed_id, feed("b").feed_id


def entry(name: str = "1", feed_id: str = A, *, title: str = "Title", **fields: Any) -> Entry:
    url = f"https://news.example/{name}"
    known = {"entry_id": f"entry-{name}", "feed_id": feed_id, "url": url, "domain": host_of(url)}
    return Entry(**{**known, "title": title, "entry_hash": title, "content": "text of the feed", **fields})


def document(name: str = "1", feed_id: str = A, *, body: str = "Some body", **fields: Any) -> Document:
    url = f"https://news.example/{name}"
    known: dict[str, Any] = {
        "article_id": article_id_of(url),
        "url": url,
        "canonical_url": url,
        "domain": "news.example",
        "feed_id": feed_id,
        "feed_ids": (feed_id,),
        "title": f"Title {name}",
        "body": body,
        "published_at": NOW,
        "published_source": "feed",
        "first_seen_at": NOW,
        "fetched_at": NOW,
        "content_hash": f"hash of {body}",
        "raw_digest": f"digest of {body}",
        "extractor_version": "1",
    }
    return Document(**{**known, **fields})


def candidate(claim: Claim, written: Document, **fields: Any) -> Candidate:
    return Candidate(document=written, entry_id=claim.entry_id, generation=claim.generation, **fields)


def settlement(claim: Claim, written: Document | None = None, **fields: Any) -> Settlement:
    """An attempt that ended with a document, or as `outcome` says."""
    placed = candidate(claim, written) if written else None
    return Settlement(**{"claim": claim, "outcome": HOPED, "candidate": placed, **fields})


def rejected(claim: Claim, reason: str = "no_article") -> Settlement:
    return Settlement(claim=claim, outcome=replace(HOPED, kind=OutcomeKind.REJECTED, reason=reason))


def claim_one(store: Store, entry_id: str = "entry-1", now: datetime = NOW) -> Claim:
    (claim,) = store.entries.claim([entry_id], now, LEASE_S)
    return claim


def ingest(store: Store, written: Document, entry_id: str = "entry-1", now: datetime = NOW) -> Outcome:
    """Claim the entry and settle it with the document; return the outcome in the ledger."""
    (settled,) = store.settle([settlement(claim_one(store, entry_id, now), written)], now)
    assert settled.outcome
    return settled.outcome


def row_of(store: Store, entry_id: str = "entry-1") -> LedgerRow:
    row = store.entries.get(entry_id)
    assert row
    return row
