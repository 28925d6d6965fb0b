"""Size: nothing that a server sends costs more than the cap in memory, or than twice the cap in traffic."""

from __future__ import annotations

import gzip
import tracemalloc
from dataclasses import replace

import pytest

from tests.site import Reply
from tests.site.mischief import COMPRESSORS, flood, raw
from tests.site.server import head
from worker.errors import TooLargeError
from worker.fetch.client import PAGE

CAP = 100_000
SMALL = replace(PAGE, max_bytes=CAP)


@pytest.mark.parametrize(
    ("size", "fits"),
    [pytest.param(CAP, True, id="at the cap"), pytest.param(CAP + 1, False, id="one byte over")],
)
@pytest.mark.parametrize("coding", [None, *COMPRESSORS])
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_the_cap_is_on_the_decoded_body(site, make_fetcher, size, fits, coding, framing):
    body = COMPRESSORS[coding](b"a" * size) if coding else b"a" * size
    headers = {"Content-Encoding": coding} if coding else {}
    wire = {
        "length": head(200, headers | {"Content-Length": str(len(body))}) + body,
        "chunked": head(200, headers | {"Transfer-Encoding": "chunked"})
        + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body),
        "close": head(200, headers) + body,
    }[framing]
    site.serve("/", raw(wire))
    fetcher = make_fetcher(site)
    if fits:
        assert len(fetcher.fetch(site.url(), SMALL).body) == size
    else:
        with pytest.raises(TooLargeError):
            fetcher.fetch(site.url(), SMALL)


@pytest.mark.parametrize("coding", COMPRESSORS)
def test_a_bomb_costs_no_memory(site, make_fetcher, coding):
    bomb = COMPRESSORS[coding](bytes(50_000_000))
    site.serve("/", Reply(body=bomb, headers={"Content-Encoding": coding}))
    fetcher = make_fetcher(site)
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError):
            fetcher.fetch(site.url(), SMALL)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3_000_000


def test_a_double_bomb_costs_no_memory(site, make_fetcher):
    bomb = gzip.compress(gzip.compress(bytes(50_000_000)))
    site.serve("/", Reply(body=bomb, headers={"Content-Encoding": "gzip, gzip"}))
    with pytest.raises(TooLargeError):
        make_fetcher(site).fetch(site.url(), SMALL)


def test_a_content_length_over_the_cap_is_not_read(site, make_fetcher):
    site.serve("/", raw(head(200, {"Content-Length": "6000000000"})))
    with pytest.raises(TooLargeError, match="6000000000"):
        make_fetcher(site).fetch(site.url(), SMALL)


@pytest.mark.parametrize(
    ("start", "flow"),
    [
        pytest.param(head(200, {}), b"x" * 65_536, id="body"),
        pytest.param(
            head(200, {"Content-Encoding": "gzip"}), gzip.compress(b"") * 3000, id="empty gzip members"
        ),
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2000, id="100 Continue"),
        pytest.param(
            head(200, {"Transfer-Encoding": "chunked"}),
            (b"1;" + b"x" * 60_000 + b"\r\na\r\n"),
            id="long chunk extensions",
        ),
    ],
)
def test_an_endless_flow_ends_at_the_cap_not_at_the_deadline(site, make_fetcher, start, flow):
    site.serve("/", flood(site, start, flow))
    with pytest.raises(TooLargeError):
        make_fetcher(site, timeout_s=20).fetch(site.url(), SMALL)
