"""Imports, on both stores: every outcome of the ledger, nothing newer overwritten, the second time nothing."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from tests.archive.made import SUBJECT, names
from tests.archive.strange import CRAWLED_AT, HTML, by_library, chunked, http, packed, record, story
from tests.newsroom import page
from tests.store.builders import A, claim_one, document, entry, ingest, rejected
from worker.archive.files import Folder
from worker.archive.reading import pages_in, read_page
from worker.errors import (
    ArchiveUnavailableError,
    PoolStoppedError,
    PoolTimeoutError,
    StoreUnavailableError,
)
from worker.extract.pool import ChildBugError
from worker.imports import run
from worker.imports.captures import import_feed
from worker.models import EntryState, OutcomeKind, Page
from worker.store.query import make_request
from worker.urls import article_id_of

RIGA = "https://news.example/riga"
TOWNS = ("riga", "tartu", "vilnius")
WALL = " ".join(
    f"We and our {n} partners store cookies on your device to show you this page." for n in range(9)
)


def url_of(name: str) -> str:
    return f"https://news.example/{name}"


def page_named(name: str) -> Page:
    return Page(
        url=url_of(name), final_url=url_of(name), status=200, headers={"content-type": HTML}, body=story(name),
        fetched_at=CRAWLED_AT,
    )  # fmt: skip


def row_of(importer, url: str = RIGA):
    return importer.store.entries.get(article_id_of(url))


def dated(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def test_a_page_becomes_an_article_as_if_it_had_been_fetched_then(importer):
    tally = importer(by_library({RIGA: story()}))
    assert (tally.ended, tally.passed_over) == ({"indexed": 1}, {"warcinfo": 1, "request": 1})
    row = row_of(importer)
    article = importer.store.articles.get(row.article_id)
    assert (article.title, article.fetched_at) == ("Plans for riga move on", CRAWLED_AT)
    assert article.published_at <= CRAWLED_AT
    assert article.publish_to_index_s is None
    assert (article.feed_ids, article.feed_title) == ((importer.feed.feed_id,), "crawl")
    assert (row.state, row.outcome, row.http_status) == (EntryState.DONE, OutcomeKind.INDEXED, 200)
    assert (row.fetched_at, row.entry.title, row.entry.url) == (CRAWLED_AT, article.title, RIGA)
    assert row.timings.total_ms is not None
    found = importer.store.articles.search(make_request("Riga", feed=importer.feed.feed_id))
    assert [hit.document.article_id for hit in found.hits] == [row.article_id]


def test_its_page_is_kept_in_our_archive(importer):
    importer(
        packed(
            record(
                block=http(
                    chunked(gzip.compress(story())), transfer_encoding="chunked", content_encoding="gzip"
                )
            )
        )
    )
    row = row_of(importer)
    kept = read_page(Folder(importer.folder), row.archive)
    assert (kept.url, kept.body, kept.fetched_at) == (RIGA, story(), CRAWLED_AT)
    assert importer.store.articles.get(row.article_id).archive == row.archive


def test_a_page_out_of_our_own_archive_is_not_kept_twice(importer):
    first = importer.archive.keep(page_named("riga"), SUBJECT)
    importer.archive.close()
    (name,) = names(importer.folder)
    raw = (importer.folder / name).read_bytes()
    tally = importer(raw, archived_as=name)
    assert tally.ended == {"indexed": 1}
    assert row_of(importer).archive == first
    assert names(importer.folder) == [name]


OUTCOMES = [
    ("an article", http(story()), "indexed", None),
    ("a picture", http(b"\x89PNG...", content_type="image/png"), "rejected", "content_type"),
    ("a PDF that says it is HTML", http(b"%PDF-1.7 ..."), "rejected", "content_type"),
    ("a feed", http(b"<?xml version='1.0'?><rss version='2.0'></rss>", content_type="text/xml"), "rejected", "content_type"),
    ("not found", http(b"<html>", status="404 Not Found"), "rejected", "not_found"),
    ("gone", http(b"<html>", status="410 Gone"), "rejected", "gone"),
    ("forbidden", http(b"<html>", status="403 Forbidden"), "rejected", "http_4xx"),
    ("a failing server", http(b"<html>", status="503 Service Unavailable"), "gave_up", "http_5xx"),
    ("an empty page", http(b""), "rejected", "no_article"),
    ("a page without an article", http(b"<html><body><nav><a href='/'>Home</a></nav></body></html>"), "rejected", "no_article"),
    ("a huge page", http(b"<html>" + b" " * 5_000_001), "rejected", "too_large"),
]  # fmt: skip


@pytest.mark.parametrize(("block", "kind", "reason"), [c[1:] for c in OUTCOMES], ids=[c[0] for c in OUTCOMES])
def test_outcomes_and_the_second_time(importer, block, kind, reason):
    raw = packed(record(block=block))
    tally = importer(raw)
    row = row_of(importer)
    assert (row.state, row.outcome, row.reason) == (EntryState.DONE, kind, reason)
    assert (tally.ended, tally.reasons) == ({kind: 1}, {reason: 1} if reason else {})
    again = importer(raw, minutes=9999)
    assert (again.ended, again.known, row_of(importer)) == ({}, 1, row)
    assert len(importer.pool.urls) <= 1


def test_a_home_page_is_no_article(importer):
    importer(packed(record("https://news.example/", http(story()))))
    assert row_of(importer, "https://news.example/").reason == "no_article"


def test_cut_off(importer):
    block = http(story() + b"<p>" + b"more " * 1000)
    tally = importer(
        packed(record(block=block, truncated="length"), record(url_of("b"), block, truncated="disconnect"))
    )
    assert (tally.ended, tally.reasons) == ({"indexed": 1, "gave_up": 1}, {"connection_cut": 1})


PASSED_OVER = [
    ("a redirect", record(block=http(status="301 Moved", location="https://news.example/x")), "redirect"),
    ("not modified", record(block=http(status="304 Not Modified")), "redirect"),
    ("a revisit", record(kind="revisit", block=http()), "revisit"),
    ("a request", record(kind="request"), "request"),
    ("a lookup", record("dns:news.example", b"1.2.3.4", kind="resource", content_type="text/dns"), "resource"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "kind"), [c[1:] for c in PASSED_OVER], ids=[c[0] for c in PASSED_OVER])
def test_what_is_no_page_leaves_nothing_in_the_ledger(importer, raw, kind):
    tally = importer(packed(raw, record(url_of("after"))))
    assert (tally.ended, tally.passed_over) == ({"indexed": 1}, {kind: 1})
    assert sum(importer.store.entries.counts().values()) == 1


def test_broken_records_are_named_and_the_others_imported(importer):
    raw = packed(record(), record(url_of("tartu"), block_digest="sha1:AAAA"), record(url_of("vilnius")))
    raw += packed(record(url_of("ahead"), date="2999-01-01T00:00:00Z"))
    tally = importer(raw + gzip.compress(record())[:-30])
    assert (tally.ended, tally.broken) == ({"indexed": 2}, 3)
    assert [each.error.detail for each in importer.broken] == [
        "the block does not have its digest",
        "its date, 2999-01-01 00:00, lies ahead",
        "the record is cut off",
    ]


def test_http_and_https_are_one_entry(importer):
    tally = importer(
        packed(
            record("http://news.example/riga"),
            record(RIGA),
            record("http://news.example:80/riga?utm_source=x"),
        )
    )
    assert (tally.ended, tally.known) == ({"indexed": 1}, 2)


def test_two_addresses_of_one_article_are_a_duplicate(importer):
    body = page("Plans for riga move on", "Officials in Riga said so. " * 20, canonical=RIGA).body
    tally = importer(packed(record(block=http(body)), record(RIGA + "?page=print", http(body))))
    assert tally.ended == {"indexed": 1, "duplicate": 1}
    assert importer.store.articles.count() == 1


CHANGED = story(extra=" And then everything changed at once, as nobody in town had expected.")


@pytest.mark.parametrize("order", [1, -1], ids=["in order", "the newer first"])
def test_of_several_captures_the_newest_counts(importer, order):
    captures = [record(), record(date="2022-01-01T00:00:00Z", block=http(CHANGED))][::order]
    tally = importer(packed(*captures))
    article = importer.store.articles.get(row_of(importer).article_id)
    assert "everything changed" in article.body
    assert article.fetched_at.year == 2022
    assert tally.ended == ({"indexed": 1, "revised": 1} if order == 1 else {"indexed": 1})
    assert importer(packed(*captures)).ended == {}


def test_a_newer_capture_of_the_same_page_is_unchanged_and_kept_as_a_revisit(importer):
    captures = packed(record(), record(date="2022-01-01T00:00:00Z"))
    assert importer(captures).ended == {"indexed": 1, "unchanged": 1}
    row = row_of(importer)
    assert (row.generation, row.fetched_at.year) == (2, 2022)
    (name,) = names(importer.folder)
    importer.archive.close()
    with (importer.folder / name.removesuffix(".open")).open("rb") as file:
        assert len(list(pages_in(file))) == 1


class TestKnownEntries:
    """An entry of feed A that links the captured page."""

    def listed(self, importer, **fields):
        url = {"entry_id": article_id_of(RIGA), "url": RIGA, "title": "As the feed says", **fields}
        importer.store.entries.admit(A, [replace(entry(), **url)], importer.clock.now())
        return article_id_of(RIGA)

    def fetched(self, importer, at: datetime, body: str = "As it was fetched"):
        entry_id = self.listed(importer)
        written = replace(document(body=body), article_id=entry_id, url=RIGA, fetched_at=at)
        return ingest(importer.store, written, entry_id, importer.clock.now())

    def test_what_was_fetched_later_stays(self, importer):
        self.fetched(importer, CRAWLED_AT + timedelta(seconds=1))
        before = row_of(importer), importer.store.articles.get(article_id_of(RIGA))
        tally = importer(packed(record()))
        assert (tally.ended, tally.known) == ({}, 1)
        assert (row_of(importer), importer.store.articles.get(article_id_of(RIGA))) == before

    def test_what_was_fetched_earlier_is_revised(self, importer):
        self.fetched(importer, CRAWLED_AT - timedelta(seconds=1), story().decode())
        assert importer(packed(record())).ended == {"revised": 1}
        row = row_of(importer)
        article = importer.store.articles.get(row.article_id)
        assert (article.fetched_at, article.feed_id) == (CRAWLED_AT, A)
        assert (row.entry.feed_id, row.entry.title) == (A, "As the feed says")
        assert row.feed_ids == tuple(sorted((A, importer.feed.feed_id)))

    def test_a_page_that_was_gone_when_it_was_to_be_fetched(self, importer):
        entry_id = self.listed(importer)
        importer.store.entries.finish(
            [rejected(claim_one(importer.store, entry_id, importer.clock.now()), "not_found")],
            importer.clock.now(),
        )
        assert importer(packed(record())).ended == {"indexed": 1}
        assert row_of(importer).outcome is OutcomeKind.INDEXED
        assert importer(packed(record())).known == 1

    def test_a_capture_that_is_no_page_tells_nothing_new(self, importer):
        self.fetched(importer, CRAWLED_AT - timedelta(days=1))
        before = row_of(importer)
        assert importer(packed(record(block=http(b"", status="404 Not Found")))).known == 1
        assert row_of(importer) == before

    @pytest.mark.parametrize("state", ["due", "claimed"])
    def test_a_page_that_is_about_to_be_fetched_is_left_to_the_service(self, importer, state):
        entry_id = self.listed(importer)
        if state == "claimed":
            claim_one(importer.store, entry_id, importer.clock.now())
        before = row_of(importer)
        tally = importer(packed(record()))
        assert (tally.ended, tally.waiting, row_of(importer)) == ({}, 1, before)

    def test_an_imported_entry_that_a_feed_lists_is_fetched_once_and_then_the_feeds(self, importer):
        importer(packed(record()))
        self.listed(importer, entry_hash="x")
        importer.clock.seconds += 3600
        self.listed(importer, entry_hash="x")
        row = row_of(importer)
        assert (row.entry.feed_id, row.generation, row.entry.title) == (A, 2, "As the feed says")
        assert row.due_at == importer.clock.now()


class TestBoilerplate:
    def test_one_text_under_three_titles_is_no_article(self, importer):
        raw = packed(
            *(record(url_of(town), http(page(f"Plans for {town} move on", WALL).body)) for town in TOWNS)
        )
        tally = importer(raw)
        assert tally.ended == {"indexed": 2, "rejected": 1}
        assert importer.store.articles.count() == 0
        assert importer.store.entries.reasons() == {("rejected", "boilerplate"): 3}
        again = importer(raw)
        assert (again.ended, again.known) == ({}, 3)


class TestAStop:
    """An import that ends anywhere is gone on with by the next one, and comes to the same."""

    PAGES = {url_of(f"town{number}"): story(f"town{number}") for number in range(7)}

    @pytest.mark.parametrize("step", ["admit", "take", "settle", "sync"])
    @pytest.mark.parametrize("after", [0, 1, 2])
    def test_anywhere(self, importer, monkeypatch, step, after):
        monkeypatch.setattr(run, "WAVE", 2)
        places = {"sync": importer.archive, "settle": importer.store}
        place = places.get(step, importer.store.entries)
        calls, real = [], getattr(place, step)

        def dying(*args):
            calls.append(args)
            if len(calls) > after:
                raise StoreUnavailableError("killed")
            return real(*args)

        with monkeypatch.context() as patch:
            patch.setattr(place, step, dying)
            with pytest.raises(StoreUnavailableError):
                importer(by_library(self.PAGES))
        done = importer.store.entries.counts()["indexed"]
        assert done == 2 * after
        tally = importer(by_library(self.PAGES))
        assert (tally.ended, tally.known) == ({"indexed": 7 - done}, done)
        counts = importer.store.entries.counts()
        assert (counts["indexed"], counts["pending"], sum(counts.values())) == (7, 0, 7)
        assert importer.store.articles.count() == 7
        again = importer(by_library(self.PAGES))
        assert (again.ended, again.known) == ({}, 7)

    def test_nothing_that_is_left_is_ever_fetched(self, importer, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr(importer.archive, "sync", partial(_raise, ArchiveUnavailableError(detail="full")))
            with pytest.raises(ArchiveUnavailableError):
                importer(by_library(self.PAGES))
        importer.store.entries.release_claims(importer.clock.now())
        assert importer.store.entries.waiting()["held"] == 7
        assert importer.store.entries.due(importer.clock.now() + timedelta(days=99), 100, 100) == []

    def test_asked_for(self, importer, monkeypatch):
        monkeypatch.setattr(run, "WAVE", 2)
        real = importer.store.settle

        def settle(*args):
            importer.bench.stopping.set()
            return real(*args)

        with monkeypatch.context() as patch:
            patch.setattr(importer.store, "settle", settle)
            done = importer(by_library(self.PAGES)).ended["indexed"]
        assert done in (2, 4)
        importer.bench.stopping.clear()
        assert importer(by_library(self.PAGES)).known == done


class TestOthersAtWork:
    def test_a_service_that_starts_and_releases_all_claims(self, importer, monkeypatch):
        real, seen = importer.store.settle, []

        def settle(*args):
            if not seen:
                seen.append(importer.store.entries.release_claims(importer.clock.now()))
            return real(*args)

        monkeypatch.setattr(importer.store, "settle", settle)
        assert importer(by_library({url_of(town): story(town) for town in TOWNS})).ended == {"indexed": 3}
        assert seen == [3]

    def test_a_feed_that_lists_the_entry_meanwhile(self, importer, monkeypatch):
        real = importer.store.settle

        def settle(*args):
            listed = replace(entry(), entry_id=article_id_of(RIGA), url=RIGA)
            importer.store.entries.admit(A, [listed], importer.clock.now())
            importer.store.entries.claim([article_id_of(RIGA)], importer.clock.now(), 900)
            return real(*args)

        monkeypatch.setattr(importer.store, "settle", settle)
        tally = importer(packed(record()))
        assert (tally.ended, tally.waiting) == ({}, 1)
        assert row_of(importer).due_at

    def test_another_import_of_the_file(self, importer, monkeypatch):
        real, seen = importer.store.settle, []

        def settle(*args):
            if not seen:
                seen.append(1)
                seen.append(importer(by_library({RIGA: story()})))
            return real(*args)

        monkeypatch.setattr(importer.store, "settle", settle)
        tally = importer(by_library({RIGA: story()}))
        assert (seen[1].ended, tally.ended, tally.known) == ({"indexed": 1}, {}, 1)
        assert (row_of(importer).generation, row_of(importer).outcome) == (1, OutcomeKind.INDEXED)

    def test_another_name_changes_nothing_either(self, importer):
        importer(packed(record()))
        before = row_of(importer)
        other = import_feed("other", importer.clock.now(), 1800)
        importer.store.feeds.add([other])
        importer.bench = replace(importer.bench, feed=other)
        assert importer(packed(record())).known == 1
        assert row_of(importer) == before


class TestChildren:
    def test_a_page_that_kills_its_child_is_rejected(self, importer):
        importer.pool.broken[RIGA] = PoolTimeoutError(None, "took longer than 30 s")
        tally = importer(packed(record(), record(url_of("tartu"))))
        assert (tally.ended, tally.reasons) == ({"indexed": 1, "rejected": 1}, {"extract_timeout": 1})
        row = row_of(importer)
        assert read_page(Folder(importer.folder), row.archive).url == RIGA
        assert importer(packed(record())).known == 1

    def test_a_bug_costs_its_page_and_is_tried_again(self, importer):
        importer.pool.broken[RIGA] = ChildBugError("Traceback …")
        tally = importer(packed(record(), record(url_of("tartu"))))
        assert (tally.ended, tally.bugs) == ({"indexed": 1}, 1)
        assert row_of(importer) is None
        importer.pool.broken.clear()
        assert importer(packed(record())).ended == {"indexed": 1}

    def test_children_that_cannot_be_had_end_it(self, importer):
        importer.pool.broken[RIGA] = PoolStoppedError(None, "the child died (signal 15)")
        with pytest.raises(PoolStoppedError):
            importer(packed(record()))
        assert row_of(importer) is None


def _raise(error: Exception) -> None:
    raise error
