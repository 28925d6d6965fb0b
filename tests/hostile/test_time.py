"""Time: each slow server is cut within a second of the deadline, while other fetches go on."""

from __future__ import annotations

import gzip
import socket
from contextlib import closing

import pytest

from tests.hostile.desk import HEALTHY
from tests.newsroom import body_of, page
from tests.site.mischief import drip, silence
from tests.site.server import head

DEADLINE_S = 0.9
SETTINGS = {"fetch_timeout_s": DEADLINE_S, "connect_timeout_s": DEADLINE_S, "host_delay_s": 0}

CHUNKED = {"Transfer-Encoding": "chunked"}
GZIPPED = {"Content-Encoding": "gzip"}
SLOW = {
    "silence": silence,
    "body": lambda site: drip(site, head(200, {}), b"x"),
    "body of known length": lambda site: drip(site, head(200, {"Content-Length": "99999"}), b"x"),
    "chunks": lambda site: drip(site, head(200, CHUNKED), b"1\r\nx\r\n"),
    "gzip": lambda site: drip(site, head(200, GZIPPED) + gzip.compress(b"")[:10], b"\x00\x00\x00\xff\xff"),
    "gzip members": lambda site: drip(site, head(200, GZIPPED), gzip.compress(b"")),
    "headers": lambda site: drip(site, b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", every_s=0.05),
    "one header": lambda site: drip(site, b"HTTP/1.1 200 OK\r\nX: ", b"y"),
    "headers of a redirect": lambda site: drip(site, b"HTTP/1.1 302 Found\r\nX: ", b"y"),
    "status line": lambda site: drip(site, b"HTTP/1.1 200 ", b"O"),
}
TIMEOUT = ("retry", "timeout")
ROWS = {
    **{f"{name}, by {scheme}": TIMEOUT for name in SLOW for scheme in ("http", "https")},
    "a server that accepts and is silent": TIMEOUT,
    "a TLS handshake that stalls": TIMEOUT,
    "a name that hangs": ("retry", "dns"),
}
OTHERS = [f"other {n}" for n in range(12)]


@pytest.fixture(scope="module")
def ended(desk, web):
    for name, slow in SLOW.items():
        web.serve(f"/{name.replace(' ', '-')}", slow(web))
    for name in OTHERS:
        web.serve(f"/{name.replace(' ', '-')}", page(f"News of {name}", body_of(name.title(), "canal plan")))
    links = {
        f"{name}, by {scheme}": web.url(f"/{name.replace(' ', '-')}", scheme=scheme)
        for name in SLOW
        for scheme in ("http", "https")
    }
    with socket.create_server(("127.0.0.1", 0)) as mute:  # the kernel connects, nobody speaks
        port = mute.getsockname()[1]
        links["a server that accepts and is silent"] = f"http://news.example:{port}/a"
        links["a TLS handshake that stalls"] = f"https://news.example:{port}/b"
        links["a name that hangs"] = "http://hangs.example/a"
        web.stall("hangs.example")
        links |= {name: web.url(f"/{name.replace(' ', '-')}") for name in OTHERS}
        with closing(web):
            return desk.listed(links, threads=len(ROWS) + 2)


@pytest.mark.parametrize("name", ROWS)
def test_each_slow_server_is_cut_at_the_deadline(ended, name):
    cut = ended[name]
    assert cut.verdict == ROWS[name]
    assert cut.attempts == 1
    assert DEADLINE_S * 0.9 <= cut.seconds < DEADLINE_S + 1


@pytest.mark.parametrize("name", [HEALTHY, *OTHERS])
def test_other_fetches_go_on(ended, name):
    assert ended[name].verdict == ("indexed", None)
    assert ended[name].fetch_ms < DEADLINE_S * 1000
