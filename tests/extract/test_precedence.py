"""Who wins each field: a row for every cell of the tables in `worker.extract.precedence`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from worker.extract import precedence
from worker.extract.precedence import Said
from worker.models import Article, Entry

SEEN = datetime(2026, 3, 24, 9, tzinfo=UTC)
DAY = datetime(2026, 3, 20, tzinfo=UTC)
TIME = DAY.replace(hour=7, minute=30)
URL = "https://courier.example/local/harbour"
DATED_URL = "https://courier.example/2026/03/19/harbour"


def said(page=None, feed=None, url: str = URL) -> Said:
    article = Article(**{"title": None, "body": "", "site_name": "The Courier", **(page or {})})
    entry = Entry(entry_id="e", feed_id="f", url=url, **(feed or {}))
    return Said(article, entry, url, SEEN, feed_title="Courier: Local news")


@pytest.mark.parametrize(
    ("page", "feed", "title"),
    [
        pytest.param("Harbour reopens", "Ships sail again", "Harbour reopens", id="page"),
        pytest.param(None, "Ships sail again", "Ships sail again", id="feed where the page has none"),
        pytest.param("The Courier", "Ships sail again", "Ships sail again", id="page names the site"),
        pytest.param("Courier: Local news", "Ships sail again", "Ships sail again", id="page names the feed"),
        pytest.param("courier.example", "Ships sail again", "Ships sail again", id="page names the host"),
        pytest.param("Home", "Ships sail again", "Ships sail again", id="page has a template's word"),
        pytest.param("The Courier", "The Courier", "The Courier", id="both name the site"),
        pytest.param("Harbour reopens after…", "Ships sail again", "Ships sail again", id="page is cut off"),
        pytest.param("Harbour reopens...", "Ships sail…", "Harbour reopens...", id="both are cut off"),
        pytest.param("Harbour reopens…", None, "Harbour reopens…", id="cut off, and the feed has none"),
        pytest.param("Harbour reopens", "Harbour reopens after storm", "Harbour reopens after storm", id="feed goes on"),
        pytest.param("Harbour", "Harbourmaster resigns", "Harbour", id="half a word is no beginning"),
        pytest.param("Harbour reopens", "Harbour reopens | The Courier", "Harbour reopens", id="feed goes on with the site's name"),
        pytest.param("Harbour reopens", "Harbour reopens (video)", "Harbour reopens", id="feed goes on with a mark"),
        pytest.param(None, "Harbour reopens - The Courier", "Harbour reopens", id="site's name cut off the feed's"),
        pytest.param("Порт открыт", "Порт открыт после шторма", "Порт открыт после шторма", id="Cyrillic"),
    ],
)  # fmt: skip
def test_title(page, feed, title):
    assert precedence.title(said({"title": page}, {"title": feed})) == title


def test_title_made_of_the_text():
    assert precedence.title(said({"body": "Rain fell. " * 20})).startswith("Rain fell. Rain")


@pytest.mark.parametrize(
    ("page", "feed", "authors"),
    [
        pytest.param(("Jane Doe",), ("John Roe",), ("Jane Doe",), id="page"),
        pytest.param((), ("John Roe",), ("John Roe",), id="feed"),
        pytest.param((), ("By John Roe, Political Editor",), ("John Roe",), id="feed, cleaned of role"),
        pytest.param((), ("john@courier.example (John Roe)",), (), id="feed, an address"),
        pytest.param((), ("https://courier.example/john",), (), id="feed, a link"),
        pytest.param((), ("courier.example",), (), id="feed, a host"),
        pytest.param((), ("The Courier", "Courier: Local news"), (), id="feed, names of site and feed"),
        pytest.param(("Courier: Local news",), ("John Roe",), ("John Roe",), id="page names the feed"),
        pytest.param((), ("AFP", "dpa"), ("AFP", "dpa"), id="agencies stay"),
        pytest.param((), (), (), id="none"),
    ],
)
def test_authors(page, feed, authors):
    assert precedence.authors(said({"authors": page}, {"authors": feed})) == authors


@pytest.mark.parametrize(
    ("feed", "page", "url", "updated", "at", "source"),
    [
        pytest.param(TIME, TIME - timedelta(hours=2), URL, None, TIME, "feed", id="feed's time, page's time"),
        pytest.param(DAY, TIME, URL, None, TIME, "page", id="feed's day, page's time on it"),
        pytest.param(DAY, TIME - timedelta(days=1), URL, None, TIME - timedelta(days=1), "page", id="page's time a zone before"),
        pytest.param(DAY, TIME + timedelta(days=1), URL, None, TIME + timedelta(days=1), "page", id="page's time a zone after"),
        pytest.param(DAY, TIME - timedelta(days=2), URL, None, DAY, "feed", id="page's time too early"),
        pytest.param(DAY, TIME + timedelta(days=2), URL, None, DAY, "feed", id="page's time too late"),
        pytest.param(TIME, DAY, URL, None, TIME, "feed", id="feed's time, page's day"),
        pytest.param(DAY, DAY - timedelta(days=1), URL, None, DAY, "feed", id="two days"),
        pytest.param(DAY, None, URL, None, DAY, "feed", id="feed's day alone"),
        pytest.param(None, TIME, DATED_URL, None, TIME, "page", id="page"),
        pytest.param(None, DAY, DATED_URL, None, DAY, "page", id="page's day"),
        pytest.param(None, None, DATED_URL, TIME, DAY - timedelta(days=1), "url", id="URL"),
        pytest.param(None, None, URL, TIME, TIME, "feed", id="feed's other date"),
        pytest.param(None, None, URL, None, SEEN, "first_seen", id="first seen"),
    ],
)  # fmt: skip
def test_published(feed, page, url, updated, at, source):
    found = said({"published_at": page}, {"published_at": feed, "updated_at": updated}, url)
    assert precedence.published(found) == (at, source)


@pytest.mark.parametrize(
    ("field", "page", "feed", "value"),
    [
        pytest.param("section", "Local", "News", "Local", id="section: page"),
        pytest.param("section", None, "Sport", "Sport", id="section: feed"),
        pytest.param("section", "News", "Sport", "Sport", id="section: page's says nothing"),
        pytest.param("section", "The Courier", "Sport", "Sport", id="section: page's is the site"),
        pytest.param("section", "News", None, "News", id="section: no better"),
        pytest.param("section", None, None, None, id="section: none"),
        pytest.param("image_url", "https://a.example/p.jpg", "https://a.example/f.jpg", "https://a.example/p.jpg", id="image: page"),
        pytest.param("image_url", None, "https://a.example/f.jpg", "https://a.example/f.jpg", id="image: feed"),
        pytest.param("image_url", "https://a.example/site-logo.png", "https://a.example/f.jpg", "https://a.example/f.jpg", id="image: page's is a logo"),
        pytest.param("image_url", "https://a.example/logo.png", None, "https://a.example/logo.png", id="image: no better"),
        pytest.param("image_url", "https://a.example/logos-of-greece/p.jpg", "https://a.example/f.jpg", "https://a.example/logos-of-greece/p.jpg", id="image: a word in a path"),
        pytest.param("summary", "Page", "Feed", "Feed", id="summary: feed"),
        pytest.param("summary", "Page", None, "Page", id="summary: page"),
    ],
)  # fmt: skip
def test_other_fields(field, page, feed, value):
    assert getattr(precedence, field)(said({field: page}, {field: feed})) == value


@pytest.mark.parametrize(
    ("page", "feed", "at"),
    [
        pytest.param(TIME, DAY, TIME, id="page"),
        pytest.param(None, DAY, DAY, id="feed"),
        pytest.param(None, None, None, id="neither"),
    ],
)
def test_modified(page, feed, at):
    assert precedence.modified(said({"modified_at": page}, {"updated_at": feed})) == at
