from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fetch.contract_gate import *
from tests.site import Reply
from worker.errors import FetchError, HostBusyError, HttpRetryableError
from worker.fetch.client import PAGE
from worker.fetch.gate import RECALL_EVERY_S, LocalGate


class Hand:
    """A clock that is moved by hand; sleeping on it only notes for how long."""

    def __init__(self) -> None:
        self.time_s = 1000.0

    def monotonic(self) -> float:
        return self.time_s


@pytest.fixture
def hand():
    return Hand()


class Local:
    """A local gate on such a clock."""

    def __init__(self) -> None:
        self._hand = Hand()
        self.gate = LocalGate(self._hand)
        self.now = self._hand.monotonic

    def advance(self, seconds):
        self._hand.time_s += seconds


@pytest.fixture
def make_timed():
    return Local


def test_sites_whose_time_has_passed_are_forgotten(hand):
    gate = LocalGate(hand)
    gate.stop("held.example", 3600)
    for n in range(50_000):
        hand.time_s += 0.01
        gate.ask(f"{n}.example", 2, 0)
    assert len(gate._free_at) < 10_000
    with pytest.raises(HostBusyError):
        gate.ask("held.example", 2, 2)


def test_a_stop_that_another_process_kept_holds_soon(hand):
    gate, memory = LocalGate(hand), Remembered()
    gate.remember(memory)
    assert gate.ask("a", 2, 2) == 0
    memory.kept["a"] = 60
    hand.time_s += RECALL_EVERY_S
    with pytest.raises(HostBusyError) as busy:
        gate.ask("a", 2, 2)
    assert (busy.value.wait_s, memory.read) == (60, 2)
    hand.time_s += RECALL_EVERY_S / 2
    assert gate.ask("b", 2, 2) == 0
    assert memory.read == 2, "not with every grant"


def test_threads_get_different_slots(hand):
    gate = LocalGate(hand)
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: gate.ask("a", 1, 1000), range(200)))
    assert sorted(waits) == list(range(200))


class Recording:
    """A gate that grants everything and remembers what it was asked."""

    def __init__(self, site=None) -> None:
        self.site, self.asked, self.stopped = site, [], []

    def ask(self, site, delay_s, max_wait_s):
        self.asked.append((site, delay_s, max_wait_s, len(self.site.requests) if self.site else None))
        return 0.0

    def stop(self, site, seconds):
        self.stopped.append((site, seconds))


def test_the_client_asks_right_before_each_request(site, make_fetcher):
    site.serve("/a", Reply(status=302, headers={"Location": site.url("/b", host="www.blog.example")}))
    site.serve("/b", Reply(status=302, headers={"Location": site.url("/c", host="127.0.0.1")}))
    site.serve("/c", Reply())
    gate = Recording(site)
    make_fetcher(site, gate=gate, host_delay_s=3.0).fetch(site.url("/a", host="www.news.example"), PAGE)
    assert gate.asked == [
        ("www.news.example", 3.0, 2.0, 0),
        ("www.blog.example", 3.0, 5.0, 1),
        ("127.0.0.1", 3.0, 5.0, 2),
    ]


@pytest.mark.parametrize(
    ("host", "known_as"),
    [
        ("a.b.bbc.co.uk", "bbc.co.uk"),
        ("x.blogspot.com", "x.blogspot.com"),
        ("127.1", "127.0.0.1"),
        ("news.example.", "news.example"),
    ],
)
def test_a_site_is_the_registrable_domain_or_else_the_host(site, make_fetcher, host, known_as):
    site.name(host.rstrip("."), "127.0.0.1")
    site.serve("/", Reply())
    gate = Recording()
    make_fetcher(site, gate=gate).fetch(site.url(host=host), PAGE)
    assert gate.asked[0][0] == known_as


