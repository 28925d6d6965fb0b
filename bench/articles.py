"""Articles to write: 600 distinct words' worth of text each, admitted to the ledger and claimed."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.clock import Clock
from worker.models import Candidate, Claim, Document, Entry, Feed, Outcome, OutcomeKind, Settlement, Timings
from worker.urls import article_id_of, feed_id_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from worker.store.base import Store

WORDS = 600
"""A news article's usual length."""
LEASE_S = 3600.0
_SYLLABLES = (
    "ba",
    "cor",
    "den",
    "el",
    "fa",
    "gri",
    "hol",
    "in",
    "ju",
    "kra",
    "lo",
    "mer",
    "nu",
    "os",
    "per",
    "qui",
)
_VOCABULARY = ["".join(parts) for size in (1, 2, 3) for parts in itertools.product(_SYLLABLES, repeat=size)]
_FEED_URL = "https://bench.example/feed"
_numbers = itertools.count()


@dataclass(frozen=True)
class Written:
    """A claimed row and the document that its attempt came to, at the time of the claim."""

    claim: Claim
    candidate: Candidate
    settlement: Settlement
    at: datetime


def admitted(store: Store, count: int) -> Iterator[Written]:
    """Yield that many new articles, each on its own claimed row."""
    now = Clock().now()
    feed_id = feed_id_of(_FEED_URL)
    feed = Feed(feed_id=feed_id, url=_FEED_URL, added_at=now, next_poll_at=now, interval_s=1800)
    store.feeds.add([feed])
    entries = [_entry(next(_numbers), feed_id, now) for _ in range(count)]
    store.entries.admit(feed_id, entries, now)
    claims = store.entries.claim([entry.entry_id for entry in entries], now, LEASE_S)
    for claim, entry in zip(claims, entries, strict=True):
        yield _written(claim, entry, now)


def text(name: str, words: int = WORDS) -> str:
    """Return words drawn as in natural text: few are frequent, most are rare."""
    drawn = hashlib.shake_256(name.encode()).digest(2 * words)
    shares = (int.from_bytes(drawn[at : at + 2]) / 65536 for at in range(0, len(drawn), 2))
    chosen = [_VOCABULARY[int(len(_VOCABULARY) * share**3)] for share in shares]
    return ". ".join(" ".join(chosen[at : at + 15]).capitalize() for at in range(0, words, 15)) + "."


def _entry(number: int, feed_id: str, now: datetime) -> Entry:
    url = f"https://bench.example/2026/11/{number}-{text(str(number), 4).lower().replace(' ', '-')}html"
    return Entry(
        entry_id=article_id_of(url),
        feed_id=feed_id,
        url=url,
        canonical_url=url,
        domain="bench.example",
        guid=url,
        title=text(f"title {number}", 9),
        summary=text(f"summary {number}", 30),
        published_at=now,
        entry_hash=str(number),
    )


def _written(claim: Claim, entry: Entry, now: datetime) -> Written:
    assert entry.url
    body = text(entry.entry_id)
    document = Document(
        article_id=article_id_of(entry.url),
        url=entry.url,
        canonical_url=entry.url,
        domain=entry.domain,
        feed_id=entry.feed_id,
        feed_ids=(entry.feed_id,),
        feed_title="The Bench",
        title=entry.title or "",
        summary=entry.summary,
        body=body,
        authors=("A. Reporter",),
        language="en",
        published_at=now,
        published_source="feed",
        first_seen_at=now,
        fetched_at=now,
        word_count=WORDS,
        content_hash=hashlib.sha256(body.encode()).hexdigest(),
        raw_digest=hashlib.sha256(entry.url.encode()).hexdigest(),
        extractor="fast",
        extractor_version="1",
    )
    timings = Timings(wait_ms=0, fetch_ms=120, extract_ms=17, tag_ms=3, total_ms=145)
    outcome = Outcome(
        kind=OutcomeKind.INDEXED, article_id=document.article_id, http_status=200, timings=timings
    )
    candidate = Candidate(document=document, entry_id=claim.entry_id, generation=claim.generation)
    return Written(claim, candidate, Settlement(claim=claim, outcome=outcome, candidate=candidate), now)
