"""How many feeds the whole service polls in a second, where each answers shortly that nothing is new."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.site import Reply, Request, Site
from worker.mill import Mill, open_store
from worker.models import Feed
from worker.ops.subscriptions import new_feed
from worker.service import run_service
from worker.settings import Settings, read_settings

FEEDS = 300
ANSWER_S = 0.2
NEEDED = 100_000 * 20 / 86_400
"""Polls a second of 100,000 feeds. Alone on a machine the service makes 64 with these settings; with the 32
hints each 5 s that dispatch sent once, it made 6."""

pytestmark = pytest.mark.slow


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The defaults, but for where it may fetch."""
    monkeypatch.chdir(tmp_path)
    return read_settings(allow_private_networks="127.0.0.0/8", allow_ports="any", extract_processes=1)


@pytest.fixture
def web() -> Iterator[Site]:
    with closing(Site()) as web:

        def not_modified(_: Request) -> Reply:
            web.pause(ANSWER_S)
            return Reply(status=304)

        web.serve("/feed.xml", not_modified)
        yield web


def test_a_hundred_thousand_feeds_are_within_reach(settings: Settings, web: Site) -> None:
    def follow(mill: Mill) -> None:
        now = mill.clock.now()
        mill.store.feeds.add(known(web.url("/feed.xml", f"h{n}.example"), now) for n in range(FEEDS))

    run_service(settings, until_idle=True, resolver=web.resolve, on_start=follow)
    asked_at = sorted(request.at for request in web.requests)
    per_s = (FEEDS - 1) / (asked_at[-1] - asked_at[0])
    print(f"{per_s:.0f} polls a second")
    assert len(asked_at) == len({request.host for request in web.requests}) == FEEDS
    with closing(open_store(settings)) as store:
        assert {feed.last_outcome for feed in store.feeds.all()} == {"not_modified"}
    assert per_s > NEEDED


def known(url: str, now: datetime) -> Feed:
    """Return a feed that is due and has been polled before, so that it is asked with its validator."""
    before = now - timedelta(hours=1)
    polled = {"last_polled_at": before, "last_success_at": before, "last_full_at": before}
    return replace(new_feed(url, now, 1800), etag='"e"', **polled)
