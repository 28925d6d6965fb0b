from __future__ import annotations

import string
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.feeds.listed import NOW
from worker.errors import UsageError
from worker.feeds.opml import ListedFeed, format_list, format_opml, parse_feed_list, parse_list, parse_opml
from worker.models import Feed

A, B = "https://a.example/feed", "https://b.example/feed"


def opml(body: str) -> bytes:
    return f'<?xml version="1.0"?>\n<opml version="2.0"><head/><body>\n{body}\n</body></opml>'.encode()


def feed_of(url: str, *tags: str, title: str | None = None, site_url: str | None = None) -> Feed:
    return Feed(
        feed_id=url,
        url=url,
        title=title,
        site_url=site_url,
        tags=tags,
        added_at=NOW,
        next_poll_at=NOW,
        interval_s=600,
    )


OUTLINES = [
    ("no folder", f'<outline xmlUrl="{A}"/>', [(A, ())]),
    ("folder", f'<outline text="News"><outline xmlUrl="{A}"/></outline>', [(A, ("News",))]),
    ("nested folders", f'<outline text="News"><outline title="Europe"><outline xmlUrl="{A}"/></outline></outline>',
     [(A, ("News", "Europe"))]),
    ("categories", f'<outline xmlUrl="{A}" category="/News/Europe,Daily"/>', [(A, ("News", "Europe", "Daily"))]),
    ("folder and category", f'<outline text="News"><outline xmlUrl="{A}" category="News,Daily"/></outline>',
     [(A, ("News", "Daily"))]),
    ("in two folders", f'<outline text="X"><outline xmlUrl="{A}"/></outline><outline text="Y"><outline xmlUrl="{A}"/></outline>',
     [(A, ("X", "Y"))]),
    ("folder without a name", f'<outline><outline xmlUrl="{A}"/></outline>', [(A, ())]),
    ("feeds inside a feed", f'<outline xmlUrl="{A}"><outline xmlUrl="{B}"/></outline>', [(A, ()), (B, ())]),
    ("other spelling", f'<OUTLINE XMLURL="{A}"/>', [(A, ())]),
    ("feed scheme", '<outline xmlUrl="feed://a.example/feed"/>', [(A, ())]),
    ("feed scheme in front", f'<outline xmlUrl="feed:{A}"/>', [(A, ())]),
    ("links are no feeds", '<outline type="link" url="https://a.example/"/>', []),
    ("empty", "", []),
]  # fmt: skip


@pytest.mark.parametrize(("body", "feeds"), [row[1:] for row in OUTLINES], ids=[row[0] for row in OUTLINES])
def test_opml(body, feeds):
    listed = parse_opml(opml(body))
    assert [(feed.url, feed.tags) for feed in listed.feeds] == feeds
    assert listed.skipped == ()


def test_opml_titles_and_sites():
    body = f'<outline text="P&#234;che &amp;amp; Bar" xmlUrl="{A}" htmlUrl="/"/><outline title="T" text="x" xmlUrl="{B}"/>'
    one, two = parse_opml(opml(body)).feeds
    assert (one.title, one.site_url, two.title) == ("Pêche & Bar", "https://a.example/", "T")


def test_opml_skips_and_reports_what_is_no_address():
    listed = parse_opml(
        opml(f'<outline xmlUrl="{A}"/>\n<outline xmlUrl="javascript:x"/>\n<outline xmlUrl=""/>')
    )
    assert [feed.url for feed in listed.feeds] == [A]
    assert listed.skipped == ((4, "javascript:x"), (5, ""))


LINES = [
    ("one a line", f"{A}\n{B}\n", [(A, None, ()), (B, None, ())]),
    ("comments and blank lines", f"# mine\n\n  {A}  \n", [(A, None, ())]),
    ("title", f"{A}  Paper of A\n", [(A, "Paper of A", ())]),
    ("folders", f"[News > Europe]\n{A}\n[]\n{B}", [(A, None, ("News", "Europe")), (B, None, ())]),
    ("Windows line ends", f"{A}\r\n{B}\r\n", [(A, None, ()), (B, None, ())]),
    ("twice", f"{A}\n[X]\n{A} Title", [(A, "Title", ("X",))]),
    ("nothing", "# none yet\n", []),
]


@pytest.mark.parametrize(("text", "feeds"), [row[1:] for row in LINES], ids=[row[0] for row in LINES])
def test_list(text, feeds):
    assert [(feed.url, feed.title, feed.tags) for feed in parse_list(text).feeds] == feeds


def test_list_skips_and_reports_what_is_no_address():
    assert parse_list(f"{A}\nnot an address\nftp://a.example/").skipped == (
        (2, "not an address"),
        (3, "ftp://a.example/"),
    )


