"""robots.txt as the service obeys it: a real client, a real store, a web on loopback."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.site import Reply
from tests.site.mischief import cut, drip, flood, raw, silence
from tests.site.server import head
from worker.clock import Clock
from worker.errors import (
    DnsError,
    ForbiddenAddressError,
    HostBusyError,
    RobotsError,
    RobotsUnavailableError,
)
from worker.fetch.client import PAGE
from worker.fetch.gate import LocalGate
from worker.fetch.robots import ALLOWED_AFTER, ASK_AGAIN_AFTER, FRESH_FOR
from worker.manners import Manners
from worker.store.sqlite import open_sqlite

PRIVATE = "User-agent: *\nDisallow: /private/\n"


class Gate(LocalGate):
    """A local gate that remembers whom it was told to slow down."""

    def __init__(self) -> None:
        super().__init__(Clock())
        self.slowed: list[tuple[str, float]] = []

    def slow(self, site: str, delay_s: float) -> None:
        self.slowed.append((site, delay_s))
        super().slow(site, delay_s)


class Desk:
    """Fetches pages politely. `later` sets the clock forward; `restarted` forgets all but the store."""

    def __init__(self, site, make_fetcher, path, **limits: Any) -> None:
        self.site, self.gate = site, Gate()
        self.fetcher = make_fetcher(site, gate=self.gate, **limits)
        self.store = open_sqlite(path)
        self.restarted()

    def restarted(self, clock: Clock = Clock()) -> None:
        self.manners = Manners(
            self.fetcher, self.gate, self.store.hosts, clock, "Feedmill/1 (+https://x.example)"
        )

    def later(self, by: timedelta) -> None:
        self.manners._clock = Clock(by.total_seconds())

    def fetch(self, path: str = "/a", **where: str) -> bytes:
        return self.fetcher.fetch(self.site.url(path, **where), PAGE, permit=self.manners.permit).body

    def asked(self) -> int:
        return self.site.count("/robots.txt")


@pytest.fixture
def make_desk(site, make_fetcher, tmp_path):
    made: list[Desk] = []

    def make(**limits: Any) -> Desk:
        made.append(Desk(site, make_fetcher, tmp_path / "feedmill.db", **limits))
        return made[-1]

    site.serve("/a", Reply(body=b"page"))
    site.serve("/private/a", Reply(body=b"private"))
    yield make
    for desk in made:
        desk.store.close()


@pytest.fixture
def desk(make_desk) -> Desk:
    return make_desk()


def text(said: str) -> Reply:
    return Reply(body=said.encode(), content_type="text/plain")


def test_a_page_that_is_disallowed_is_not_requested(site, desk):
    site.serve("/robots.txt", text(PRIVATE))
    assert desk.fetch("/a") == b"page"
    with pytest.raises(RobotsError) as refused:
        desk.fetch("/private/a")
    assert (refused.value.reason, refused.value.retryable) == ("robots", False)
    assert refused.value.url == site.url("/private/a")
    assert (site.count("/private/a"), desk.asked()) == (0, 1)


def test_each_hop_is_asked_about_at_its_own_host(site, desk):
    site.serve("/robots.txt", text(PRIVATE), host="b.example")
    site.serve("/out", Reply(status=302, headers={"Location": site.url("/private/a", host="b.example")}))
    with pytest.raises(RobotsError):
        desk.fetch("/out")
    assert (site.count("/out"), site.count("/private/a")) == (1, 0)
    assert site.count("/robots.txt", host="news.example") == site.count("/robots.txt", host="b.example") == 1


@pytest.mark.parametrize(
    ("answer", "may_fetch"),
    [
        pytest.param(Reply(status=404), True, id="404"),
        pytest.param(Reply(status=410), True, id="410"),
        pytest.param(Reply(status=401), True, id="401"),
        pytest.param(Reply(status=403), True, id="403"),
        pytest.param(Reply(status=451), True, id="451"),
        pytest.param(Reply(status=204), True, id="204"),
        pytest.param(text(""), True, id="empty"),
        pytest.param(Reply(body=PRIVATE.encode(), content_type="image/png"), True, id="said to be a picture"),
        pytest.param(Reply(status=429), False, id="429: a throttle, whatever the standard says of 4xx"),
        pytest.param(Reply(status=500), False, id="500"),
        pytest.param(Reply(status=503), False, id="503"),
        pytest.param(Reply(status=999), False, id="999"),
        pytest.param(raw(), False, id="nothing"),
        pytest.param(raw(b"SSH-2.0-OpenSSH_9.6\r\n"), False, id="not HTTP"),
        pytest.param(cut(PRIVATE.encode(), promised=1000), False, id="half"),
        pytest.param(Reply(headers={"Content-Encoding": "lzma"}), True, id="unreadable"),
        pytest.param(Reply(body=b"\xff" * 99, headers={"Content-Encoding": "gzip"}), True, id="damaged"),
        pytest.param(Reply(status=302, headers={"Location": "/robots.txt"}), True, id="a loop"),
        pytest.param(Reply(status=302), True, id="no Location"),
        pytest.param(Reply(status=302, headers={"Location": "http://10.0.0.1/"}), True, id="to a private address"),
        pytest.param(Reply(status=302, headers={"Location": "file:///etc/passwd"}), True, id="to a file"),
        pytest.param(Reply(body=b"\x00\xff\x89PNG" * 10_000), True, id="binary"),
    ],
)  # fmt: skip
def test_what_an_answer_means(site, desk, answer, may_fetch):
    site.serve("/robots.txt", answer)
    if may_fetch:
        assert desk.fetch() == b"page"
    for _ in range(2):
        if not may_fetch:
            with pytest.raises(RobotsUnavailableError) as refused:
                desk.fetch()
            assert (refused.value.reason, refused.value.retryable) == ("robots_unavailable", True)
    assert desk.asked() == 1, "and it is remembered"


@pytest.mark.parametrize(("hops", "is_read"), [(5, True), (6, False)])
def test_five_redirects_are_followed(site, desk, hops, is_read):
    places = ["/robots.txt", *(f"/robots-{n}" for n in range(hops))]
    for place, following in zip(places, places[1:], strict=False):
        location = site.url(following, host=f"h{len(following)}.example")
        site.serve(place, Reply(status=301, headers={"Location": location}))
    site.serve(places[-1], text(PRIVATE))
    if is_read:
        with pytest.raises(RobotsError):
            desk.fetch("/private/a")
    else:
        assert desk.fetch("/private/a") == b"private"


@pytest.mark.parametrize("length", [{"Content-Length": "10000000"}, {}], ids=["said", "not said"])
def test_of_ten_megabytes_the_first_500_kb_count(site, desk, length):
    line = b"# nothing of interest here\n"
    body = PRIVATE.encode() + line * (10_000_000 // len(line))
    site.serve("/robots.txt", raw(head(200, {**length, "Content-Type": "text/plain"}) + body))
    assert desk.fetch("/a") == b"page"
    with pytest.raises(RobotsError):
        desk.fetch("/private/a")
    assert len(desk.store.hosts.robots(site.url("")).text) <= 512_000


@pytest.mark.slow
@pytest.mark.parametrize("mischief", ["hangs", "drips", "never ends"])
def test_one_that_does_not_end(site, make_desk, mischief):
    start = head(200, {"Content-Type": "text/plain"})
    answers = {
        "hangs": silence(site),
        "drips": drip(site, start, b"#", every_s=0.05),
        "never ends": flood(site, start, b"# and so on\n" * 1000),
    }
    site.serve("/robots.txt", answers[mischief])
    desk = make_desk(timeout_s=1.0)
    if mischief == "never ends":
        assert desk.fetch() == b"page"
    else:
        with pytest.raises(RobotsUnavailableError):
            desk.fetch()
    assert desk.asked() == 1


def test_a_host_that_cannot_be_reached_fails_by_its_own_reason(site, desk):
    with pytest.raises(DnsError):
        desk.fetch(host="nowhere.invalid")
    site.name("inside.example", "10.0.0.1")
    with pytest.raises(ForbiddenAddressError):
        desk.fetch(host="inside.example")
    assert site.requests == []


def test_one_thread_asks_and_the_others_come_back_later(site, desk):
    asked, answer = threading.Event(), threading.Event()

    def slowly(_):
        asked.set()
        answer.wait(10)
        return text(PRIVATE)

    site.serve("/robots.txt", slowly)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(desk.fetch)
        assert asked.wait(10)
        others = [pool.submit(desk.fetch) for _ in range(7)]
        for each in others:
            busy = each.exception(10)
            assert isinstance(busy, HostBusyError) and busy.wait_s <= 2
        answer.set()
        assert first.result(10) == b"page"
        assert [each.result(10) for each in [pool.submit(desk.fetch) for _ in range(8)]] == [b"page"] * 8
    assert desk.asked() == 1


def test_another_host_is_asked_meanwhile(site, desk):
    asked, answer = threading.Event(), threading.Event()

    def slowly(_):
        asked.set()
        answer.wait(10)
        return text("")

    site.serve("/robots.txt", slowly, host="slow.example")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(desk.fetch, host="slow.example")
        assert asked.wait(10)
        assert desk.fetch(host="quick.example") == b"page"
        answer.set()
        assert first.result(10) == b"page"


def test_it_is_asked_once_a_day_restarts_or_not(site, desk):
    site.serve("/robots.txt", text(PRIVATE))
    for _ in range(2):
        desk.fetch()
        desk.restarted()
        desk.fetch()
    desk.later(FRESH_FOR - timedelta(minutes=1))
    desk.fetch()
    assert desk.asked() == 1
    desk.later(FRESH_FOR + timedelta(minutes=1))
    site.serve("/robots.txt", text("User-agent: *\nDisallow: /a"))
    with pytest.raises(RobotsError):
        desk.fetch()
    assert desk.asked() == 2


def test_a_file_that_fails_is_asked_for_again_and_what_was_read_holds(site, desk):
    site.serve("/robots.txt", text(PRIVATE))
    desk.fetch()
    site.serve("/robots.txt", Reply(status=503))
    desk.later(2 * FRESH_FOR)
    for _ in range(2):
        assert desk.fetch("/a") == b"page"
        with pytest.raises(RobotsError):
            desk.fetch("/private/a")
    assert desk.asked() == 2
    record = desk.store.hosts.robots(site.url(""))
    assert record.failing_since is not None and record.text == PRIVATE


def test_a_file_that_was_never_read_allows_everything_after_a_month(site, desk):
    site.serve("/robots.txt", Reply(status=500))
    for after, asked in ((timedelta(0), 1), (ASK_AGAIN_AFTER / 2, 1), (ASK_AGAIN_AFTER * 1.1, 2)):
        desk.later(after)
        with pytest.raises(RobotsUnavailableError):
            desk.fetch()
        assert desk.asked() == asked
    desk.later(ALLOWED_AFTER + ASK_AGAIN_AFTER)
    assert desk.fetch() == b"page"
    assert desk.asked() == 3


def test_crawl_delay_slows_the_whole_site_down(site, desk):
    site.serve("/robots.txt", text("User-agent: *\nCrawl-delay: 7\n"), host="www.bbc.co.uk")
    site.name("www.bbc.co.uk", "127.0.0.1")
    site.name("bbc.co.uk", "127.0.0.1")
    assert desk.fetch(host="www.bbc.co.uk") == b"page"
    assert desk.gate.slowed == [("bbc.co.uk", 7.0)]
    with pytest.raises(HostBusyError) as busy:
        desk.fetcher.fetch(site.url("/a", host="bbc.co.uk"), PAGE)
    assert 6 < busy.value.wait_s <= 7


def test_a_throttled_robots_stops_the_host(site, desk):
    site.serve("/robots.txt", Reply(status=429, headers={"Retry-After": "60"}))
    with pytest.raises(RobotsUnavailableError):
        desk.fetch()
    with pytest.raises(HostBusyError):
        desk.fetcher.fetch(site.url("/a"), PAGE)


def test_memory_is_bounded(site, desk, monkeypatch):
    monkeypatch.setattr("worker.manners._MOST_TEXT", 5_000)
    for n in range(20):
        desk.fetch(host=f"h{n}.example")
    assert len(desk.manners._known) <= 5 and desk.manners._size <= 5_000
    desk.fetch(host="h0.example")
    assert site.count("/robots.txt", host="h0.example") == 1, "it is read from the store"
