"""News sitemaps beyond the whole files of test_parse: what is refused, bounded, unpacked, chosen."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta

import pytest

from tests.feeds.listed import FEED_ID, FEEDS, NOW, URL, parsed
from worker.errors import ParseError
from worker.feeds.packed import UNPACKED_BYTES
from worker.feeds.parse import parse_listing
from worker.feeds.sitemap import MOST_ENTRIES, read_sitemap
from worker.feeds.sitemapindex import SitemapFile, SitemapIndex, joined

PLAIN = (FEEDS / "sitemap.xml").read_bytes()
NAMESPACES = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'


def news(path: str, at: datetime = NOW) -> str:
    return (
        f"<url><loc>https://a.example/{path}</loc><news:news><news:publication_date>{at.isoformat()}"
        f"</news:publication_date><news:title>{path}</news:title></news:news></url>"
    )


def urlset(urls: str, namespaces: str = NAMESPACES) -> bytes:
    return f"<?xml version='1.0'?><urlset {namespaces}>{urls}</urlset>".encode()


def index(files: str) -> SitemapIndex | object:
    body = f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{files}</sitemapindex>'
    return parse_listing(body.encode(), feed_id=FEED_ID, url=URL, headers={}, now=NOW)


def file(url: str, lastmod: str = "") -> str:
    return f"<sitemap><loc>{url}</loc>{f'<lastmod>{lastmod}</lastmod>' if lastmod else ''}</sitemap>"


PAGES = "<url><loc>https://a.example/about</loc></url>" * 3


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param(urlset(PAGES), "3 pages without news", id="pages only, the extension declared"),
        pytest.param(urlset("", 'xmlns="x"'), "0 pages without news", id="empty, no extension"),
        pytest.param(urlset('<url><news:news/></url>'), "1 pages without news", id="no address"),
        pytest.param(
            b'<!DOCTYPE urlset [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + urlset(news("&b;")),
            "declares entities",
            id="entities",
        ),
        pytest.param(
            b'<?xml version="1.0" encoding="utf-16"?><!DOCTYPE urlset [<!ENTITY a "b">]>'.decode().encode("utf-16")
            + urlset(news("1")).decode().encode("utf-16-le"),
            "declares entities",
            id="entities in UTF-16",
        ),
        pytest.param(gzip.compress(bytes(UNPACKED_BYTES + 1)), "more than 10 MB", id="gzip bomb"),
        pytest.param(
            gzip.compress(bytes(UNPACKED_BYTES)) + gzip.compress(b"x"), "more than 10 MB", id="bomb in two members"
        ),
        pytest.param(gzip.compress(PLAIN)[:-20], "ends early", id="gzip cut short"),
    ],
)  # fmt: skip
def test_refused(body, says):
    with pytest.raises(ParseError) as caught:
        parsed(body)
    assert says in caught.value.detail


def test_an_external_entity_is_not_opened(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    with pytest.raises(ParseError, match="declares entities"):
        parsed(f'<!DOCTYPE urlset [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'.encode() + urlset(news("&x;")))


def test_a_site_that_published_nothing_for_two_days_has_an_empty_news_sitemap():
    assert parsed(urlset("")).entries == ()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(gzip.compress(PLAIN), id="one member"),
        pytest.param(gzip.compress(PLAIN[:500]) + gzip.compress(PLAIN[500:]), id="two members"),
        pytest.param(gzip.compress(PLAIN) + bytes(512), id="padded"),
    ],
)
def test_gzip_files_are_unpacked(body):
    assert parsed(body, content_type="application/x-gzip") == parsed(PLAIN)


def test_only_the_newest_thousand_entries_are_taken():
    start = NOW - timedelta(days=1)
    urls = "".join(news(str(n), start + timedelta(seconds=n)) for n in range(MOST_ENTRIES + 500))
    feed = parsed(urlset(urls + PAGES))
    assert {entry.title for entry in feed.entries} == {str(n) for n in range(500, MOST_ENTRIES + 500)}
    assert feed.notes == ("1500 entries, the newest 1,000 taken",)


def test_lastmod_is_no_change():
    """It moves with the page's surroundings; a changed title is what costs a fetch."""
    dated = urlset(news("1").replace("<news:news>", "<lastmod>{}</lastmod><news:news>", 1))
    one, other = (parsed(dated.replace(b"{}", at)) for at in (b"2026-03-01", b"2026-03-03"))
    assert [entry.entry_hash for entry in one.entries] == [entry.entry_hash for entry in other.entries]


