"""Size: whatever a server sends or says it sends, one page is lost with its reason, and memory is not."""

from __future__ import annotations

import pytest

from tests.hostile.desk import HEALTHY
from tests.newsroom import body_of, page
from tests.site import Reply
from tests.site.mischief import COMPRESSORS, cut, flood, raw
from tests.site.server import head

TOO_LARGE = ("rejected", "too_large")
INDEXED = ("indexed", None)
PROTOCOL = ("retry", "protocol")

STORY = page("A canal for the delta", body_of("Vilkovo", "canal plan")).body
HTML = {"Content-Type": "text/html"}
CHUNKED = HTML | {"Transfer-Encoding": "chunked"}
CODINGS = ("gzip", "deflate", "br", "zstd")


def bomb(coding: str) -> Reply:
    return Reply(body=COMPRESSORS[coding](bytes(30_000_000)), headers={"Content-Encoding": coding})


def long_header(site):
    return flood(site, b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65_536)


ROWS = {
    **{f"{coding} bomb": (lambda _, c=coding: bomb(c), TOO_LARGE) for coding in CODINGS},
    "gzip in gzip": (
        lambda _: Reply(
            body=COMPRESSORS["gzip"](COMPRESSORS["gzip"](bytes(30_000_000))),
            headers={"Content-Encoding": "gzip, gzip"},
        ),
        TOO_LARGE,
    ),
    "6 GB Content-Length": (lambda _: raw(head(200, HTML | {"Content-Length": "6000000000"})), TOO_LARGE),
    "Content-Length with 5,000 digits": (
        lambda _: raw(head(200, HTML | {"Content-Length": "9" * 5_000}) + STORY),
        INDEXED,  # a length that can't be read is none
    ),
    "no Content-Length": (lambda _: raw(head(200, HTML) + STORY), INDEXED),
    "no Content-Length and no end": (lambda site: flood(site, head(200, HTML), b"x" * 65_536), TOO_LARGE),
    "chunks without end": (
        lambda site: flood(site, head(200, CHUNKED), b"8000\r\n" + b"x" * 0x8000 + b"\r\n"),
        TOO_LARGE,
    ),
    "Content-Length too long": (lambda _: cut(STORY, len(STORY) + 9), ("retry", "connection_cut")),
    "Content-Length too short": (
        lambda _: raw(head(200, HTML | {"Content-Length": str(len(STORY) - 60)}) + STORY),
        INDEXED,
    ),
    "negative Content-Length": (lambda _: raw(head(200, HTML | {"Content-Length": "-1"}) + STORY), INDEXED),
    "10,000 headers": (
        lambda _: raw(head(200, HTML | {f"X-{n}": "y" for n in range(10_000)}) + STORY),
        PROTOCOL,
    ),
    "a 50 MB header": (long_header, PROTOCOL),
    "headers without end": (lambda site: flood(site, b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 9_000), PROTOCOL),
}


@pytest.fixture(scope="module")
def ended(desk, web):
    for number, (make, _) in enumerate(ROWS.values()):
        web.serve(f"/{number}", make(web))
    links = {name: web.url(f"/{number}") for number, name in enumerate(ROWS)}
    yield desk.listed(links, threads=4)
    web.close()


@pytest.mark.parametrize("name", ROWS)
def test_each_size_ends_in_one_outcome(ended, name):
    assert ended[name].verdict == ROWS[name][1]


def test_a_healthy_page_among_them_is_read(ended):
    assert ended[HEALTHY].verdict == INDEXED


def test_the_text_is_whole_where_the_length_was_missing(ended):
    assert "should be read with care" in ended["no Content-Length"].document.body
