"""One rule per field, on the smallest page that shows it."""

from __future__ import annotations

from datetime import datetime

import pytest
from trafilatura.utils import load_html

from tests.extract.pages import FETCHED_AT
from worker.extract.authors import clean_authors
from worker.extract.dates import url_date
from worker.extract.metadata import find_metadata, language_code
from worker.extract.structured import article_node, find_nodes
from worker.extract.title import without_site_name

URL = "https://www.courier.example/local/harbour"


def metadata(head: str = "", body: str = "", url: str = URL):
    tree = load_html(f"<html><head>{head}</head><body>{body}<p>text</p></body></html>")
    return find_metadata(tree, url, FETCHED_AT)


def ld(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script>'


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        pytest.param("<title>Storm hits</title>", "", "Storm hits", id="title element"),
        pytest.param("<title>Storm hits - The Post</title><meta property=og:site_name content='The Post'>", "", "Storm hits", id="site name behind"),
        pytest.param("<title>The Post: Storm hits</title>", "", "The Post: Storm hits", id="no separator, no cut"),
        pytest.param("<title>courier.example | Storm hits</title>", "", "Storm hits", id="host in front"),
        pytest.param("<title>Storm hits</title>", "<h1>Storm hits the coast</h1>", "Storm hits the coast", id="heading says more"),
        pytest.param("<title>Storm hits the coast</title>", "<h1>The Post</h1>", "Storm hits the coast", id="heading is another thing"),
        pytest.param("<title>Storm hits</title>", "<h1><small>Weather</small> Storm hits</h1>", "Storm hits", id="kicker"),
        pytest.param("<title>Storm hits</title>", "<h1>Storm hits <time>24 March 2026</time></h1>", "Storm hits", id="date in the heading"),
        pytest.param(ld('{"@type": "NewsArticle", "headline": "Storm &amp; rain"}'), "", "Storm & rain", id="JSON-LD, escaped"),
        pytest.param("<title>Storm hits the coast | Weather | Forum</title>", "", "Storm hits the coast", id="the longest part between bars"),
        pytest.param("<title>Storm | Rain</title>", "", "Storm | Rain", id="bars between words"),
        pytest.param("<title>Storm hits</title>", "<h1>Weather: Storm hits</h1>", "Storm hits", id="kicker before a colon"),
        pytest.param("<meta property=og:title content='Mayor calls it'><title>Mayor calls it \"a storm\"</title>", "", 'Mayor calls it "a storm"', id="attribute cut at a quotation mark"),
        pytest.param("<title>Storm hits</title><meta property=og:title content=Detail>", "<h1>Detail</h1>", "Storm hits", id="a template's word"),
        pytest.param("<title>The Post</title><meta property=og:site_name content='The Post'>", "<h1>Storm hits</h1>", "Storm hits", id="generic title"),
        pytest.param("", "", None, id="none"),
    ],
)  # fmt: skip
def test_title(head, body, title):
    assert metadata(head, body).title == title