def test_the_entry_is_the_one_that_the_sites_feed_lists():
    feed = parsed("<rss version='2.0'><channel><item><link>https://a.example/1</link></item></channel></rss>")
    assert parsed(urlset(news("1"))).entries[0].entry_id == feed.entries[0].entry_id


A = "https://a.example"
CHOICES = [
    ("latest first", [(f"{A}/a", "2026-03-01"), (f"{A}/b", "2026-03-03"), (f"{A}/c", "2026-03-02")], ["b", "c", "a"]),
    ("three at most", [(f"{A}/{n}", f"2026-03-0{n}") for n in range(1, 6)], ["5", "4", "3"]),
    ("undated last, in order", [(f"{A}/x", ""), (f"{A}/y", ""), (f"{A}/z", "2020-01-01")], ["z", "x", "y"]),
    ("news by name, and nothing else", [(f"{A}/pages", "2026-03-03"), (f"{A}/news-1.xml.gz", "")], ["news-1.xml.gz"]),
    ("a newsletter is no news", [(f"{A}/newsletter", ""), (f"{A}/posts", "2026-03-03")], ["posts", "newsletter"]),
    ("nor is the host's name", [("https://news.example/a", ""), ("https://b.example/b", "2026-03-03")], ["b", "a"]),
    ("a month in the name dates it", [(f"{A}/p-2026-02.xml", ""), (f"{A}/p-2026-03.xml", "")], ["p-2026-03.xml", "p-2026-02.xml"]),
    ("impossible days date nothing", [(f"{A}/p-20260230", ""), (f"{A}/q-2026-01", "")], ["q-2026-01", "p-20260230"]),
    ("each once, never itself", [(f"{A}/a", ""), (f"{A}/a", ""), (URL, "2026-03-03")], ["a"]),
    ("no addresses are passed over", [("javascript:1", ""), (f"{A}/a", "")], ["a"]),
]  # fmt: skip


@pytest.mark.parametrize(("files", "names"), [row[1:] for row in CHOICES], ids=[row[0] for row in CHOICES])
def test_which_files_of_an_index_are_read(files, names):
    found = index("".join(file(*each) for each in files))
    assert isinstance(found, SitemapIndex)
    assert [each.url.rpartition("/")[2] for each in found.files] == names


def test_a_files_time_is_its_lastmod():
    found = index(file(f"{A}/p-2026-01.xml", "2026-03-03T01:00:00+01:00"))
    assert found.files == (
        SitemapFile(url=f"{A}/p-2026-01.xml", changed_at=datetime(2026, 3, 3, 0, tzinfo=UTC)),
    )


def test_a_packed_index_is_unpacked():
    body = gzip.compress(f"<sitemapindex>{file(f'{A}/a')}</sitemapindex>".encode())
    found = parse_listing(body, feed_id=FEED_ID, url=URL, headers={}, now=NOW)
    assert isinstance(found, SitemapIndex)
    assert [each.url for each in found.files] == [f"{A}/a"]


def test_an_index_without_files_is_refused():
    with pytest.raises(ParseError, match="names no files"):
        index("")


def test_files_listed_together_have_each_entry_once():
    both = joined([parsed(urlset(news("1") + news("2"))), parsed(urlset(news("2") + news("3")))], ["a note"])
    assert [entry.title for entry in both.entries] == ["1", "2", "3"]
    assert (both.listed, len(both.collapsed), both.notes, both.format) == (4, 1, ("a note",), "sitemapindex")


@pytest.mark.parametrize("reference", ["&#xD800;", "&#0;", "&#xFFFF;", "&#xD83D;&#xDE00;"])
def test_references_that_xml_forbids_cost_themselves(reference: str) -> None:
    body = (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        ' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://n.example/a</loc>'
        f"<news:news><news:title>A harbour {reference}reopens</news:title></news:news></url></urlset>"
    )
    [entry] = read_sitemap(body.encode(), "https://n.example/s.xml").entries
    assert entry.title.startswith("A harbour ")
    assert entry.title.endswith("reopens")
