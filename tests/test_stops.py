"""What a site's pause holds up, and what it survives: a real client, gate and store, a clock moved by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any

import pytest

from tests.fakes import START, ManualClock
from tests.newsroom import Item, rss
from tests.reader.test_week import HERE
from tests.site import Reply, Site
from worker.clock import Clock
from worker.errors import HostBusyError
from worker.fetch.gate import RECALL_EVERY_S
from worker.ingest import ingest_entry
from worker.mill import Mill, open_mill
from worker.models import Entry, Wait
from worker.ops.subscriptions import new_feed
from worker.poll import poll_feed
from worker.settings import Settings, read_settings
from worker.store.outage import Outage

PLATFORM = "press.blogs.co.uk"
"""Its site is blogs.co.uk, and so is that of the next one."""
NEIGHBOUR = "sport.blogs.co.uk"
ELSEWHERE = "other.example"
FEED, FORBIDDEN = rss([Item("https://pages.example/1", "One")]), Reply(status=403)


@pytest.fixture
def clock() -> Any:
    return ManualClock()


@pytest.fixture
def settings(tmp_path) -> Settings:
    return read_settings(
        store_url=f"sqlite:///{tmp_path}/feedmill.db",
        allow_private_networks="127.0.0.0/8",
        allow_ports="any",
        host_delay_s=0,
        robots="ignore",
        extract_processes=1,
    )


@pytest.fixture
def start(settings: Settings, site: Site, clock: Any) -> Iterator[Callable[[], Mill]]:
    """Start the service's parts, once more each time: nothing but the store is carried over."""
    for host in (PLATFORM, NEIGHBOUR):
        site.name(host, "127.0.0.1")
    with ExitStack() as stack:

        def start() -> Mill:
            mill = open_mill(settings, clock, site.resolve, outage=Outage(Clock()))
            mill.pool.close()
            return replace(stack.enter_context(closing(mill)), pool=HERE)

        yield start


def follow(mill: Mill, site: Site, host: str, **known: Any) -> str:
    feed = replace(new_feed(site.url("/feed", host), START, 1800), **known)
    mill.store.feeds.add([feed])
    return feed.feed_id


def page_of(mill: Mill, site: Site, host: str, feed_id: str) -> Any:
    """Claim an entry whose page is on that host."""
    link = site.url("/article", host)
    mill.store.entries.admit(
        feed_id, [Entry(entry_id="e" * 32, feed_id=feed_id, url=link, domain=host)], START
    )
    return mill.store.entries.claim(["e" * 32], mill.clock.now(), 900)[0]


def test_a_403_after_success_puts_off_feeds_and_pages_of_the_site_over_a_restart(site, start, clock):
    for host in (PLATFORM, NEIGHBOUR, ELSEWHERE):
        site.serve("/feed", FORBIDDEN if host == PLATFORM else FEED, host)
    mill = start()
    closed, near, far = (follow(mill, site, host) for host in (PLATFORM, NEIGHBOUR, ELSEWHERE))
    mill.store.feeds.update(closed, {"last_success_at": START})
    poll_feed(mill, closed)

    mill = start()
    claim = page_of(mill, site, NEIGHBOUR, near)
    for feed_id in (near, far):
        poll_feed(mill, feed_id)
    ingest_entry(mill, pytest.fail, claim)
    asked = [(request.host, request.path) for request in site.requests]
    assert asked == [(PLATFORM, "/feed"), (ELSEWHERE, "/feed")]
    deferred, row = mill.store.feeds.get(near), mill.store.entries.get(claim.entry_id)
    assert (deferred.last_outcome, deferred.consecutive_failures) == (None, 0)
    assert 590 <= (deferred.next_poll_at - START).total_seconds() <= 670
    assert (row.wait, row.attempts) == (Wait.RETRY, 0)

    clock.seconds += 601
    poll_feed(mill, near)
    assert mill.store.feeds.get(near).last_outcome == "parsed"


@pytest.mark.parametrize("known", [{}, {"last_success_at": START, "consecutive_failures": 3}])
def test_a_403_of_a_feed_that_was_never_served_or_is_closed_holds_up_nobody(site, start, known):
    site.serve("/feed", FORBIDDEN, PLATFORM)
    site.serve("/feed", FEED, NEIGHBOUR)
    mill = start()
    closed, near = (follow(mill, site, host, **known) for host in (PLATFORM, NEIGHBOUR))
    poll_feed(mill, closed)
    poll_feed(mill, near)
    assert mill.store.feeds.get(near).last_outcome == "parsed"
    assert mill.store.hosts.stops(START) == {}


def test_a_403_of_a_page_ends_its_entry_and_holds_up_nobody(site, start):
    site.serve("/article", FORBIDDEN, PLATFORM)
    site.serve("/feed", FEED, PLATFORM)
    mill, settled = start(), []
    feed_id = follow(mill, site, PLATFORM, last_success_at=START)
    ingest_entry(mill, settled.append, page_of(mill, site, PLATFORM, feed_id))
    poll_feed(mill, feed_id)
    assert settled[0].outcome.reason == "http_4xx"
    assert mill.store.feeds.get(feed_id).last_outcome == "parsed"
    assert mill.store.hosts.stops(START) == {}


@pytest.mark.parametrize(("pause_s", "wait"), [(30, Wait.SLOT), (90, Wait.RETRY)])
def test_a_row_whose_site_is_busy_is_put_off_and_counts_no_attempt(site, start, pause_s, wait):
    mill = start()
    claim = page_of(mill, site, ELSEWHERE, follow(mill, site, ELSEWHERE))
    mill.gate.stop(ELSEWHERE, pause_s)
    ingest_entry(mill, pytest.fail, claim)
    row = mill.store.entries.get(claim.entry_id)
    assert (row.wait, row.attempts, row.claim) == (wait, 0, None)
    assert (row.due_at - START).total_seconds() == pytest.approx(pause_s, abs=0.01)
    assert site.requests == []


def test_a_pause_that_a_command_was_told_of_holds_in_the_running_service(site, start, clock):
    site.serve("/feed", FEED)
    mill = start()
    feed_id = follow(mill, site, "news.example")
    poll_feed(mill, feed_id)
    start().gate.stop("news.example", 3600)
    clock.seconds += RECALL_EVERY_S
    poll_feed(mill, feed_id)
    assert len(site.requests) == 1
    with pytest.raises(HostBusyError):
        mill.gate.ask("news.example", 0, 60)
