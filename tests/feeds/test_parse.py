"""Whole feeds: each file in tests/data/feeds beside what it must become; then one rule a row."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.feeds.listed import FEEDS, NOW, URL, as_json, parsed, rss
from worker.errors import ParseError
from worker.feeds.parse import parse_feed

FILES = sorted(path for path in FEEDS.iterdir() if not path.name.endswith(".expected.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_whole_feeds(path):
    expected = json.loads((FEEDS / f"{path.stem}.expected.json").read_text())
    assert as_json(parsed(path.read_bytes())) == expected


def test_every_format_has_a_file():
    formats = {json.loads(path.read_text())["format"] for path in FEEDS.glob("*.expected.json")}
    assert formats >= {"rss091n", "rss092", "rss10", "rss20", "atom03", "atom10", "json10", "json11"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_same_result_every_time_and_pickled(path):
    body = path.read_bytes()
    assert pickle.loads(pickle.dumps(parsed(body))) == parsed(body)


LINKS = [
    ("plain", "<link>https://site.example/a</link>", "https://site.example/a"),
    ("wrapped in whitespace", "<link>\n  https://site.example/a\n</link>", "https://site.example/a"),
    ("relative to the site, not the feed", "<link>a/b</link>", "https://site.example/a/b"),
    ("protocol-relative", "<link>//cdn.example/a</link>", "https://cdn.example/a"),
    ("ampersands", "<link>https://site.example/?a=1&amp;copy=2</link>", "https://site.example/?a=1&copy=2"),
    ("xml:base", '<link xml:base="https://base.example/x/">y</link>', "https://base.example/x/y"),
    ("atom alternate before a later RSS link",
     '<atom:link rel="alternate" href="https://site.example/alt"/><link>https://site.example/a</link>',
     "https://site.example/alt"),
    ("page before other formats",
     '<atom:link rel="alternate" type="application/json" href="/a.json"/><atom:link rel="alternate" href="/a"/>',
     "https://site.example/a"),
    ("original before proxy",
     "<link>https://proxy.example/~3/1</link><feedburner:origLink>https://site.example/a</feedburner:origLink>",
     "https://site.example/a"),
    ("unusable original",
     "<link>https://site.example/a</link><feedburner:origLink>javascript:1</feedburner:origLink>",
     "https://site.example/a"),
    ("permalink guid", "<guid>https://site.example/g</guid>", "https://site.example/g"),
    ("permalink guid beside an empty link", "<link/><guid>https://site.example/g</guid>", "https://site.example/g"),
    ("guid that is no permalink", '<guid isPermaLink="false">https://site.example/g</guid>', None),
    ("guid that is no address", "<guid>4711</guid>", None),
    ("link beats guid", "<guid>https://site.example/g</guid><link>https://site.example/a</link>", "https://site.example/a"),
    ("enclosure is no page", '<guid isPermaLink="false">g</guid><enclosure url="https://site.example/a.mp3" type="audio/mpeg"/>', None),
    ("related is another page", '<title>t</title><atom:link rel="related" href="https://other.example/"/>', None),
    ("google news stays as it is", "<link>https://news.google.com/rss/articles/CBMi?oc=5</link>", "https://news.google.com/rss/articles/CBMi?oc=5"),
    ("mail address", "<title>t</title><link>mailto:a@b.example</link>", None),
    ("credentials", "<title>t</title><link>https://u:p@site.example/</link>", None),
]  # fmt: skip


@pytest.mark.parametrize(("item", "url"), [row[1:] for row in LINKS], ids=[row[0] for row in LINKS])
def test_entry_link(item, url):
    (entry,) = rss(f"<item>{item}</item>").entries
    assert entry.url == url


def test_relative_link_without_a_site_link_starts_at_the_feed():
    feed = rss("<item><link>a</link></item>", channel="<title>T</title>")
    assert feed.entries[0].url == "https://feeds.example/dir/a"


def test_relative_xml_base_chain_in_atom():
    feed = parsed(
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="/blog/"><title>t</title>'
        '<entry><title>e</title><id>1</id><link href="a"/></entry></feed>'
    )
    assert feed.entries[0].url == "https://feeds.example/blog/a"


NO_FEEDS = [
    ("empty", b"", "empty"),
    ("blank", b" \n ", "empty"),
    ("html page", b"<!DOCTYPE html><html><head><title>Be right &amp; back</title></head></html>", "an HTML page, “Be right & back”"),
    ("plain text", b"Service unavailable", "plain text"),
    ("png", b"\x89PNG\r\n\x1a\n\x00\x00", "a PNG image"),
    ("pdf", b"%PDF-1.7", "a PDF document"),
    ("gzip that ends early", b"\x1f\x8b\x08\x00", "gzip data that ends early"),
    ("gzip that is none", b"\x1f\x8bnonsense", "damaged gzip data"),
    ("binary", b"\x01\x02\x00\x03", "binary data"),
    ("other XML", b"<?xml version='1.0'?><note><to>x</to></note>", "XML with the root <note>"),
    ("sitemap", b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'/>", "a sitemap of 0 pages without news"),
    ("other JSON", b'{"status": "ok"}', "JSON, but no JSON Feed"),
    ("broken JSON", b'{"version": "https://jsonfeed.org/version/1.1", "items": [', "broken JSON"),
    ("JSON too deep", b'{"a":' + b"[" * 100_000, "JSON nested too deep"),
    ("a local path", b"/etc/passwd", "plain text"),
    ("a URL", b"https://127.0.0.1:1/feed", "plain text"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "says"), [row[1:] for row in NO_FEEDS], ids=[row[0] for row in NO_FEEDS])
def test_no_feed(body, says):
    with pytest.raises(ParseError) as caught:
        parsed(body)
    assert says in caught.value.detail
    assert "\n" not in str(caught.value)
    assert caught.value.url == URL


def test_a_body_that_is_a_path_is_not_opened(tmp_path, monkeypatch):
    (tmp_path / "feed.xml").write_bytes((FEEDS / "rss20.xml").read_bytes())
    monkeypatch.chdir(tmp_path)
    for body in ("feed.xml", str(tmp_path / "feed.xml"), (tmp_path / "feed.xml").as_uri()):
        with pytest.raises(ParseError):
            parsed(body)


def test_external_entities_are_not_opened(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    feed = parsed(
        f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
        "<rss version='2.0'><channel><title>a</title><item><title>got &x;</title></item></channel></rss>"
    )
    assert "SECRET" not in repr(feed)


BOMBS = {
    "nested": '<!ENTITY a "lollollollol">' + "".join(
        f'\n<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
    ),
    "one long": '<!ENTITY j "' + "x" * 50_000 + '">',
}  # fmt: skip


@pytest.mark.parametrize("declarations", BOMBS.values(), ids=BOMBS)
@pytest.mark.parametrize("ending", ["</channel></rss>", "<broken"], ids=["well-formed", "ill-formed"])
def test_entity_bombs_do_not_explode(declarations, ending):
    body = (
        f'<?xml version="1.0"?>\n<!DOCTYPE rss [\n{declarations}\n]>\n<rss version="2.0"><channel><title>t</title>'
        f"<item><title>{'&j;' * 2_000}</title></item>{ending}"
    )
    try:
        feed = parsed(body)
    except ParseError as error:
        assert "entities expand" in error.detail
    else:
        assert len(repr(feed)) < 100_000


@pytest.mark.parametrize(
    ("reference", "title"),
    [("&#55357;&#56842;", "a😊b"), ("&#xD83D;", "ab"), ("&#1;", "ab"), ("&#99999999999999999999;", "ab"), ("&#x2013;", "a–b")],
    ids=["surrogate pair", "half a pair", "control", "beyond Unicode", "legal"],
)  # fmt: skip
def test_character_references_that_xml_forbids(reference, title):
    feed = rss(f"<item><title>a{reference}b</title></item>")
    assert (feed.entries[0].title, feed.notes) == (title, ())


def test_utf8_without_declaration_or_content_type():
    assert rss("<item><title>Žluťoučký kůň</title></item>").entries[0].title == "Žluťoučký kůň"


@pytest.mark.parametrize(
    "content_type", ["text/xml", "text/html; charset=utf-8", "application/rss+xml", ";;", ""]
)
def test_content_types_feeds_are_served_with(content_type):
    body = (
        "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>é</title></channel></rss>"
    )
    assert parsed(body, content_type=content_type).title == "é"


def test_a_feed_without_entries_is_fine():
    feed = rss("")
    assert (feed.title, feed.entries, feed.listed) == ("T", (), 0)


NAMED = [
    ("atom inherits the feed's author", "<author><name>F</name></author>", "<title>t</title>", ("F",)),
    ("its own author instead", "<author><name>F</name></author>", "<author><name>E</name></author>", ("E",)),
]


@pytest.mark.parametrize(
    ("feed", "entry", "authors"), [row[1:] for row in NAMED], ids=[row[0] for row in NAMED]
)
def test_atom_authors(feed, entry, authors):
    parsed_feed = parsed(
        f'<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>{feed}<entry><id>x</id>{entry}</entry></feed>'
    )
    assert parsed_feed.entries[0].authors == authors


SEEDS = [path.read_bytes() for path in FILES]
SCRAPS = st.sampled_from(
    [b"<item>", b"</item>", b"<![CDATA[", b"]]>", b"&#xD800;", b"&#9999999999;", b"<!DOCTYPE", b"<width/>", b"\xff", b"\x00"]
    + [b"</media:player>", b"<svg>", b"<title>", b' xml:base="http://["', b"<link>http://[::</link>", b'encoding="undefined"']
    + [b"<pubDate>9999-99-99T99:99:99+99:99</pubDate>", b"<updated>0001-01-01T00:00:00+23:00</updated>", b"{", b"\xed\xa0\x80"]
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 60), SCRAPS | st.binary(max_size=8)), min_size=1, max_size=5),
)  # fmt: skip
def test_nothing_but_parse_error_escapes_mutated_feeds(seed, edits):
    body = seed
    for place, cut, scrap in edits:
        at = int(place * len(body))
        body = body[:at] + scrap + body[at + cut :]
    try:
        feed = parsed(body)
    except ParseError:
        return
    assert len(feed.entries) + len(feed.collapsed) == feed.listed
    assert len({entry.entry_id for entry in feed.entries}) == len(feed.entries)
    pickle.dumps(feed)
    repr(feed).encode()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_nothing_but_parse_error_escapes_any_bytes(body):
    try:
        parsed(body)
    except ParseError as error:
        assert error.detail


@pytest.mark.slow
def test_the_module_stays_light():
    code = "import sys, worker.feeds.parse; print([m for m in ('trafilatura', 'celery', 'dateparser') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_dates_are_bounded_by_the_time_of_the_poll():
    item = "<item><title>t</title><pubDate>Tue, 03 Mar 2026 20:00:00 GMT</pubDate></item>"
    feed = rss(item)
    assert feed.entries[0].published_at == NOW
    assert feed.notes == ("1 of the entries: date in the future by up to a day, set to the time of the poll",)


def test_headers_of_the_server_do_not_change_the_base():
    body = b"<rss version='2.0'><channel><title>t</title><item><link>a</link></item></channel></rss>"
    headers = {"content-location": "https://evil.example/", "content-type": "text/xml"}
    feed = parse_feed(body, feed_id="f", url=URL, headers=headers, now=NOW)
    assert feed.entries[0].url == "https://feeds.example/dir/a"


def test_a_hub_in_the_headers_goes_before_the_feeds_own():
    own = b'<feed xmlns="http://www.w3.org/2005/Atom"><link rel="hub" href="https://own.example/"/><entry><id>a</id></entry></feed>'
    named = {"link": '<https://server.example/>; rel="hub"'}
    read = [parse_feed(own, feed_id="f", url=URL, headers=each, now=NOW).hub_url for each in (named, {})]
    assert read == ["https://server.example/", "https://own.example/"]
