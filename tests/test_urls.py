"""`identity_v1.tsv` is frozen: every stored id is a hash of what it holds. Add rows, never change one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker import urls

GOLDEN = [
    line.split("\t") for line in (Path(__file__).parent / "data" / "identity_v1.tsv").read_text().splitlines()
]


@pytest.mark.parametrize(("url", "identity"), GOLDEN, ids=[row[0] for row in GOLDEN])
def test_identity_url_version_1(url, identity):
    assert urls.identity_url(urls.find_link(url)) == identity


def test_the_golden_file_is_whole():
    assert len(GOLDEN) >= 60
    assert len({url for url, _ in GOLDEN}) == len(GOLDEN)


FRAGMENTS = [
    ("none", "https://site.example/a", "https://site.example/a"),
    ("empty", "https://site.example/a#", "https://site.example/a"),
    ("kept", "http://site.example/a?utm_source=x#B%2d1", "https://site.example/a#B-1"),
    ("not ASCII", "https://site.example/a#é", "https://site.example/a#%C3%A9"),
]


@pytest.mark.parametrize(
    ("url", "identity"), [row[1:] for row in FRAGMENTS], ids=[row[0] for row in FRAGMENTS]
)
def test_identity_url_with_fragment(url, identity):
    assert urls.identity_url_with_fragment(url) == identity


BASE = "https://site.example/dir/page"
LINKS = [
    ("absolute", "https://a.example/x", None, "https://a.example/x"),
    ("as it is", "HTTP://A.example/x?utm_source=y#z", None, "HTTP://A.example/x?utm_source=y#z"),
    ("relative", "x", BASE, "https://site.example/dir/x"),
    ("relative to nothing", "x", None, None),
    ("a host as long as DNS allows", f"https://{'a' * 245}.example/", None, f"https://{'a' * 245}.example/"),
    ("a host longer than that", f"https://{'a' * 246}.example/", None, None),
    ("root", "/x", BASE, "https://site.example/x"),
    ("protocol-relative", "//a.example/x", BASE, "https://a.example/x"),
    ("query only", "?x=1", BASE, "https://site.example/dir/page?x=1"),
    ("around", " \n https://a.example/x \t", None, "https://a.example/x"),
    ("line break inside", "https://a.example/\n  x", None, "https://a.example/%20%20x"),
    ("space inside", "https://a.example/a b", None, "https://a.example/a%20b"),
    ("control inside", "https://a.example/a\x01b", None, "https://a.example/a%01b"),
    ("not ASCII stays", "https://münchen.example/ü", None, "https://münchen.example/ü"),
    ("port", "https://a.example:8443/", None, "https://a.example:8443/"),
    ("port 0", "https://a.example:0/", None, None),
    ("port too large", "https://a.example:65536/", None, None),
    ("port no number", "https://a.example:x/", None, None),
    ("user", "https://u@a.example/", None, None),
    ("user and password", "https://u:p@a.example/", None, None),
    ("user is empty", "https://@a.example/", None, None),
    ("IPv6", "http://[2001:db8::1]/", None, "http://[2001:db8::1]/"),
    ("IPv6, unclosed", "http://[2001:db8::1/", None, None),
    ("no host", "https:///x", None, None),
    ("host of dots", "https://../x", None, None),
    ("space in the host", "https://a b.example/", None, None),
    ("backslash in the host", "https://a.example\\@b.example/", None, None),
    ("escape in the host", "https://a%2eexample/", None, None),
    ("NFKC brings a slash", "https://a.example\u2100b.example/", None, None),
    ("punycode brings a space", "https://a\u00af.example/", None, None),
    ("punycode brings nothing but a dot", "https://\u2024/", None, None),
    ("lone surrogate in the host", "https://a\ud800.example/", None, None),
    ("lone surrogate in the path", "https://a.example/\ud800", None, "https://a.example/\ud800"),
    ("mailto", "mailto:a@b.example", BASE, None),
    ("javascript", "javascript:alert(1)", BASE, None),
    ("data", "data:text/html,x", BASE, None),
    ("ftp", "ftp://a.example/", None, None),
    ("file", "file:///etc/passwd", BASE, None),
    ("tag", "tag:a.example,2026:1", None, None),
    ("empty", "", BASE, None),
    ("blank", "  ", BASE, None),
    ("none", None, BASE, None),
]


@pytest.mark.parametrize(("link", "base", "url"), [row[1:] for row in LINKS], ids=[row[0] for row in LINKS])
def test_find_link(link, base, url):
    assert urls.find_link(link, base) == url


CANONICAL = [
    ("scheme and host folded, scheme kept", "HTTP://A.Example/X", "http://a.example/X"),
    ("default port", "http://a.example:80/", "http://a.example/"),
    ("port of the other scheme", "http://a.example:443/", "http://a.example:443/"),
    ("tracking", "https://a.example/?fbclid=1&x=2&gclid=3&utm_id=4", "https://a.example/?x=2"),
    ("tracking in capitals", "https://a.example/?UTM_Source=x", "https://a.example/"),
    (
        "what selects content stays",
        "https://a.example/?ref=x&id=1&page=2",
        "https://a.example/?ref=x&id=1&page=2",
    ),
    ("order stays", "https://a.example/?b=1&a=2", "https://a.example/?b=1&a=2"),
    ("blank values stay", "https://a.example/?a=&b", "https://a.example/?a=&b="),
    ("fragment", "https://a.example/x#y", "https://a.example/x"),
    ("dot segments, escaped too", "https://a.example/x/%2e%2e/./y", "https://a.example/y"),
    ("lone surrogate", "https://a.example/?x=\ud800", "https://a.example/?x=%3F"),
]


@pytest.mark.parametrize(
    ("url", "canonical"), [row[1:] for row in CANONICAL], ids=[row[0] for row in CANONICAL]
)
def test_canonical_url(url, canonical):
    assert urls.canonical_url(url) == canonical


SITES = [
    ("subdomain", "https://www.news.example.com/", "example.com"),
    ("two-part suffix", "https://www.example.co.uk/", "example.co.uk"),
    ("private suffix", "https://one.blogspot.com/", "one.blogspot.com"),
    ("another of that suffix", "https://two.blogspot.com/", "two.blogspot.com"),
    ("the suffix itself", "https://blogspot.com/", "blogspot.com"),
    ("unknown suffix", "https://a.b.test/", "a.b.test"),
    ("address", "http://192.0.2.1:8080/", "192.0.2.1"),
    ("IPv6", "http://[2001:db8::1]/", "2001:db8::1"),
    ("local name", "http://localhost:9200/", "localhost"),
    ("trailing dot", "https://www.example.com./", "example.com"),
    ("no URL", "http://[", ""),
]


@pytest.mark.parametrize(("url", "site"), [row[1:] for row in SITES], ids=[row[0] for row in SITES])
def test_site_of(url, site):
    assert urls.site_of(url) == site


HOMES = [
    ("bare", "https://a.example", True),
    ("slash", "https://a.example/", True),
    ("index", "https://a.example/index.html", True),
    ("default, capitals", "https://a.example/Default.aspx", True),
    ("fragment", "https://a.example/#news", True),
    ("utm", "https://a.example/?utm_source=rss", True),
    ("query", "https://a.example/?p=1", False),
    ("page", "https://a.example/news", False),
    ("index of a folder", "https://a.example/news/index.html", False),
    ("back to the root", "https://a.example/x/..", True),
]


@pytest.mark.parametrize(("url", "home"), [row[1:] for row in HOMES], ids=[row[0] for row in HOMES])
def test_is_home(url, home):
    assert urls.is_home(url) is home


def test_ids_are_hex_of_fixed_length_and_follow_the_identity():
    one, other = "http://a.example/x?utm_source=y", "https://A.example/x#z"
    assert urls.feed_id_of(one) == urls.feed_id_of(other) == "39021306bfa34811"
    assert urls.article_id_of(one) == urls.article_id_of(other) == urls.entry_id_of("https://a.example/x")
    assert len(urls.entry_id_of("feed", "guid")) == 32
    assert urls.entry_id_of("a", "b") != urls.entry_id_of("ab")


ADDRESSES = [
    ("192.0.2.1", True),
    ("::1", True),
    ("[::1]", True),
    ("a.example", False),
    ("1.2.3", False),
    ("", False),
]


@pytest.mark.parametrize(("host", "address"), ADDRESSES)
def test_is_address(host, address):
    assert urls.is_address(host) is address


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://es:9200", "http://es:9200"),
        ("https://elastic:p%40ss@es:9200/path", "https://es:9200/path"),
        ("https://elastic:p@ss@[::1]:9200", "https://[::1]:9200"),
        ("rediss://:p#a/s?s@redis:6380/1", "rediss://redis:6380/1"),
        ("redis://redis?password=pass", "redis://redis"),
        ("user:pass@redis", "redis"),
        ("nonsense", "nonsense"),
    ],
)
def test_credentials_are_not_shown(url, shown):
    assert urls.without_credentials(url) == shown


ANY_TEXT = st.text(st.characters(codec=None), max_size=12)
URLISH = st.builds(
    "{}://{}/{}?{}#{}".format,
    st.sampled_from(["http", "https", "HTTP"]),
    ANY_TEXT | st.from_regex(r"[a-z\[\]:.%0-9é_-]{1,15}", fullmatch=True),
    ANY_TEXT | st.from_regex(r"[a./%2eE]{0,10}", fullmatch=True),
    ANY_TEXT | st.from_regex(r"[utm_=&%75;+]{0,12}", fullmatch=True),
    ANY_TEXT,
)


@pytest.mark.parametrize("dot", [".", "\u3002", "\u2024"], ids=["ASCII", "ideographic", "one dot leader"])
def test_a_dot_that_ends_the_host_is_no_part_of_its_identity(dot):
    assert urls.identity_url(f"https://a.example{dot}/") == "https://a.example/"


@settings(max_examples=500, deadline=None)
@given(URLISH | ANY_TEXT, st.none() | URLISH)
def test_what_find_link_accepts_never_raises(link, base):
    url = urls.find_link(link, base)
    if url is None:
        return
    assert urls.find_link(url) is not None
    identity = urls.identity_url(url)
    assert identity.isascii()
    assert urls.identity_url(identity) == identity
    assert urls.identity_url_with_fragment(url).startswith(identity)
    assert urls.canonical_url(urls.canonical_url(url)) is not None
    assert urls.site_of(url)
    assert len(urls.feed_id_of(url)) == 16
    assert isinstance(urls.is_home(url), bool)
