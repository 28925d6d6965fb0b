from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network

import pytest

from tests.site import Reply
from tests.site.mischief import COMPRESSORS, cut, raw
from tests.site.server import head
from worker.errors import (
    ConnectionCutError,
    ContentCodingError,
    ContentTypeError,
    DnsError,
    ForbiddenAddressError,
    HostUnreachableError,
    HttpRetryableError,
    NotFoundError,
    ProtocolError,
    UnsafeUrlError,
)
from worker.fetch.client import FEED, PAGE

LOOPBACK = (ip_network("127.0.0.0/8"),)
BODY = "<p>naïve text</p>".encode() * 50


def test_a_page_comes_with_all_its_facts(site, make_fetcher):
    site.serve("/a", Reply(body=BODY, headers={"ETag": '"1"', "X-Two": "b"}))
    page = make_fetcher(site).fetch(site.url("/a#part"), PAGE)
    assert (page.url, page.final_url) == (site.url("/a#part"), site.url("/a"))
    assert (page.status, page.body, page.redirects, page.wait_ms) == (200, BODY, (), 0)
    assert page.headers["etag"] == '"1"' and page.headers["x-two"] == "b"
    assert page.fetched_at.tzinfo is not None and page.fetch_ms < 5000


def test_what_a_request_says_about_us(site, make_fetcher):
    site.serve("/a", Reply(headers={"Set-Cookie": "id=1"}))
    fetcher = make_fetcher(site)
    for _ in range(2):
        fetcher.fetch(site.url("/a"), FEED, {"Cookie": "a=b", "Referer": "c", "Authorization": "d"})
    sent = site.requests[-1].headers
    assert sent == {
        "host": f"news.example:{site.port()}",
        "user-agent": "Feedmill-test/1 (+https://feedmill.example)",
        "accept": FEED.accept,
        "accept-encoding": "gzip, deflate, br, zstd",
        "connection": "close",
    }


