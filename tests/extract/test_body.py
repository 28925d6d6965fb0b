"""Pages to articles: each file of tests/data/pages is a rule, and each bug adds one."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.extract.pages import NAMES, expected, page_of, stored_page
from worker.errors import ContentTypeError, NoArticleError, WorkError
from worker.extract.body import extract_article
from worker.extract.lines import trimmed
from worker.models import Article, Entry

TIMES = ("published_at", "modified_at")
FIELDS = ("title", "section", "language", "canonical_link", "image_url", "site_name")
LONG = " ".join(["A plain paragraph goes on for long enough to count as an article's text."] * 3)


@pytest.mark.parametrize("name", NAMES)
def test_page_gives_its_fields(name):
    want, article = expected(name), extract_article(stored_page(name), None)
    assert {field: getattr(article, field) for field in FIELDS} == {field: want[field] for field in FIELDS}
    assert list(article.authors) == want["authors"]
    assert {t: getattr(article, t) for t in TIMES} == {t: when(want[t]) for t in TIMES}


@pytest.mark.parametrize("name", NAMES)
def test_page_gives_its_text_and_nothing_around_it(name):
    want, article = expected(name), extract_article(stored_page(name), None)
    assert article.body.startswith(want["body_starts"])
    assert article.body.endswith(want["body_ends"])
    assert [text for text in want["absent"] if text in article.body] == []


@pytest.mark.parametrize("name", [name for name in NAMES if "lines" in expected(name)])
def test_page_gives_these_lines_in_this_order(name):
    assert extract_article(stored_page(name), None).body.split("\n") == expected(name)["lines"]


def when(text):
    return datetime.fromisoformat(text) if text else None


@pytest.mark.parametrize(
    ("body", "content_type", "error"),
    [
        pytest.param(b"%PDF-1.7\n...", "text/html", ContentTypeError, id="a PDF sent as HTML"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "image/png", ContentTypeError, id="an image"),
        pytest.param(b'{"a": 1}', "application/json", ContentTypeError, id="JSON"),
        pytest.param(b"text\0\0\0", "text/html", ContentTypeError, id="NULs"),
        pytest.param(
            b'<?xml version="1.0"?><rss><channel/></rss>', "text/xml", ContentTypeError, id="a feed"
        ),
        pytest.param(b"", "text/html", NoArticleError, id="empty"),
        pytest.param(b"<html><body></body></html>", "text/html", NoArticleError, id="empty body"),
        pytest.param(b"<html><body><p>Menu</p></body></html>", "text/html", NoArticleError, id="one word"),
    ],
)
def test_what_is_no_article(body, content_type, error):
    with pytest.raises(error):
        extract_article(page_of(body, content_type=content_type), None)


@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param(None, id="no header"),
        pytest.param("application/octet-stream", id="download"),
        pytest.param("image/jpeg", id="header lies"),
        pytest.param("application/xhtml+xml; charset=utf-8", id="XHTML"),
    ],
)
def test_html_is_known_by_its_bytes(content_type):
    body = f"<!doctype html><html><body><article><p>{LONG}</p></article></body></html>".encode()
    assert extract_article(page_of(body, content_type=content_type), None).body == LONG


def test_xhtml_with_an_xml_declaration():
    body = f'<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml" xml:lang="de"><head><title>Ü</title></head><body><p>{LONG}</p></body></html>'
    article = extract_article(page_of(body.encode(), content_type="application/xhtml+xml"), None)
    assert (article.title, article.language, article.body) == ("Ü", "de", LONG)


def test_plain_text_keeps_its_lines():
    article = extract_article(page_of(f"{LONG}\n\n{LONG}".encode(), content_type="text/plain"), None)
    assert (article.body, article.extractor) == (f"{LONG}\n{LONG}", "plain")


@pytest.mark.parametrize(
    ("body", "title", "kept"),
    [
        pytest.param("Storm hits\nRain fell.", "Storm hits", "Rain fell.", id="title on top"),
        pytest.param(
            "Weather\nStorm hits\nRain fell.", "Storm hits", "Rain fell.", id="section above the title"
        ),
        pytest.param("24 March 2026\nRain fell.", None, "Rain fell.", id="a bare date"),
        pytest.param("# STORM HITS\nRain fell.", "Storm hits", "Rain fell.", id="title as heading"),
        pytest.param(
            "Storm hits hard.\nRain fell.", "Storm hits", "Storm hits hard.\nRain fell.", id="longer line"
        ),
        pytest.param("Rain fell.\nRead also:", None, "Rain fell.", id="label at the end"),
        pytest.param("He said:\nRain fell.", None, "He said:\nRain fell.", id="label inside"),
        pytest.param("a\0b\ud800c\u00adon\u200b", None, "abcon", id="what no store takes"),
        pytest.param("", "Storm", "", id="nothing"),
    ],
)
def test_trimmed(body, title, kept):
    assert trimmed(body, title) == kept


def test_the_feeds_title_is_dropped_where_the_page_has_none():
    entry = Entry(entry_id="e", feed_id="f", url=None, title="Storm hits")
    article = extract_article(page_of(f"Storm hits\n{LONG}".encode(), content_type="text/plain"), entry)
    assert article.body == LONG


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(alphabet="<>/!-apdivh1metascript=\"' &;\0é", max_size=200).map(str.encode),
    )
)
def test_any_bytes_end_in_an_article_or_a_known_error(body):
    try:
        article = extract_article(page_of(b"<html>" + body, content_type="text/html"), None)
    except WorkError:
        return
    assert isinstance(article, Article)
    article.body.encode()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<!-- -->" * 200 + b"x", id="comments without a document"),
        pytest.param(b"<html><body><p>" + b" " * 2_000_000 + b"x</p></body></html>", id="blanks"),
        pytest.param(b"<html><body>" + b"<div>" * 50_000 + b"x</body></html>", id="nesting"),
        pytest.param(b"<html><body>" + b"<h1>2026</h1>" * 5_000 + b"</body></html>", id="headings"),
        pytest.param(
            b'<script type="application/ld+json">' + b" " * 400_000 + b"{</script>", id="blanks in JSON-LD"
        ),
    ],
)
@pytest.mark.timeout(10)
def test_hostile_repetition_takes_no_quadratic_time(body):
    try:
        extract_article(page_of(body, content_type="text/html"), None)
    except WorkError:
        pass