@pytest.mark.parametrize(
    ("title", "left"),
    [
        pytest.param("A – B – The Post", "A – B", id="only the name goes"),
        pytest.param("The Post » A", "A", id="in front"),
        pytest.param("A - B", "A - B", id="no name in it"),
        pytest.param("A-B", "A-B", id="hyphen"),
    ],
)
def test_without_site_name(title, left):
    assert without_site_name(title, ["The Post"], URL) == left


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        pytest.param("By Jane Doe", ["Jane Doe"], id="by"),
        pytest.param(
            "By Jane Doe and John Roe, Political Editor", ["Jane Doe", "John Roe"], id="two and a role"
        ),
        pytest.param("Von Inga Müller und Jörg Staff", ["Inga Müller", "Jörg Staff"], id="German"),
        pytest.param("Text: Klaus Maier", ["Klaus Maier"], id="label"),
        pytest.param("Posted by Jane Doe on 12 March 2026", ["Jane Doe"], id="date"),
        pytest.param("Jane Doe (jane@post.example)", ["Jane Doe"], id="address"),
        pytest.param("Doe, Jane", ["Jane Doe"], id="inverted"),
        pytest.param("Joe S.", ["Joe S."], id="initial"),
        pytest.param("Ana de la Cruz", ["Ana de la Cruz"], id="particles"),
        pytest.param("AFP/The Local", ["AFP/The Local"], id="agencies"),
        pytest.param("admin", [], id="an account"),
        pytest.param("Example GmbH, Munich, Germany", [], id="a company"),
        pytest.param("https://facebook.example/jane", [], id="a link"),
        pytest.param("12345", [], id="digits"),
        pytest.param("24.03.2026 | 13:10 Uhr | Jane Doe", ["Jane Doe"], id="date ahead"),
        pytest.param("Posted on March 24, 2026 by Jane Doe", ["Jane Doe"], id="date and by ahead"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_clean_authors(byline, names):
    assert list(clean_authors([byline])) == names


@pytest.mark.parametrize(
    ("head", "body", "authors"),
    [
        pytest.param("<meta name=author content='Jane Doe'>", "", ["Jane Doe"], id="meta"),
        pytest.param(ld('{"@type": "Article", "author": "Jane Doe"}'), "", ["Jane Doe"], id="JSON-LD string"),
        pytest.param(ld('[{"@type": "WebPage"}, {"@type": "BlogPosting", "author": [{"name": "Jane Doe"}, {"name": "John Roe"}]}]'), "", ["Jane Doe", "John Roe"], id="JSON-LD list"),
        pytest.param(ld('{"@type": "Article", "author": {"name": "The Post"}, "publisher": {"name": "The Post"}}'), "", [], id="the site is no author"),
        pytest.param(ld('{"@graph": [{"@type": "Person", "name": "Jane Doe"}]}'), "", ["Jane Doe"], id="the only person"),
        pytest.param("", "<span itemprop=author><b itemprop=name>Jane Doe</b>, Paris</span>", ["Jane Doe"], id="microdata"),
        pytest.param("", "<div class=author-name>Jane Doe</div>", ["Jane Doe"], id="class"),
        pytest.param("", "<p>By Jane Doe</p>", ["Jane Doe"], id="spoken"),
        pytest.param("", "<dt><b>Autor:</b> Jane Doe</dt>", ["Jane Doe"], id="label beside"),
        pytest.param("", "<p>By next year the ferries sail.</p>", [], id="by, but no name"),
        pytest.param("", "<small>24.03.2026 - Jane Doe</small>", ["Jane Doe"], id="after a date"),
        pytest.param("", "<small>24.03.2026 - Rain falls</small>", [], id="after a date, but no name"),
        pytest.param("<meta property=og:site_name content='Jobs &amp; Hire'><meta name=author content='Jobs &amp; Hire'>", "", [], id="a site of two words is no two people"),
        pytest.param("<meta name=author content=post.com><meta name=byl content='Jane Doe'>", "", ["Jane Doe"], id="a host is no author"),
        pytest.param("", "<div id=comments><a rel=author>Jane Doe</a></div>", [], id="a comment's"),
        pytest.param("<meta name=twitter:label1 content='Written by'><meta name=twitter:data1 content='Jane Doe'>", "", ["Jane Doe"], id="Twitter's label"),
        pytest.param("<meta name=twitter:label1 content='Reading time'><meta name=twitter:data1 content='Five'>", "", [], id="another label"),
    ],
)  # fmt: skip
def test_authors(head, body, authors):
    assert list(metadata(head, body).authors) == authors


@pytest.mark.parametrize(
    ("head", "body", "url", "published"),
    [
        pytest.param(ld('{"@type": "NewsArticle", "datePublished": "2026-03-24"}'), "", URL, "2026-03-24T00:00:00+00:00", id="JSON-LD"),
        pytest.param("<meta property=article:published_time content=2026-03-24>", "<time datetime=2026-01-01>x</time>", URL, "2026-03-24T00:00:00+00:00", id="meta over time"),
        pytest.param("<meta name=date content=2026-01-01>", "<time datetime=2026-03-24>x</time>", URL, "2026-03-24T00:00:00+00:00", id="time over a vague meta"),
        pytest.param("<meta name=date content=2026-01-01>", "<h1>A</h1><p>24.03.2026</p>", URL, "2026-03-24T00:00:00+00:00", id="beside the heading over a vague meta"),
        pytest.param("<meta name=date content=2026-03-24T08:00Z>", "<i itemprop=datePublished>1.1.2026</i><h1>A</h1><p>24.03.2026</p>", URL, "2026-03-24T08:00:00+00:00", id="a vague meta borne out by the heading"),
        pytest.param("<meta name=date content=2026-03-24>", "<i class=date>1.1.2026</i>", URL, "2026-03-24T00:00:00+00:00", id="a vague meta over a class"),
        pytest.param("<meta property=article:published_time content=2026-03-23T23:00:00Z>", "", URL, "2026-03-24T00:00:00+00:00", id="Central European midnight in UTC"),
        pytest.param("<meta property=article:published_time content=2026-03-23T23:00:00-05:00>", "", URL, "2026-03-23T23:00:00-05:00", id="an hour to midnight elsewhere"),
        pytest.param("<meta property=article:published_time content=2026-03-23T23:00:01Z>", "", URL, "2026-03-23T23:00:01+00:00", id="a second past is a time"),
        pytest.param("", "<p>24.3.2026 - Rain fell.</p>", URL, "2026-03-24T00:00:00+00:00", id="a date opens the text"),
        pytest.param("", "<em>24.03.2026 11:35</em>", URL, "2026-03-24T00:00:00+00:00", id="a date alone"),
        pytest.param("", "<p>3.500 people - all of 2026 - came.</p>", URL, None, id="a number opens the text"),
        pytest.param("", "<p>24.3.2026 was a day of rain.</p>", URL, None, id="a date in a sentence"),
        pytest.param("", "<time datetime=2026-03-24T08:00Z>x</time>", URL, "2026-03-24T08:00:00+00:00", id="time"),
        pytest.param("", "<div id=comments><time datetime=2026-03-24>x</time></div>", f"{URL}/2026/01/05/", None, id="a comment's time"),
        pytest.param("", "<h1>A</h1><p>24.03.2026</p>", URL, "2026-03-24T00:00:00+00:00", id="beside the heading"),
        pytest.param("", "<dl><dt>Datum:</dt><dd>24.03.2026</dd></dl>", URL, "2026-03-24T00:00:00+00:00", id="labelled"),
        pytest.param("<meta name=date content=1970-01-01>", "", URL, None, id="1970 is a default"),
        pytest.param("<meta name=date content=2031-01-01>", "", URL, None, id="the far future is an event's"),
        pytest.param("<meta name=date content=2026-11-25>", "", URL, "2026-11-25T00:00:00+00:00", id="tomorrow is a zone away"),
        pytest.param("", "", URL, None, id="none"),
    ],
)  # fmt: skip
def test_published(head, body, url, published):
    assert metadata(head, body, url).published_at == (
        datetime.fromisoformat(published) if published else None
    )


@pytest.mark.parametrize(
    ("url", "day"),
    [
        pytest.param("https://a.example/2026/03/24/storm", "2026-03-24", id="folders"),
        pytest.param("https://a.example/2026-3-4/storm", "2026-03-04", id="hyphens"),
        pytest.param("https://a.example/20260324/storm", "2026-03-24", id="digits"),
        pytest.param("https://a.example/news/24-03-2026", "2026-03-24", id="day first"),
        pytest.param("https://a.example/24-03-2026-storm", "2026-03-24", id="day first, with words"),
        pytest.param("https://a.example/31-02-2026", None, id="day first, no such day"),
        pytest.param("https://a.example/2026/03/storm", None, id="month only"),
        pytest.param("https://a.example/2026/02/31/storm", None, id="no such day"),
        pytest.param("https://a.example/12026032412", None, id="a number"),
        pytest.param("https://a.example/?d=/2026/03/24/", None, id="query"),
    ],
)
def test_url_date(url, day):
    assert url_date(url) == (datetime.fromisoformat(f"{day}T00:00:00+00:00") if day else None)


@pytest.mark.parametrize(
    ("field", "head", "value"),
    [
        pytest.param("section", "<meta property=article:section content=Politics>", "Politics", id="section"),
        pytest.param("section", "</head><body><a rel='category tag' href=/p>Politics</a>", "Politics", id="section shown as a link"),
        pytest.param("section", "</head><body><nav><a href=/category/p>Politics</a></nav>", None, id="navigation is no section"),
        pytest.param("image_url", "<meta property=og:image content=/a.jpg>", "https://www.courier.example/a.jpg", id="image made absolute"),
        pytest.param("image_url", "<base href=https://cdn.example/x/><meta property=og:image content=a.jpg>", "https://cdn.example/x/a.jpg", id="base element"),
        pytest.param("image_url", "<meta property=og:image content=data:image/png;base64,x>", None, id="data URL"),
        pytest.param("canonical_link", "<link rel='Canonical nofollow' href=/b>", "https://www.courier.example/b", id="canonical"),
        pytest.param("canonical_link", "<link rel=canonical href='http://[broken'>", None, id="broken canonical"),
        pytest.param("language", "<meta property=og:locale content=pt_BR>", "pt", id="locale"),
        pytest.param("summary", "<meta name=description content='Rain fell.'>", "Rain fell.", id="description"),
        pytest.param("site_name", ld('{"@type": "WebSite", "name": "The Post"}'), "The Post", id="site name"),
        pytest.param("modified_at", "<meta property=article:modified_time content=2026-03-24>", datetime.fromisoformat("2026-03-24T00:00:00+00:00"), id="modified"),
    ],
)  # fmt: skip
def test_other_fields(field, head, value):
    assert getattr(metadata(head), field) == value


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("de-AT", "de"),
        ("EN", "en"),
        ("zh-Hans-CN", "zh"),
        ("deutsch", None),
        ("", None),
        (None, None),
        ("x-klingon", None),
    ],
)
def test_language_code(tag, code):
    assert language_code(tag) == code


@pytest.mark.parametrize(
    ("script", "headline"),
    [
        pytest.param('{"@type":"Article","headline":"A"}', "A", id="plain"),
        pytest.param('[{"@type":"Article","headline":"A"},]', "A", id="list, trailing comma"),
        pytest.param('<!-- {"@type":"Article","headline":"A"} -->', "A", id="comment"),
        pytest.param('//<![CDATA[\n{"@type":"Article","headline":"A"}\n//]]>', "A", id="CDATA"),
        pytest.param('{"@type":"Article","headline":"A\nB"}', "A\nB", id="raw line break"),
        pytest.param('{"@type":"WebPage","mainEntity":{"@type":"schema:NewsArticle","headline":"A"}}', "A", id="main entity"),
        pytest.param('{"@type":"Article"} {"@type"', None, id="broken"),
        pytest.param('{"@type":"Product","headline":"A"}', None, id="no article"),
        pytest.param("[" * 5000, None, id="nested without end"),
        pytest.param("", None, id="empty"),
    ],
)  # fmt: skip
def test_structured(script, headline):
    tree = load_html(f"<html><head>{ld(script)}</head><body><p>x</p></body></html>")
    assert article_node(find_nodes(tree)).get("headline") == headline
