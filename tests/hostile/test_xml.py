"""Feeds that attack their reader: each poll ends in one outcome in the feed's own record."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.fakes import START
from tests.hostile.audit import overheard
from tests.hostile.desk import open_desk
from tests.site import Reply, Trap
from worker.errors import ParseError
from worker.feeds.parse import parse_feed
from worker.models import FeedState

PARSED, NO_FEED, TOO_LARGE, TIMEOUT = "parsed", "not_a_feed", "too_large", "extract_timeout"
SECRET = "what a file on this machine says"


def feed_of(title: str = "One", doctype: str = "", extra: str = "", encoding: str = "utf-8") -> bytes:
    text = (
        f"<?xml version='1.0' encoding='{encoding}'?>{doctype}<rss version='2.0'><channel><title>Tolk</title>"
        f"<item><guid isPermaLink='false'>g</guid><title>{title}</title></item>{extra}</channel></rss>"
    )
    return text.encode(encoding)


def doctype(*declarations: str) -> str:
    return f"<!DOCTYPE rss [{''.join(declarations)}]>"


def entity(name: str, value: str) -> str:
    return f'<!ENTITY {name} "{value}">'


LAUGHS = doctype(entity("l0", "lol"), *(entity(f"l{n}", f"&l{n - 1};" * 10) for n in range(1, 10)))
QUADRATIC = doctype(entity("q", "q" * 50_000))
PARAMETERS = doctype("""<!ENTITY % a "<!ENTITY b 'x'>">%a;%a;%a;""")
ATTRIBUTES = "<x" + "".join(f" a{n}='1'" for n in range(100_000)) + "/>"
EXTERNAL = {
    "general": '<!DOCTYPE rss [<!ENTITY x SYSTEM "{url}">]>',
    "public": '<!DOCTYPE rss [<!ENTITY x PUBLIC "-//A//B//EN" "{url}">]>',
    "parameter": '<!DOCTYPE rss [<!ENTITY % p SYSTEM "{url}">%p;<!ENTITY x "y">]>',
    "subset": '<!DOCTYPE rss SYSTEM "{url}" [<!ENTITY x "y">]>',
}

ROWS = {
    # What the server sends and as which type, the feed's outcome, and the titles that it listed.
    "quadratic blow-up": (feed_of("&q;" * 2_000, QUADRATIC), "", NO_FEED, []),
    "parameter entities": (feed_of("One", PARAMETERS), "", PARSED, ["One"]),
    "an entity that names itself": (feed_of("&s;", doctype(entity("s", "&s;&s;"))), "", PARSED, ["&s;"]),
    "more than 10 MB": (b"<rss>" + b" " * 10_000_000, "", TOO_LARGE, []),
    "NULs": (feed_of("O\0ne"), "", PARSED, ["One"]),
    "NULs before it": (b"\0\0\0" + feed_of(), "", PARSED, ["One"]),
    "only NULs": (bytes(5_000), "", NO_FEED, []),
    "truncated in a title": (feed_of(extra="<item><title>Tw").removesuffix(b"</channel></rss>"), "", PARSED, ["One"]),
    "truncated in a tag": (feed_of(extra="<item><tit").removesuffix(b"</channel></rss>"), "", PARSED, ["One"]),
    "truncated in the declaration": (feed_of()[:20], "", NO_FEED, []),
    "truncated before the entries": (feed_of()[:85], "", PARSED, []),
    "truncated in a character": (feed_of(extra="<item><title>é").partition(b"\xa9")[0], "", PARSED, ["One"]),
    "declared UTF-16 that is UTF-8": (feed_of("Öl").replace(b"utf-8", b"utf-16"), "", PARSED, ["Öl"]),
    "declared Latin-1 that is UTF-8": (feed_of("Öl").replace(b"utf-8", b"iso-8859-1"), "", PARSED, ["Öl"]),
    "header Latin-1 that is UTF-8": (feed_of("Öl"), "; charset=iso-8859-1", PARSED, ["Öl"]),
    "header UTF-8 that is Latin-1": (feed_of("Öl", encoding="iso-8859-1"), "; charset=utf-8", PARSED, ["Öl"]),
    "header of an unknown encoding": (feed_of("Öl"), "; charset=klingon", PARSED, ["Öl"]),
    "an unknown encoding": (feed_of("Öl").replace(b"utf-8", b"klingon"), "", PARSED, ["Öl"]),
    "a wrong mark": (b"\xff\xfe" + feed_of("Öl"), "", PARSED, ["Öl"]),
    "UTF-16": (feed_of("Öl", encoding="utf-16"), "", PARSED, ["Öl"]),
    "JSON nested too deep": (b'{"version": "https://jsonfeed.org/version/1.1", "items": ' + b"[" * 100_000, "", NO_FEED, []),
    "an HTML page": (b"<!doctype html><html><title>Back soon</title><body>Down</body></html>", "", NO_FEED, []),
    "a PNG image": (b"\x89PNG\r\n\x1a\n\0\0", "", NO_FEED, []),
    "empty": (b"", "", NO_FEED, []),
    "a path": (b"/etc/passwd", "", NO_FEED, []),
}  # fmt: skip
HEAVY = {
    "billion laughs": (feed_of("&l9;", LAUGHS), "", PARSED, ["&l9;"]),
    "100,000 nested tags": (feed_of(extra="<x>" * 100_000), "", PARSED, ["One"]),
    "100,000 nested tags in a title": (feed_of("<b>" * 100_000), "", PARSED, [None]),
    "billion laughs, ill-formed": (feed_of("&l9;", LAUGHS)[:-9], "", PARSED, ["&l9;"]),
}
ENDLESS = {
    "10 MB of divs": b"<div>" * 1_900_000,
    "100,000 attributes": feed_of(extra=ATTRIBUTES),
}
"""What takes a parser longer than a second on any machine."""


@pytest.mark.parametrize("name", [*ROWS, *(pytest.param(name, marks=pytest.mark.slow) for name in HEAVY)])
def test_each_feed_ends_in_one_outcome(desk, web, name):
    body, charset, outcome, titles = {**ROWS, **HEAVY}[name]
    web.serve("/feed.xml", Reply(body=body, content_type=f"application/xml{charset}"))
    feed = desk.polled(web.url(f"/feed.xml?{name.replace(' ', '-')}"))
    assert feed.last_outcome == outcome
    assert [row.entry.title for row in desk.rows_of(feed)] == titles
    assert feed.state is FeedState.ACTIVE
    assert feed.next_poll_at > feed.last_polled_at
    assert (feed.error is None) == (outcome == PARSED)


@pytest.mark.slow
@pytest.mark.parametrize("name", ENDLESS)
def test_a_feed_that_takes_too_long_is_left(web, tmp_path, name):
    web.serve("/endless.xml", Reply(body=ENDLESS[name], content_type="application/xml"))
    with open_desk(tmp_path, web, extract_timeout_s=1, extract_processes=1) as desk:
        feed = desk.polled(web.url(f"/endless.xml?{name.replace(' ', '-')}"))
        assert (feed.last_outcome, feed.error) == (TIMEOUT, "took longer than 1 s")
        web.serve("/good.xml", Reply(body=feed_of()))
        assert desk.polled(web.url("/good.xml")).last_outcome == PARSED


@pytest.fixture(scope="module")
def trap():
    with closing(Trap("127.0.0.1")) as trap:  # not forbidden: nothing but the parser could knock
        yield trap


@pytest.mark.parametrize("scheme", ["file", "http", "ftp", "path"])
@pytest.mark.parametrize("kind", EXTERNAL)
def test_no_external_entity_is_opened(desk, web, trap, tmp_path, kind, scheme):
    (tmp_path / "secret").write_text(SECRET)
    url = {"file": (tmp_path / "secret").as_uri(), "path": str(tmp_path / "secret")}.get(
        scheme, f"{scheme}://127.0.0.1:{trap.port}/x"
    )
    body = feed_of("One &x;", EXTERNAL[kind].format(url=url))
    web.serve("/entity.xml", Reply(body=body, content_type="application/xml"))
    feed = desk.polled(web.url(f"/entity.xml?{kind}-{scheme}"))
    [row] = desk.rows_of(feed)
    assert feed.last_outcome == PARSED
    assert row.entry.title.startswith("One")
    assert SECRET not in repr(row)
    assert not trap.knocked()


@pytest.mark.parametrize("ending", ["</rss>", "<broken"], ids=["well-formed", "read leniently"])
@pytest.mark.parametrize("scheme", ["file", "http", "path", "entity"])
def test_the_parser_is_given_nothing_that_it_could_open(trap, tmp_path, scheme, ending):
    secret = tmp_path / "secret.xml"
    secret.write_bytes(feed_of(SECRET))
    body = {
        "file": secret.as_uri(),
        "http": f"http://127.0.0.1:{trap.port}/feed.xml",
        "path": str(secret),
        "entity": feed_of("&x;", EXTERNAL["parameter"].format(url=secret.as_uri())).decode() + ending,
    }[scheme]
    headers = {"content-type": "text/xml", "content-location": body.partition("\n")[0]}
    parse_feed(feed_of(), feed_id="f", url="https://a.example/", headers={}, now=START)  # its own imports
    with overheard() as heard:
        try:
            parse_feed(body.encode(), feed_id="f", url="https://a.example/", headers=headers, now=START)
        except ParseError:
            assert scheme != "entity"
    assert [what for event, what in heard if event != "open" or "secret" in str(what)] == []
    assert not trap.knocked()
