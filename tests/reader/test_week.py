"""A simulated week of our polls, through the real dispatch, client, gate and store, before the scorekeeper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tests.fakes import ManualClock
from tests.reader.papers import Answer, Papers, ever_new_etag, publishing, throttling, without
from tests.reader.scorekeeper import DAY_S, WEEK_S, lost_marks
from tests.site import Site
from worker import dispatch
from worker.backlog import Backlog
from worker.broker.roll import Load
from worker.clock import Clock
from worker.mill import Mill, open_mill, open_store
from worker.models import FeedState
from worker.ops import preview, subscriptions
from worker.poll import poll_feed
from worker.settings import Settings, read_settings
from worker.store.outage import Outage

HOUR_S = 3600.0
HERE: Any = SimpleNamespace(run=lambda function, *args, **named: function(*args, **named), close=lambda: None)
ROOMY = Backlog(lambda queues: dict.fromkeys(queues, 0), lambda: [Load("w", 4, ("poll",), {})])

PAPERS: dict[str, Answer] = {
    "two-hourly": publishing(2 * HOUR_S),
    "minutely": publishing(60),
    "weekly": publishing(WEEK_S),
    "fresh for three hours": publishing(HOUR_S, **{"Cache-Control": "public, max-age=10800"}),
    "no validators": without(publishing(HOUR_S), "ETag", "Last-Modified"),
    "ETag only": without(publishing(HOUR_S), "Last-Modified"),
    "odd validators": publishing(WEEK_S, ETag='W/"a b;ü"', **{"Last-Modified": "Yesterday, 25:00"}),
    "a new ETag each time": ever_new_etag(publishing(6 * HOUR_S)),
    "sets cookies": publishing(3 * HOUR_S, **{"Set-Cookie": "who=reader-7; Max-Age=99999"}),
    "429 in seconds": throttling(publishing(HOUR_S), 429, 3 * HOUR_S, as_date=False),
    "503 until a date": throttling(publishing(HOUR_S), 503, 2 * HOUR_S, as_date=True),
}


@pytest.fixture
def settings(tmp_path) -> Settings:
    made = read_settings(
        store_url=f"sqlite:///{tmp_path}/feedmill.db",
        allow_private_networks="127.0.0.0/8",
        allow_ports="any",
        extract_processes=1,
    )
    store = open_store(made)
    store.setup()
    store.close()
    return made


@pytest.fixture
def papers(site: Site) -> Papers:
    return Papers(site, ManualClock())


@pytest.fixture
def start(settings: Settings, papers: Papers) -> Callable[[], Any]:
    """Start our service on the simulated clock, once more each time: `with start() as mill`."""

    @contextmanager
    def start() -> Iterator[Mill]:
        mill = open_mill(settings, papers.clock, papers.site.resolve, outage=Outage(Clock()))  # type: ignore[arg-type]
        mill.pool.close()
        mill = replace(mill, pool=HERE)
        try:
            yield mill
        finally:
            mill.close()

    return start


def add(mill: Mill, url: str) -> None:
    """Follow a feed as `feedmill feeds add` does."""
    checked = preview.check_url(url, mill.fetcher, mill.pool, mill.clock)
    assert checked.feed
    feed = subscriptions.new_feed(url, mill.clock.now(), mill.settings.poll_interval_s)
    mill.store.feeds.add([feed])
    subscriptions.take_first_listing(mill.store, feed, checked.page, checked.feed, mill.settings, mill.clock)


def run(mill: Mill, clock: ManualClock, until_s: float) -> None:
    """Let beat tick until then; ticks at which nothing is due are skipped."""
    while clock.seconds < until_s:
        dispatch.dispatch_feeds(mill, ROOMY, lambda feed: poll_feed(mill, feed.feed_id))
        due = min(feed.next_poll_at for feed in mill.store.feeds.all() if feed.state is FeedState.ACTIVE)
        wait_s = (due - clock.now()).total_seconds()
        clock.seconds += max(1.0, -(-wait_s // dispatch.FEED_TICK_S)) * dispatch.FEED_TICK_S
        clock.fraction = clock.seconds * 0.618 % 1


@pytest.mark.slow
def test_a_week_of_polls_gets_full_marks(papers, start):
    hosts = {name: f"{name.replace(' ', '-').lower()}.example" for name in PAPERS}
    urls = {name: papers.serve(hosts[name], "/feed.xml", answer) for name, answer in PAPERS.items()}
    sport = papers.serve(hosts["429 in seconds"], "/sport.xml", publishing(HOUR_S))
    with start() as mill:
        for url in (*urls.values(), sport):
            add(mill, url)
            papers.clock.seconds += 1
        run(mill, papers.clock, 2 * DAY_S)
    for days in (2.1, 4, 7):
        with start() as mill:
            run(mill, papers.clock, days * DAY_S)
    logs = {name: papers.log(hosts[name], "/feed.xml") for name in PAPERS}
    assert {name: lost for name, log in logs.items() if (lost := lost_marks(log))} == {}
    assert all(7 <= len(log.visits) for log in logs.values()), {n: len(log.visits) for n, log in logs.items()}
    assert any(visit.reply.status == 429 for visit in logs["429 in seconds"].visits)
    assert any(visit.reply.status == 503 for visit in logs["503 until a date"].visits)
    asked = {(visit.request.host, visit.request.path) for visit in papers.visits}
    assert len(papers.site.requests) == len(papers.visits), "nothing but feeds was asked for"
    assert len(asked) == len(PAPERS) + 1


def test_a_restart_asks_nobody_before_their_time(papers, start):
    url = papers.serve("daily.example", "/feed.xml", publishing(DAY_S))
    with start() as mill:
        add(mill, url)
    for _ in range(5):
        papers.clock.seconds += 20
        with start() as mill:
            dispatch.dispatch_feeds(mill, ROOMY, lambda feed: poll_feed(mill, feed.feed_id))
    assert len(papers.visits) == 1
