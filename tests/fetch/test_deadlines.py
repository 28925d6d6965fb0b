"""Time: whatever a server does, a fetch ends within a second of its deadline, and no other is held up."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from ipaddress import ip_network

import pytest

from tests.site import Reply
from tests.site.mischief import drip, silence
from tests.site.server import head
from worker.errors import DnsError, FetchTimeoutError, HostUnreachableError
from worker.fetch.client import PAGE

DEADLINE_S = 0.3
CHUNKED = {"Transfer-Encoding": "chunked"}
GZIPPED = {"Content-Encoding": "gzip"}

SLOW = {
    "silence": silence,
    "body": lambda site: drip(site, head(200, {}), b"x"),
    "body of known length": lambda site: drip(site, head(200, {"Content-Length": "99999"}), b"x"),
    "chunks": lambda site: drip(site, head(200, CHUNKED), b"1\r\nx\r\n"),
    "chunk length": lambda site: drip(site, head(200, CHUNKED), b"0"),
    "trailers": lambda site: drip(site, head(200, CHUNKED) + b"0\r\n", b"X: y\r\n"),
    "gzip": lambda site: drip(site, head(200, GZIPPED) + gzip.compress(b"")[:10], b"\x00\x00\x00\xff\xff"),
    "gzip members": lambda site: drip(site, head(200, GZIPPED), gzip.compress(b"")),
    "headers": lambda site: drip(site, b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", every_s=0.05),
    "one header": lambda site: drip(site, b"HTTP/1.1 200 OK\r\nX: ", b"y"),
    "headers of a redirect": lambda site: drip(site, b"HTTP/1.1 302 Found\r\nX: ", b"y"),
    "headers of a 404": lambda site: drip(site, b"HTTP/1.1 404 Not Found\r\nX: ", b"y"),
    "status line": lambda site: drip(site, b"HTTP/1.1 200 ", b"O"),
    "100 Continue": lambda site: drip(site, b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


def elapsed(fetch, error):
    started = time.monotonic()
    with pytest.raises(error):
        fetch()
    return time.monotonic() - started


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_drip_is_cut_at_the_deadline_while_others_go_on(tls_site, make_fetcher, scheme):
    for name, slow in SLOW.items():
        tls_site.serve(f"/{name.replace(' ', '-')}", slow(tls_site))
    tls_site.serve("/good", Reply(body=b"good"))
    fetcher = make_fetcher(tls_site, timeout_s=DEADLINE_S)
    good = make_fetcher(tls_site)
    urls = [tls_site.url(f"/{name.replace(' ', '-')}", scheme=scheme) for name in SLOW]

    with ThreadPoolExecutor(len(SLOW)) as pool:
        running = [
            pool.submit(elapsed, lambda u=url: fetcher.fetch(u, PAGE), FetchTimeoutError) for url in urls
        ]
        answered = 0
        while not all(future.done() for future in running):
            answered += good.fetch(tls_site.url("/good", scheme=scheme), PAGE).body == b"good"
        times = dict(zip(SLOW, (future.result() for future in running), strict=True))
    assert answered > 1
    assert all(DEADLINE_S * 0.9 <= took < DEADLINE_S + 1 for took in times.values()), times


def test_a_stalled_tls_handshake_is_cut(make_fetcher, site):
    with socket.create_server(("127.0.0.1", 0)) as listener:  # connects in the kernel, says nothing
        url = f"https://news.example:{listener.getsockname()[1]}/"
        fetcher = make_fetcher(site, timeout_s=DEADLINE_S)
        assert elapsed(lambda: fetcher.fetch(url, PAGE), FetchTimeoutError) < DEADLINE_S + 1


def test_a_server_that_never_accepts_is_given_up(make_fetcher, site):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        with closing(socket.create_connection(address)):  # fills the queue: further SYNs are dropped
            fetcher = make_fetcher(site, connect_timeout_s=DEADLINE_S)
            url = f"http://news.example:{address[1]}/"
            assert elapsed(lambda: fetcher.fetch(url, PAGE), HostUnreachableError) < DEADLINE_S + 1


def test_an_address_that_never_answers_leaves_time_for_the_next(site, make_fetcher):
    site.serve("/", Reply(body=b"here"))
    site.name("two.example", "127.0.0.3", "127.0.0.1")
    with (
        socket.create_server(("127.0.0.3", site.port()), backlog=0) as listener,
        closing(socket.create_connection(listener.getsockname())),
    ):
        fetcher = make_fetcher(
            site, connect_timeout_s=DEADLINE_S, allow_private_networks=(ip_network("127.0.0.0/8"),)
        )
        started = time.monotonic()
        assert fetcher.fetch(site.url(host="two.example"), PAGE).body == b"here"
        assert time.monotonic() - started < DEADLINE_S * 0.9  # the first had half of it


@pytest.mark.parametrize("limit", ["timeout_s", "connect_timeout_s"])
def test_a_hanging_name_lookup_is_left_behind(make_fetcher, site, limit):
    hang = threading.Event()

    def resolver(host):
        hang.wait(30)
        return ()

    fetcher = make_fetcher(site, resolver=resolver, **{limit: DEADLINE_S})
    assert elapsed(lambda: fetcher.fetch(site.url(), PAGE), DnsError) < DEADLINE_S + 1
    hang.set()


def test_the_deadline_covers_all_hops_together(site, make_fetcher):
    def slow_hop(request):
        site.pause(0.1)
        return Reply(status=302, headers={"Location": f"/{int(request.path[1:]) + 1}"})

    for hop in range(9):
        site.serve(f"/{hop}", slow_hop)
    fetcher = make_fetcher(site, timeout_s=DEADLINE_S)
    assert elapsed(lambda: fetcher.fetch(site.url("/0"), PAGE), FetchTimeoutError) < DEADLINE_S + 1
    assert 2 <= len(site.requests) <= 4


def test_a_fetch_that_ends_in_time_is_not_cut(site, make_fetcher):
    def slow(request):
        yield head(200, {})
        for _ in range(5):
            site.pause(0.05)
            yield b"x"

    site.serve("/", slow)
    assert make_fetcher(site, timeout_s=5).fetch(site.url(), PAGE).body == b"xxxxx"
