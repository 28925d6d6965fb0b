"""A server that is away, starting, overloaded, or not Elasticsearch at all: one clear line, and when to wait."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.fakes import ManualClock
from tests.servers.looking import free_port
from tests.store.builders import NOW, A, entry, feed, rejected
from worker.errors import StoreError, StoreUnavailableError
from worker.models import Claim, Wait
from worker.store.elasticsearch import open_elasticsearch
from worker.store.elasticsearch.cluster import PAUSES_S

CLAIM = Claim(entry_id="entry-1", token="t", generation=1)


class FakeServer:
    """Answers each request with the next of `replies` (the last one for ever): a status and an error's type."""

    def __init__(self) -> None:
        self.replies: list[tuple[int, str | None]] = []
        self.requests = 0
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                status, kind = fake.replies[min(fake.requests, len(fake.replies) - 1)]
                fake.requests += 1
                cause = {"type": kind, "reason": "as the test says"}
                body = json.dumps({"error": {"root_cause": [cause], **cause}} if kind else DONE).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("X-Elastic-Product", "Elasticsearch")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_PUT = do_POST

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


DONE = {"errors": False, "items": [{"update": {"_id": "entry-1", "status": 200, "result": "updated"}}]}


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with closing(FakeServer()) as server:
        yield server


def defer(url: str, clock: ManualClock) -> bool:
    with closing(open_elasticsearch(url, clock=clock)) as store:
        return store.entries.defer(CLAIM, due_at=NOW, wait=Wait.SLOT, attempts=0, reason=None)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_overloaded_server_is_asked_again_after_growing_pauses(server: FakeServer, status: int) -> None:
    clock = ManualClock()
    server.replies = [(status, "circuit_breaking_exception")] * 2 + [(200, None)]
    assert defer(server.url, clock)
    assert clock.slept == list(PAUSES_S[:2])


def test_one_that_stays_overloaded_is_left_to_the_caller(server: FakeServer) -> None:
    clock = ManualClock()
    server.replies = [(503, "cluster_not_ready")]
    with pytest.raises(StoreUnavailableError, match="overloaded or starting: cluster_not_ready: as the test"):
        defer(server.url, clock)
    assert clock.slept == list(PAUSES_S)
    assert server.requests == 1 + len(PAUSES_S)


@pytest.mark.parametrize(
    ("reply", "error", "line"),
    [
        ((401, "security_exception"), StoreError, "refused our credentials"),
        ((403, "security_exception"), StoreError, "refused our credentials"),
        ((403, "cluster_block_exception"), StoreUnavailableError, "an index is blocked"),
        ((400, "illegal_argument_exception"), StoreError, "illegal_argument_exception: as the test says"),
        ((404, "index_not_found_exception"), StoreError, "run `feedmill setup`"),
    ],
    ids=["401", "403", "blocked", "400", "404"],
)
def test_what_waiting_cannot_help_is_said_at_once(server: FakeServer, reply, error, line: str) -> None:
    clock = ManualClock()
    server.replies = [reply]
    with pytest.raises(error, match=line):
        defer(server.url, clock)
    assert clock.slept == []


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.setup(),
        lambda store: store.feeds.add([feed()]),
        lambda store: store.feeds.claim_due(NOW, 10, 900),
        lambda store: store.entries.admit(A, [entry()], NOW),
        lambda store: store.entries.due(NOW, 10, 10),
        lambda store: store.entries.claim(["entry-1"], NOW, 900),
        lambda store: store.settle([rejected(CLAIM)], NOW),
        lambda store: store.articles.count(),
    ],
    ids=["setup", "add", "claim_due", "admit", "due", "claim", "settle", "count"],
)
def test_a_lost_server(call) -> None:
    with closing(
        open_elasticsearch(f"http://user:secret@127.0.0.1:{free_port()}", clock=ManualClock())
    ) as store:
        with pytest.raises(StoreUnavailableError, match="cannot be reached") as raised:
            call(store)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "options", "line"),
    [
        ("nonsense", {}, "nonsense: "),
        ("https://es:9200", {"ca_file": Path("/nowhere/ca.pem")}, "/nowhere/ca.pem: no such file"),
        ("http://u:secret@es:9200", {"ca_file": Path(__file__)}, "http://es:9200: "),
    ],
    ids=["no url", "no ca file", "a ca file for http"],
)
def test_options_that_make_no_store(url: str, options: dict, line: str) -> None:
    with pytest.raises(StoreError, match=line) as raised:
        open_elasticsearch(url, **options)
    assert "secret" not in str(raised.value)
