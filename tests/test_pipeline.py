"""Page and entry to candidate: who wins each field, and which identity the document gets."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from tests.extract.pages import FETCHED_AT, expected, page_of, stored_page
from worker import urls
from worker.errors import NoLinkError, RedirectedHomeError
from worker.models import Entry, LedgerRow
from worker.pipeline import build_candidate, build_from_feed, content_hash

SEEN = FETCHED_AT - timedelta(hours=1)
DAY = datetime(2026, 3, 20, tzinfo=UTC)
TEXT = "The harbour of Eastmere reopened on Tuesday after three weeks of repairs to its northern wall. " * 4
URL = "https://courier.example/local/harbour"


def row_of(**said) -> LedgerRow:
    entry = Entry(entry_id="e" * 32, feed_id="f" * 16, url=URL, **said)
    return LedgerRow(
        entry=entry,
        feed_ids=("f" * 16, "g" * 16),
        first_seen_at=SEEN,
        listed_at=SEEN,
        admitted_at=SEEN,
        generation=3,
    )


def page(head: str = "", url: str = URL):
    return page_of(
        f"<html><head>{head}</head><body><article><p>{TEXT}</p></article></body></html>".encode(), url
    )


def built(page, row):
    ticks = count(0, 0.25)
    return build_candidate(page, row, feed_title="Courier", tick=lambda: next(ticks))


def document(head: str = "", **said):
    return built(page(head), row_of(**said)).candidate.document


@pytest.mark.parametrize(
    ("field", "head", "said", "value"),
    [
        pytest.param("title", "<title>Page</title>", {"title": "Feed"}, "Page", id="title: page"),
        pytest.param("title", "", {"title": "Feed"}, "Feed", id="title: feed where the page has none"),
        pytest.param("title", "<title>Harbour Courier</title><meta property=og:site_name content='Harbour Courier'>", {"title": "Feed"}, "Feed", id="title: feed where the page names the site"),
        pytest.param("title", "<title>Courier</title>", {"title": "Feed"}, "Feed", id="title: feed where the page names the feed"),
        pytest.param("authors", "<meta name=author content='Jane Doe'>", {"authors": ("John Roe",)}, ("Jane Doe",), id="authors: page"),
        pytest.param("authors", "", {"authors": ("John Roe",)}, ("John Roe",), id="authors: feed"),
        pytest.param("section", "<meta property=article:section content=Local>", {"section": "News"}, "Local", id="section: page"),
        pytest.param("section", "", {"section": "News"}, "News", id="section: feed"),
        pytest.param("image_url", "<meta property=og:image content=/p.jpg>", {"image_url": "https://a.example/f.jpg"}, "https://courier.example/p.jpg", id="image: page"),
        pytest.param("image_url", "", {"image_url": "https://a.example/f.jpg"}, "https://a.example/f.jpg", id="image: feed"),
        pytest.param("summary", "<meta name=description content=Page>", {"summary": "Feed"}, "Feed", id="summary: feed"),
        pytest.param("summary", "<meta name=description content=Page>", {}, "Page", id="summary: page"),
        pytest.param("language", "", {"language": "de"}, "en", id="language: measured"),
        pytest.param("modified_at", "", {"updated_at": DAY}, DAY, id="modified: feed"),
        pytest.param("modified_at", "", {"updated_at": FETCHED_AT + timedelta(days=9)}, FETCHED_AT, id="modified: never in the future"),
        pytest.param("published_at", "", {"published_at": FETCHED_AT + timedelta(days=9)}, FETCHED_AT, id="published: never in the future"),
    ],
)  # fmt: skip
def test_who_wins(field, head, said, value):
    assert getattr(document(head, **said), field) == value


@pytest.mark.parametrize(
    ("head", "url", "said", "at", "source"),
    [
        pytest.param(
            "<meta name=date content=2026-03-22>", URL, {"published_at": DAY}, DAY, "feed", id="feed"
        ),
        pytest.param(
            "<meta name=date content=2026-03-20T07:30Z>",
            URL,
            {"published_at": DAY},
            DAY + timedelta(hours=7.5),
            "page",
            id="page's time on the feed's day",
        ),
        pytest.param("<meta name=date content=2026-03-20>", f"{URL}/2026/03/24/", {}, DAY, "page", id="page"),
        pytest.param(
            "", "https://courier.example/2026/03/20/harbour", {"updated_at": SEEN}, DAY, "url", id="url"
        ),
        pytest.param("", URL, {"updated_at": DAY}, DAY, "feed", id="the feed's other date"),
        pytest.param("", URL, {}, SEEN, "first_seen", id="first seen"),
    ],
)
def test_when_it_was_published_and_who_says_so(head, url, said, at, source):
    got = built(page(head, url), row_of(**said)).candidate.document
    assert (got.published_at, got.published_source) == (at, source)


def test_document_of_a_whole_page():
    want = expected("jsonld_graph")
    got = built(stored_page("jsonld_graph"), row_of(title="Feed")).candidate
    assert got.document.url == want["canonical_link"]
    assert got.document.article_id == urls.article_id_of(want["canonical_link"])
    assert (got.fallback_url, got.fallback_id) == (want["url"], urls.article_id_of(want["url"]))
    assert (got.entry_id, got.generation, got.known_article_id) == ("e" * 32, 3, None)
    assert got.document.feed_ids == ("f" * 16, "g" * 16)
    assert got.document.feed_title == "Courier"
    assert got.document.raw_digest == hashlib.sha256(stored_page("jsonld_graph").body).hexdigest()
    assert got.document.content_hash == content_hash(got.document.title, got.document.body)
    assert got.document.word_count == 88
    assert got.document.body_source == "page"
    assert got.document.extractor == "trafilatura-fast"
    assert got.document.identity_note is None


def test_refused_canonical_leaves_its_reason():
    got = built(stored_page("canonical_other_site"), row_of()).candidate
    assert got.document.url == expected("canonical_other_site")["url"]
    assert got.document.identity_note == "canonical: other_site"
    assert (got.fallback_id, got.fallback_url) == (
        urls.displaced_article_id_of("e" * 32),
        expected("canonical_other_site")["url"],
    )


def test_known_article_travels_along():
    assert built(page(), replace(row_of(), article_id="a" * 32)).candidate.known_article_id == "a" * 32


def test_redirect_home_is_an_error():
    moved = replace(page(), final_url="https://courier.example/")
    with pytest.raises(RedirectedHomeError):
        built(moved, row_of())


def test_timings_are_differences_of_ticks():
    got = built(page(), row_of())
    assert (got.extract_ms, got.tag_ms) == (250, 250)


@pytest.mark.parametrize(
    ("said", "url", "body"),
    [
        pytest.param({"content": TEXT, "guid": "https://courier.example/g/1"}, "https://courier.example/g/1", TEXT.strip(), id="guid is a URL"),
        pytest.param({"content": TEXT, "guid": "tag:1"}, f"urn:feedmill:{'e' * 32}", TEXT.strip(), id="guid is none"),
        pytest.param({"content": TEXT, "guid": "https://courier.example/"}, f"urn:feedmill:{'e' * 32}", TEXT.strip(), id="guid is the home page"),
        pytest.param({"summary": "Rain\0 fell."}, f"urn:feedmill:{'e' * 32}", "Rain fell.", id="summary only"),
    ],
)  # fmt: skip
def test_document_from_the_feed_alone(said, url, body):
    got = build_from_feed(
        row_of(title="Harbour", domain="courier.example", **said),
        feed_title="Courier",
        now=FETCHED_AT,
        tick=lambda: 0.0,
    )
    doc = got.candidate.document
    assert (doc.url, doc.body, doc.body_source, doc.article_id) == (url, body, "feed", "e" * 32)
    assert (doc.title, doc.domain, doc.published_source) == ("Harbour", "courier.example", "first_seen")


@pytest.mark.parametrize(("publisher", "country"), [("US", "US"), ("GE", "GE")])
def test_the_feeds_country_decides_what_georgia_is(publisher, country):
    text = "Georgia will vote in the autumn, officials said on Monday, and the roads will be mended before. "
    row = row_of(title="Roads before votes", content=text * 3, guid="tag:1")
    where = {"feed_title": None, "tick": lambda: 0.0, "publisher": publisher}
    alone = build_from_feed(row, now=FETCHED_AT, **where).candidate.document
    html = f"<html><body><article><p>{text * 3}</p></article></body></html>".encode()
    fetched = build_candidate(page_of(html, URL), row, **where).candidate.document
    for doc in (alone, fetched):
        assert (doc.country_primary, doc.countries) == (country, (country,))


def test_feed_without_text_or_title():
    row = row_of(content=TEXT)
    assert build_from_feed(
        row, feed_title=None, now=FETCHED_AT, tick=lambda: 0.0
    ).candidate.document.title.endswith("…")
    with pytest.raises(NoLinkError):
        build_from_feed(row_of(title="Harbour"), feed_title=None, now=FETCHED_AT, tick=lambda: 0.0)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        pytest.param(("A", "b c"), ("A", "b\n\nc"), True, id="spacing"),
        pytest.param(("A", "b"), ("B", "b"), False, id="title"),
        pytest.param(("A", "b"), ("A", "c"), False, id="text"),
    ],
)
def test_content_hash(left, right, same):
    assert (content_hash(*left) == content_hash(*right)) is same