ENCODED = [
    ("OPML", opml(f'<outline xmlUrl="{A}"/>')),
    ("OPML after white space", b"\n  " + opml(f'<outline xmlUrl="{A}"/>')),
    ("OPML in UTF-16", opml(f'<outline xmlUrl="{A}"/>').decode().encode("utf-16")),
    ("OPML with a byte order mark", b"\xef\xbb\xbf" + opml(f'<outline xmlUrl="{A}"/>')),
    ("text", A.encode()),
    ("text with a byte order mark", b"\xef\xbb\xbf" + A.encode()),
    ("text in UTF-16", A.encode("utf-16")),
    ("text in Latin-1", f"# é\n{A}".encode("latin-1")),
]


@pytest.mark.parametrize("body", [row[1] for row in ENCODED], ids=[row[0] for row in ENCODED])
def test_told_apart_by_content(body):
    assert [feed.url for feed in parse_feed_list(body, "any.name").feeds] == [A]


UNREADABLE = [
    (
        "broken XML",
        opml("<outline xmlUrl='x>"),
        "line 4: not readable as OPML (Unescaped '<' not allowed in attributes values)",
    ),
    ("lines before the XML count", b"\n\n<opml><", "line 3: not readable as OPML"),
    ("unescaped ampersand", opml('\n<outline text="A & B"/>'), "line 4: not readable as OPML"),
    ("an RSS feed", b"<rss version='2.0'/>", "line 1: <rss> is not an OPML list"),
    ("an HTML page", b"<!DOCTYPE html>\n<html><body></body></html>", "line 2: <html> is not an OPML list"),
    ("prose", b"# dear reader\nhello", "line 2: no web address"),
    ("binary", b"abc\x00\x01", "line 1: binary data"),
    (
        "external entity",
        b'<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/hostname">]><rss>&x;</rss>',
        "line 1: <rss>",
    ),
]


@pytest.mark.parametrize(
    ("body", "says"), [row[1:] for row in UNREADABLE], ids=[row[0] for row in UNREADABLE]
)
def test_unreadable_lists(body, says):
    with pytest.raises(UsageError) as caught:
        parse_feed_list(body, "feeds.opml")
    assert str(caught.value).startswith(f"feeds.opml: {says}")
    assert "\n" not in str(caught.value)


def test_opml_entities_are_not_expanded():
    bomb = '<!DOCTYPE opml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/hostname">]>'
    body = (
        f'{bomb}<opml><body><outline text="&b;"><outline xmlUrl="{A}" title="t"/></outline>&c;</body></opml>'
    )
    assert [feed.url for feed in parse_opml(body.encode()).feeds] == [A]


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_list_or_a_usage_error(body):
    try:
        parse_feed_list(body, "x")
    except UsageError as error:
        assert str(error).startswith("x: line ")


def test_opml_written():
    written = format_opml([feed_of(A, "News", "Europe", title="A & <b>", site_url="https://a.example/")], NOW)
    root = ElementTree.fromstring(written.encode())
    assert root.findtext("head/dateCreated") == "Tue, 03 Mar 2026 12:00:00 +0000"
    assert [outline.attrib.get("text") for outline in root.iter("outline")] == ["News", "Europe", "A & <b>"]
    assert root.find(".//outline[@type='rss']").attrib["htmlUrl"] == "https://a.example/"


NAMES = (
    st.text(string.ascii_letters + "éß漢 &'\"/,#", min_size=1, max_size=8)
    .map(str.strip)
    .filter(lambda name: name.strip("#"))
)
FEEDS = st.lists(
    st.builds(
        lambda host, tags, title: feed_of(f"https://{host}.example/f", *dict.fromkeys(tags), title=title),
        st.text(string.ascii_lowercase, min_size=1, max_size=5),
        st.lists(NAMES, max_size=3),
        NAMES | st.none(),
    ),
    max_size=6,
    unique_by=lambda feed: feed.url,
)


def listed(feed: Feed) -> ListedFeed:
    return ListedFeed(url=feed.url, title=feed.title, tags=tuple(" ".join(tag.split()) for tag in feed.tags))


def by_url(feeds: object) -> list[ListedFeed]:
    folded = [replace(feed, title=" ".join(feed.title.split()) if feed.title else None) for feed in feeds]
    return sorted(folded, key=lambda feed: feed.url)


@given(FEEDS)
def test_what_is_written_reads_back(feeds):
    titled = [replace(feed, title=feed.title or feed.url) for feed in feeds]
    assert by_url(parse_opml(format_opml(titled, NOW).encode()).feeds) == by_url(map(listed, titled))
    assert by_url(parse_list(format_list(feeds)).feeds) == by_url(map(listed, feeds))