@pytest.mark.parametrize("coding", COMPRESSORS)
def test_every_coding_that_is_asked_for_is_decoded(site, make_fetcher, coding):
    site.serve("/", Reply(body=COMPRESSORS[coding](BODY), headers={"Content-Encoding": coding}))
    assert make_fetcher(site).fetch(site.url(), PAGE).body == BODY


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        pytest.param(head(200, {"Content-Length": "2"}) + b"abcd", b"ab", id="more than Content-Length"),
        pytest.param(head(200, {"Connection": "close"}) + b"abcd", b"abcd", id="no Content-Length"),
        pytest.param(head(200, {"Content-Length": "x"}) + b"abcd", b"abcd", id="odd Content-Length"),
        pytest.param(head(200, {"Content-Length": "-1"}) + b"abcd", b"abcd", id="negative Content-Length"),
        pytest.param(
            head(200, {"Transfer-Encoding": "chunked"}) + b"2;x=y\r\nab\r\n2\r\ncd\r\n0\r\n\r\n",
            b"abcd",
            id="chunked",
        ),
        pytest.param(
            head(200, {"Transfer-Encoding": "chunked", "Content-Length": "1"}) + b"2\r\nab\r\n0\r\n\r\n",
            b"ab",
            id="chunked with a Content-Length",
        ),
        pytest.param(b"HTTP/1.0 200\r\n\r\nab", b"ab", id="HTTP/1.0 without a phrase"),
        pytest.param(b"HTTP/1.1 200 OK\n\nab", b"ab", id="bare line feeds"),
        pytest.param(
            b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + head(200, {}) + b"ab", b"ab", id="100 Continue first"
        ),
        pytest.param(head(204, {}), b"", id="204"),
        pytest.param(head(200, {"Content-Length": "0"}), b"", id="empty 200"),
        pytest.param(head(200, {"Content-Encoding": "gzip", "Content-Length": "0"}), b"", id="empty gzip"),
        pytest.param(head(200, {"Bad Name": "x", "X": "\x00\xff"}) + b"ab", b"ab", id="odd headers"),
    ],
)
def test_odd_but_readable_responses(site, make_fetcher, wire, body):
    site.serve("/", raw(wire))
    assert make_fetcher(site).fetch(site.url(), PAGE).body == body


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(cut(b"half", promised=100), ConnectionCutError, id="body shorter than Content-Length"),
        pytest.param(raw(), ConnectionCutError, id="nothing"),
        pytest.param(raw(b"HTTP/1.1 2"), ProtocolError, id="cut in the status line"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Le"), ConnectionCutError, id="cut in a header"),
        pytest.param(raw(b"HTTP/1.1 301 X\r\nA: b\r\n"), ConnectionCutError, id="cut before Location"),
        pytest.param(
            raw(head(200, {"Transfer-Encoding": "chunked"}) + b"5\r\nab"),
            ConnectionCutError,
            id="cut in a chunk",
        ),
        pytest.param(
            raw(head(200, {"Transfer-Encoding": "chunked"}) + b"2\r\nab\r\n"),
            ConnectionCutError,
            id="cut at a chunk",
        ),
        pytest.param(
            raw(head(200, {"Transfer-Encoding": "chunked"}) + b"zz\r\nab\r\n"),
            ProtocolError,
            id="no chunk length",
        ),
        pytest.param(
            raw(head(200, {"Transfer-Encoding": "chunked"}) + b"0" * 70_000),
            ProtocolError,
            id="long chunk length",
        ),
        pytest.param(raw(b"SSH-2.0-OpenSSH_9.6\r\n"), ProtocolError, id="not HTTP"),
        pytest.param(raw(b"HTTP/1.1 abc\r\n\r\n"), ProtocolError, id="status is no number"),
        pytest.param(raw(b"HTTP/1.1 99 X\r\n\r\n"), ProtocolError, id="status out of range"),
        pytest.param(raw(b"HTTP/9.9 200 X\r\n\r\n"), ProtocolError, id="another version"),
        pytest.param(raw(b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n"), ProtocolError, id="103 only"),
        pytest.param(
            raw(head(200, {f"X-{n}": "y" for n in range(10_000)})), ProtocolError, id="10,000 headers"
        ),
        pytest.param(raw(head(200, {"X": "y" * 100_000})), ProtocolError, id="100 KB header"),
        pytest.param(
            raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
            ProtocolError,
            id="two Content-Lengths",
        ),
        pytest.param(Reply(status=206, body=b"part"), ProtocolError, id="206 unasked"),
        pytest.param(raw(head(304, {})), ProtocolError, id="304 without a validator"),
        pytest.param(Reply(headers={"Content-Encoding": "lzma"}), ContentCodingError, id="unknown coding"),
        pytest.param(
            Reply(body=b"plain", headers={"Content-Encoding": "gzip"}), ContentCodingError, id="no gzip"
        ),
        pytest.param(
            Reply(body=b"\xff" * 99, headers={"Content-Encoding": "br"}), ContentCodingError, id="no br"
        ),
        pytest.param(
            Reply(body=b"plain", headers={"Content-Encoding": "zstd"}), ContentCodingError, id="no zstd"
        ),
        pytest.param(
            Reply(headers={"Content-Encoding": "gzip,gzip,gzip,gzip,gzip,gzip"}),
            ContentCodingError,
            id="six codings",
        ),
        pytest.param(Reply(content_type="application/pdf"), ContentTypeError, id="PDF"),
        pytest.param(Reply(status=404), NotFoundError, id="404"),
        pytest.param(Reply(status=503), HttpRetryableError, id="503"),
    ],
)
def test_each_failure_is_one_leaf_of_the_error_tree(site, make_fetcher, answer, error):
    site.serve("/", answer)
    with pytest.raises(error) as raised:
        make_fetcher(site).fetch(site.url(), PAGE)
    assert type(raised.value) is error
    assert raised.value.url == site.url()
    assert len(str(raised.value)) < 400 and "\n" not in str(raised.value)


def test_a_refused_body_is_not_read(site, make_fetcher):
    sent = []

    def picture(request):
        yield head(200, {"Content-Type": "image/png", "Content-Length": "100000000"})
        while site.pause(0):
            yield bytes(65_536)
            sent.append(65_536)

    site.serve("/", picture)
    with pytest.raises(ContentTypeError):
        make_fetcher(site).fetch(site.url(), PAGE)
    site.close()
    assert sum(sent) < 10_000_000  # what the kernel buffers on both sides


@pytest.mark.parametrize("name", ["If-None-Match", "If-Modified-Since"])
def test_a_304_has_no_body_where_a_validator_was_sent(site, make_fetcher, name):
    site.serve("/", raw(head(304, {"ETag": '"2"'})))
    page = make_fetcher(site).fetch(site.url(), FEED, {name: "given"})
    assert (page.status, page.body, page.headers["etag"]) == (304, b"", '"2"')
    assert site.requests[0].headers[name.lower()] == "given"


def test_an_etag_goes_back_byte_for_byte(site, make_fetcher):
    site.serve("/", Reply(headers={"ETag": 'W/"\u00e9-\u00ff  x"'}))
    fetcher = make_fetcher(site)
    etag = fetcher.fetch(site.url(), FEED).headers["etag"]
    fetcher.fetch(site.url(), FEED, {"If-None-Match": etag})
    assert site.requests[1].headers["if-none-match"] == 'W/"\u00e9-\u00ff  x"'


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://nowhere.invalid/", DnsError),
        ("http://localhost/", ForbiddenAddressError),
        ("ftp://news.example/", UnsafeUrlError),
    ],
)
def test_urls_that_are_not_requested(site, make_fetcher, url, error):
    site.name("localhost", "127.0.0.9", "::1")
    with pytest.raises(error):
        make_fetcher(site).fetch(url, PAGE)
    assert site.requests == []


def test_a_dead_address_leaves_time_for_the_next(site, make_fetcher):
    site.serve("/", Reply(body=b"here"))
    site.name("two.example", "127.0.0.3", "127.0.0.1")
    fetcher = make_fetcher(site, allow_private_networks=LOOPBACK)
    assert fetcher.fetch(site.url(host="two.example"), PAGE).body == b"here"


def test_no_address_accepts(site, make_fetcher):
    site.name("dead.example", "127.0.0.3")
    with pytest.raises(HostUnreachableError):
        make_fetcher(site, allow_private_networks=LOOPBACK).fetch(site.url(host="dead.example"), PAGE)


def test_concurrent_fetches_do_not_mix(site, make_fetcher):
    together = threading.Barrier(8, timeout=10)

    def echo(request):
        together.wait()
        return Reply(body=request.path.encode() * 1000)

    paths = [f"/{n}" for n in range(32)]
    for path in paths:
        site.serve(path, echo)
    fetcher = make_fetcher(site)
    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda path: fetcher.fetch(site.url(path), PAGE), paths))
    assert [page.body for page in pages] == [path.encode() * 1000 for path in paths]
