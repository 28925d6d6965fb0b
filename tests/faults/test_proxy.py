"""The wire that can be cut is tried on a server that remembers what it was asked."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from tests.faults.proxy import Proxy, Wire, proxy
from tests.site import Reply, Site


@pytest.fixture
def server() -> Iterator[Site]:
    with closing(Site()) as site:
        site.serve("/write", Reply(body=b"written"))
        yield site


@pytest.fixture
def wire(server: Site) -> Iterator[Proxy]:
    with proxy(f"http://127.0.0.1:{server.port()}") as made:
        yield made


def ask(wire: Proxy, method: str = "GET") -> bytes:
    connection = http.client.HTTPConnection(urlsplit(wire.url).netloc, timeout=5)
    with closing(connection):
        connection.request(method, "/write")
        return connection.getresponse().read()


def test_a_whole_wire_passes_everything(wire, server):
    assert ask(wire) == b"written"
    assert wire.lost == []


def test_a_lost_reply_is_lost_after_the_request_was_done(wire, server):
    wire.wire = Wire.NO_REPLIES
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        ask(wire)
    assert server.count("/write") == 1
    assert wire.lost == ["GET /write HTTP/1.1"]


def test_words_of_writes_alone_may_be_lost(wire, server):
    wire.wire = Wire.NO_WORD_OF_WRITES
    assert ask(wire) == b"written"
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        ask(wire, "PUT")
    assert wire.lost == ["PUT /write HTTP/1.1"]


def test_a_cut_wire_passes_nothing_and_can_be_mended(wire, server):
    wire.wire = Wire.CUT
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        ask(wire)
    assert server.count("/write") == 0
    wire.wire = Wire.WHOLE
    assert ask(wire) == b"written"
