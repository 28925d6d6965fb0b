"""A thousand feeds on fifty hosts, some slow, some failing, through the real dispatch and gate, in real time."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.newsroom import Item, rss
from tests.reader.test_week import HERE
from tests.site import Reply, Request, Site
from worker import dispatch
from worker.backlog import Backlog
from worker.broker.roll import Load
from worker.clock import Clock
from worker.fetch.gate import LocalGate
from worker.mill import Mill, open_mill, open_store
from worker.models import Feed
from worker.ops.subscriptions import new_feed
from worker.poll import poll_feed
from worker.settings import read_settings
from worker.store.outage import Outage

HOSTS = [f"127.0.0.{number}" for number in range(2, 52)]
SLOW, FAILING, HANGING_UP = HOSTS[:5], HOSTS[5:8], HOSTS[8:10]
HEALTHY, BIG = HOSTS[10:49], HOSTS[49]
FEEDS = dict.fromkeys(HOSTS, 19) | {BIG: 69}
"""A thousand in all. The big host's are due first: it would take every thread if it could."""
THREADS = 16
DELAY_S = 0.2
"""A tenth of the default. The big host's gate is busy for 14 s then, a thread may sleep for two."""
LATE_S = 60.0

pytestmark = [pytest.mark.slow, pytest.mark.alone]


class WitnessedGate(LocalGate):
    """The real gate, and when it let requests start."""

    def __init__(self) -> None:
        super().__init__(Clock())
        self.starts: defaultdict[str, list[float]] = defaultdict(list)
        self._noting = threading.Lock()

    def ask(self, site: str, delay_s: float, max_wait_s: float) -> float:
        with self._noting:
            now = time.monotonic()
            wait_s = super().ask(site, delay_s, max_wait_s)
            self.starts[site].append(now + wait_s)
            return wait_s


@dataclass
class Crew:
    """Threads that poll what dispatch sends, as the worker's do; `held` is what they have not ended."""

    mill: Mill
    held: int = 0
    taken: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self, is_done: Callable[[], bool]) -> None:
        ends = time.monotonic() + LATE_S
        backlog = Backlog(
            lambda queues: dict.fromkeys(queues, 0),
            lambda: [Load("w", THREADS, ("poll",), {"poll": self.held})],
        )
        with ThreadPoolExecutor(THREADS) as threads:
            while not is_done():
                assert time.monotonic() < ends, f"not done after {LATE_S} s"
                dispatch.dispatch_feeds(self.mill, backlog, lambda feed: self._take(threads, feed))
                time.sleep(0.02)

    def _take(self, threads: ThreadPoolExecutor, feed: Feed) -> None:
        with self._lock:
            self.held += 1
            self.taken[feed.domain] += 1
        threads.submit(self._poll, feed)

    def _poll(self, feed: Feed) -> None:
        try:
            poll_feed(self.mill, feed.feed_id)
        finally:
            with self._lock:
                self.held -= 1


@pytest.fixture
def web() -> Iterator[Site]:
    with closing(Site(addresses=HOSTS)) as site:
        for host, feeds in FEEDS.items():
            for number in range(feeds):
                site.serve(f"/{number}.xml", answer_of(site, host, number), host)
        yield site


def answer_of(site: Site, host: str, number: int) -> Any:
    feed = rss([Item(site.url(f"/{number}/{n}", host), f"Story {n}") for n in range(3)])

    def slow(request: Request) -> Reply:
        site.pause(0.8)
        return feed

    if host in SLOW:
        return slow
    if host in FAILING:
        return Reply(status=(500, 404, 403)[FAILING.index(host)])
    return (lambda request: [b""]) if host in HANGING_UP else feed


@pytest.fixture
def mill(web: Site, tmp_path) -> Iterator[tuple[Mill, WitnessedGate]]:
    settings = read_settings(
        store_url=f"sqlite:///{tmp_path}/feedmill.db",
        allow_private_networks="127.0.0.0/8",
        allow_ports="any",
        host_delay_s=DELAY_S,
        fetch_threads=THREADS,
        extract_processes=1,
    )
    with closing(open_store(settings)) as store:
        store.setup()
    gate = WitnessedGate()
    opened = open_mill(settings, Clock(), web.resolve, outage=Outage(Clock()), gate=gate)
    opened.pool.close()
    with closing(replace(opened, pool=HERE)) as mill:
        yield mill, gate


def test_every_host_is_asked_as_often_as_it_may_be_and_no_oftener(web, mill):
    opened, gate = mill
    now = opened.clock.now()
    opened.store.feeds.add(
        new_feed(web.url(f"/{number}.xml", host), now - timedelta(seconds=host == BIG), 1800)
        for host, feeds in FEEDS.items()
        for number in range(feeds)
    )
    started = time.monotonic()
    crew = Crew(opened)
    crew.work(lambda: len({(r.host, r.path) for r in web.requests}) == sum(FEEDS.values()))
    took_s = time.monotonic() - started

    for host, starts in gate.starts.items():
        closest = min(other - one for one, other in pairwise(starts))
        assert closest >= 0.95 * DELAY_S, f"{host}: two requests within {closest:.3f} s"
    asked = Counter(request.host for request in web.requests)
    assert asked == {host: len(gate.starts[host]) for host in HOSTS}, "only what the gate granted was sent"
    assert asked == FEEDS, "each feed once: a deferral costs no request"
    assert crew.taken[BIG] > FEEDS[BIG], "the test is too easy: no poll was ever deferred"

    first = max(gate.starts[host][0] - started for host in HEALTHY)
    done = sorted(gate.starts[host][-1] - started for host in HEALTHY)
    print(f"{sum(FEEDS.values())} feeds in {took_s:.1f} s; healthy hosts begun by {first:.1f} s, done after"
          f" {done[0]:.1f}-{done[-1]:.1f} s; {crew.taken.total() - sum(FEEDS.values())} deferrals")  # fmt: skip
    assert done[-1] < gate.starts[BIG][-1] - started, "the hosts that are well wait for the crowded one"
    parsed = {feed.url for feed in opened.store.feeds.all() if feed.last_outcome == "parsed"}
    assert {url.split("/")[2].partition(":")[0] for url in parsed} == {*HEALTHY, *SLOW, BIG}
