"""Looks at feeds: through the gate that is shared where there is one, each in its turn."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from tests.broker.conftest import Connect, connect
from tests.fakes import ManualClock
from tests.newsroom import Item, rss
from tests.ops.test_listing import IN_PROCESS
from tests.servers.looking import free_port
from tests.site import Reply, Site
from worker.broker.gate import RedisGate
from worker.clock import Clock
from worker.errors import BrokerError, HostBusyError, SitePausedError
from worker.ops.look import Look, open_look
from worker.settings import read_settings
from worker.store.outage import Outage
from worker.store.sqlite import open_sqlite

__all__ = ["connect"]


class Gate:
    """Has the client wait that long, each time the next of these; grants where there are no more."""

    def __init__(self, *waits: float) -> None:
        self.waits = list(waits)
        self.stopped: list[tuple[str, float]] = []

    def ask(self, site: str, delay_s: float, max_wait_s: float) -> float:
        if self.waits:
            raise HostBusyError(site, self.waits.pop(0))
        return 0.0

    def stop(self, site: str, seconds: float) -> None:
        self.stopped.append((site, seconds))


def open_by_hand(site, make_fetcher, gate: Gate) -> tuple[Look, Any, list[str]]:
    clock: Any = ManualClock()
    said: list[str] = []
    return Look(make_fetcher(site, gate=gate), IN_PROCESS, clock, said.append), clock, said


def test_a_turn_is_waited_for_and_said(site, make_fetcher):
    site.serve("/feed", rss([Item("https://pages.example/1", "One")]))
    look, clock, said = open_by_hand(site, make_fetcher, Gate(4.0, 30.0))
    assert look.at(site.url("/feed")).feed.title == "Gazette"
    assert clock.slept == [4.0, 30.0]
    assert said == ["waiting 4 s for news.example", "waiting 30 s for news.example"]


@pytest.mark.parametrize("waits", [(3600.0,), (40.0, 40.0)], ids=["an hour", "a turn that never comes"])
def test_a_pause_is_not_waited_for(site, make_fetcher, waits):
    look, clock, _ = open_by_hand(site, make_fetcher, Gate(*waits))
    with pytest.raises(SitePausedError, match="news.example asked for a pause until 2026-11-24 1"):
        look.at(site.url("/feed"))
    assert sum(clock.slept) <= 60
    assert site.requests == []


@pytest.mark.parametrize(
    ("retry_after", "until"),
    [
        ("90", "2026-11-24 12:01:30"),
        ("99999999", "2026-11-25 12:00:00"),
    ],
    ids=["as long as said", "a day at most, as the gate has it"],
)
def test_a_pause_that_is_told_is_said(site, make_fetcher, retry_after, until):
    site.serve("/feed", Reply(status=429, headers={"Retry-After": retry_after}))
    look, _, _ = open_by_hand(site, make_fetcher, gate := Gate())
    with pytest.raises(SitePausedError, match=f"HTTP 429, asks for a pause until {until} UTC"):
        look.at(site.url("/feed"))
    assert gate.stopped == [("news.example", float(retry_after))]


def settings_of(tmp_path, broker_url: str) -> Any:
    return read_settings(
        store_url=f"sqlite:///{tmp_path}/feedmill.db",
        broker_url=broker_url,
        allow_private_networks="127.0.0.0/8",
        allow_ports="any",
        extract_processes=1,
    )


@pytest.mark.slow
@pytest.mark.services
def test_what_a_look_is_told_all_workers_know_at_once(tmp_path, redis_url, connect: Connect):
    address = "127.0.0.77"  # of nobody else: its stop outlasts the test where that fails
    client = connect(redis_url)
    gate = RedisGate(client, Outage(Clock()))
    with (
        closing(Site(addresses=[address])) as site,
        closing(open_sqlite(tmp_path / "feedmill.db")) as store,
        open_look(settings_of(tmp_path, redis_url), Clock(), store.hosts, pytest.fail) as look,
    ):
        site.serve("/feed", Reply(status=503, headers={"Retry-After": "900"}))
        with pytest.raises(SitePausedError):
            look.at(site.url("/feed", address))
        assert address in store.hosts.stops(Clock().now())
    with pytest.raises(HostBusyError) as busy:
        gate.ask(address, 0, 2)
    assert 890 < busy.value.wait_s <= 900
    client.delete(f"feedmill:gate:{address}")


def test_a_shared_gate_that_is_away_is_said_and_nothing_is_asked(site, tmp_path):
    away = f"redis://127.0.0.1:{free_port()}/0"
    with (
        closing(open_sqlite(tmp_path / "feedmill.db")) as store,
        open_look(settings_of(tmp_path, away), Clock(), store.hosts, pytest.fail) as look,
        pytest.raises(BrokerError, match="cannot be reached"),
    ):
        look.at(site.url("/feed", "127.0.0.1"))
    assert site.requests == []