def test_a_refused_url_takes_no_slot(site, make_fetcher):
    gate = Recording()
    fetcher = make_fetcher(site, gate=gate)
    for url in ("ftp://news.example/", "http://10.0.0.1/", "http://nowhere.invalid/"):
        with pytest.raises(FetchError, match=url):
            fetcher.fetch(url, PAGE)
    assert gate.asked == []


@pytest.mark.parametrize(
    ("status", "headers", "stopped"),
    [
        (429, {"Retry-After": "120"}, [("news.example", 120)]),
        (503, {"Retry-After": "7"}, [("news.example", 7)]),
        (429, {}, []),
        (429, {"Retry-After": "0"}, []),
        (429, {"Retry-After": "soon"}, []),
        (500, {"Retry-After": "120"}, []),
        (404, {"Retry-After": "120"}, []),
    ],
)
def test_a_throttling_server_stops_its_whole_site(site, make_fetcher, status, headers, stopped):
    site.serve("/", Reply(status=status, headers=headers))
    gate = Recording()
    with pytest.raises(FetchError, match=str(status)):
        make_fetcher(site, gate=gate).fetch(site.url(), PAGE)
    assert gate.stopped == stopped


def test_the_error_carries_the_servers_own_word(site, make_fetcher):
    site.serve("/", Reply(status=429, headers={"Retry-After": "120"}))
    fetcher = make_fetcher(site)
    with pytest.raises(HttpRetryableError) as raised:
        fetcher.fetch(site.url("/"), PAGE)
    assert (raised.value.http_status, raised.value.retry_after_s) == (429, 120)
    with pytest.raises(HostBusyError) as busy:
        fetcher.fetch(site.url("/other"), PAGE)
    assert busy.value.host == "news.example" and 118 < busy.value.wait_s <= 120
    assert len(site.requests) == 1


def test_a_short_wait_is_slept_and_counted(site, make_fetcher):
    site.serve("/", Reply())
    fetcher = make_fetcher(site, host_delay_s=0.1)
    pages = [fetcher.fetch(site.url(), PAGE) for _ in range(3)]
    gaps = [b.at - a.at for a, b in zip(site.requests, site.requests[1:], strict=False)]
    assert all(0.07 < gap < 1 for gap in gaps), gaps
    assert pages[0].wait_ms == 0 and 50 < pages[1].wait_ms <= 100


def test_a_wait_beyond_the_deadline_is_not_slept(site, make_fetcher):
    site.serve("/", Reply())
    fetcher = make_fetcher(site, host_delay_s=1.5, timeout_s=0.5)
    fetcher.fetch(site.url(), PAGE)
    with pytest.raises(HostBusyError):
        fetcher.fetch(site.url(), PAGE)


def test_redirects_within_a_crowded_site_get_through(site, make_fetcher):
    """Rows of one site whose every link redirects: each deferral would cost a request and start over."""
    delay_s = 0.1
    site.serve("/old", Reply(status=301, headers={"Location": "/new"}))
    site.serve("/new", Reply(body=b"here"))
    gate = Scaled(2.0 / delay_s)
    fetcher = make_fetcher(site, gate=gate, host_delay_s=2.0)
    done, first_hops = [], []
    stop = threading.Event()

    def work(_):
        while not stop.is_set() and len(done) < 4:
            try:
                done.append(fetcher.fetch(site.url("/old"), PAGE))
            except HostBusyError:
                first_hops.append(1)
                stop.wait(0.01)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert site.count("/new") >= 4
    assert site.count("/old") - site.count("/new") <= 1


class Scaled:
    """A local gate in which time runs `factor` times faster, so that politeness costs a test little."""

    def __init__(self, factor: float) -> None:
        self._factor = factor
        clock = Hand()
        clock.monotonic = lambda: time.monotonic() * factor
        self._gate = LocalGate(clock)

    def ask(self, site, delay_s, max_wait_s):
        return self._gate.ask(site, delay_s, max_wait_s) / self._factor

    def stop(self, site, seconds):
        self._gate.stop(site, seconds)
