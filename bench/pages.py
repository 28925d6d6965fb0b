"""Pages for a rebuild: those of the tests, and labelled ones beside the project or else generated ones."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.eval.test_extraction import SHARED
from tests.extract.pages import NAMES, page_of, stored_page
from worker.archive.opening import open_archive
from worker.archive.records import Subject
from worker.archive.writing import Rotation
from worker.clock import Clock
from worker.errors import ExtractError
from worker.models import Entry, Feed, LedgerRow, Outcome, OutcomeKind, Page, Settlement
from worker.pipeline import build_candidate
from worker.urls import article_id_of, feed_id_of, host_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from worker.store.base import Store

_FEED_URL = "https://bench.example/feed"
FEED_ID = feed_id_of(_FEED_URL)
LEASE_S = 3600.0
BATCH = 100
GENERATED = 100
_PLACES = (
    "Minsk",
    "Nairobi",
    "Lyon",
    "Osaka",
    "Austin",
    "Warsaw",
    "Lima",
    "Hanoi",
    "Oslo",
    "Accra",
    "Tbilisi",
    "Perth",
)
_SENTENCES = (
    "The city council of {place} voted on Tuesday to spend {n} million on a new tram line along the river.",
    "Opposition members said the money would be better spent on hospitals, where {n} nurses are missing.",
    "“We have waited {n} years for this,” said the mayor, who had made it the first promise of her campaign.",
    "The government in {place} has not said whether it will add a loan to what the city pays itself.",
    "Economists at the national bank expect prices to rise by {n} percent before the work is finished.",
    "A court in {place} is still to decide about the complaints of shop owners along the old route.",
    "Builders found the walls of a {n}-year-old mill under the market, and digging stopped for a week.",
    "Trade unions have called a strike for Friday, and {n} trains from {place} to the coast will not run.",
    "According to police, {n} people took part in a march that began at the station and ended peacefully.",
    "Scientists of the university warned that floods like those of last spring could reach the new stops.",
)


@dataclass(frozen=True)
class Stocked:
    """Archived pages, each with the ledger's row of its entry; `distinct` are those that are no copies."""

    folder: Path
    pages: Sequence[Page]
    rows: Sequence[LedgerRow]
    distinct: int


def stock(store: Store, folder: Path, count: int) -> Stocked:
    """Archive and store that many articles, as an older extractor and tagger would have left them."""
    clock = Clock()
    now = clock.now()
    feed = Feed(feed_id=FEED_ID, url=_FEED_URL, added_at=now, next_poll_at=now, interval_s=1800)
    store.feeds.add([feed])
    distinct = list(_articles(clock))
    pages = [_copy(page, number, now) for number, page in enumerate(islice(cycle(distinct), count))]
    archive = open_archive(folder, Rotation(max_bytes=10**9, max_age_s=LEASE_S), clock, print)
    for start in range(0, count, BATCH):
        some = pages[start : start + BATCH]
        store.entries.admit(FEED_ID, [_entry(page) for page in some], now)
        claims = store.entries.claim([_entry_id(page) for page in some], now, LEASE_S)
        by_entry = {claim.entry_id: claim for claim in claims}
        settlements = []
        for page in some:
            claim = by_entry[_entry_id(page)]
            row = store.entries.start(claim)
            location = archive.keep(page, Subject(feed_id=FEED_ID, entry_id=claim.entry_id))
            built = build_candidate(page, row, feed_title=None, tick=clock.monotonic, archive=location)
            hoped = Outcome(kind=OutcomeKind.INDEXED, http_status=page.status)
            settlements.append(Settlement(claim=claim, outcome=hoped, candidate=built.candidate))
        archive.sync()
        assert all(each.outcome and each.outcome.article_id for each in store.settle(settlements, now))
    archive.close()
    store.articles.refresh()
    rows = [store.entries.get(_entry_id(page)) for page in pages]
    return Stocked(folder, pages, [row for row in rows if row], min(count, len(distinct)))


def _articles(clock: Clock) -> Iterator[Page]:
    """Yield the pages that give an article."""
    for page in _candidates():
        try:
            build_candidate(page, _row(page), feed_title=None, tick=clock.monotonic)
        except ExtractError:
            continue
        yield page


def _candidates() -> Iterator[Page]:
    labelled = SHARED / "data" / "extraction"
    yield from map(stored_page, NAMES)
    if not labelled.exists():
        yield from map(_generated, range(GENERATED))
        return
    for key, said in json.loads((labelled / "ground-truth.json").read_text(encoding="utf-8")).items():
        yield page_of(gzip.decompress((labelled / "html" / f"{key}.html.gz").read_bytes()), said["url"])


def _generated(number: int) -> Page:
    """Return a page of some 600 words with what usually stands around them."""
    links = "".join(f'<li><a href="/section/{n}">Section {n}</a></li>' for n in range(60))
    teasers = "".join(
        f'<div class="teaser"><h3><a href="/a/{n}">Also read {n}</a></h3></div>' for n in range(40)
    )
    sentences = [
        _SENTENCES[(number + n) % len(_SENTENCES)].format(
            place=_PLACES[(number + n // 7) % len(_PLACES)], n=n + 3
        )
        for n in range(36)
    ]
    text = "".join(f"<p>{' '.join(sentences[n : n + 3])}</p>" for n in range(0, len(sentences), 3))
    title = f"Tram line {number} in {_PLACES[number % len(_PLACES)]} divides the council"
    body = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} - The Bench</title>'
        f'<meta property="og:title" content="{title}"><script>{"var a=1;" * 2_000}</script></head><body>'
        f"<nav><ul>{links}</ul></nav><article><h1>{title}</h1>{text}</article><aside>{teasers}</aside>"
        "<footer>All rights reserved by the Bench</footer></body></html>"
    )
    return page_of(body.encode(), f"https://bench.example/2026/11/tram-line-{number}-divides-the-council")


def _copy(page: Page, number: int, now: datetime) -> Page:
    """Return the page on a host of its own, so that it is another article than its copies."""
    url = urlsplit(page.final_url)._replace(netloc=f"n{number}.example").geturl()
    return replace(page, url=url, final_url=url, fetched_at=now)


def _entry(page: Page) -> Entry:
    return Entry(
        entry_id=_entry_id(page), feed_id=FEED_ID, url=page.url, domain=host_of(page.url), entry_hash="1"
    )


def _entry_id(page: Page) -> str:
    return article_id_of(page.url)


def _row(page: Page) -> LedgerRow:
    at = page.fetched_at
    return LedgerRow(entry=_entry(page), feed_ids=(FEED_ID,), first_seen_at=at, listed_at=at, admitted_at=at)
