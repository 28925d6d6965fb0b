"""The shared gate on a real Redis: the contract of every gate, and what may happen to a server."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
import redis
import structlog

from tests.broker.conftest import Connect
from tests.broker.filling import fill
from tests.fetch.contract_gate import *
from tests.servers.restartable import Restartable, restartable_redis
from tests.waiting import wait_for
from worker.broker.gate import AWAY_WAIT_S, RedisGate
from worker.clock import Clock
from worker.errors import HostBusyError
from worker.fetch.gate import SLOW_FOR_S
from worker.store.outage import Outage

pytestmark = [pytest.mark.slow, pytest.mark.services]


def open_gate(client: redis.Redis, offset_s: float = 0.0) -> RedisGate:
    return RedisGate(client, Outage(Clock(offset_s)))


def gate_keys(client: redis.Redis) -> list[str]:
    return list(client.scan_iter("feedmill:gate:*"))


class Shared:
    """A shared gate whose time is moved by moving what it has noted."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._advanced_s = 0.0
        if keys := [*gate_keys(client), *client.scan_iter("feedmill:delay:*")]:
            client.delete(*keys)
        self.gate = open_gate(client)

    def now(self) -> float:
        return time.monotonic() + self._advanced_s

    def advance(self, seconds: float) -> None:
        self._advanced_s += seconds
        for key in gate_keys(self._client):
            if free_at := self._client.get(key):
                sooner = int(free_at) - int(seconds * 1000)
                self._client.set(key, sooner, pxat=sooner)


@pytest.fixture
def make_timed(client: redis.Redis) -> Callable[[], Shared]:
    return lambda: Shared(client)


def test_many_workers_whose_clocks_differ_get_different_slots(
    redis_url: str, connect: Connect, client
) -> None:
    gates = [open_gate(connect(redis_url), offset_s=300 * n) for n in range(4)]
    delay_s = 10.0

    def ask(n: int) -> tuple[float, float]:
        """Return between which times the request starts."""
        before = time.monotonic()
        wait_s = gates[n % 4].ask("crowded.example", delay_s, 1e6)
        return before + wait_s, time.monotonic() + wait_s

    with ThreadPoolExecutor(64) as pool:
        starts = sorted(pool.map(ask, range(256)))
    assert all(later[1] - sooner[0] >= delay_s - TICK_S for sooner, later in pairwise(starts))
    assert len({round((start - starts[0][0]) / delay_s) for start, _ in starts}) == 256
    assert starts[-1][0] - starts[0][0] < 256 * delay_s, "no slot was left out"


def test_nothing_is_left_behind(client: redis.Redis) -> None:
    gate = open_gate(client)
    for n in range(100):
        gate.ask(f"{n}.example", 0.05, 1)
        gate.stop(f"stopped-{n}.example", 0.05)
    gate.ask("no-delay.example", 0, 1)
    assert {"feedmill:gate:99.example", "feedmill:gate:stopped-99.example"} <= set(gate_keys(client))
    wait_for(lambda: not gate_keys(client), "every key to expire", 10, 0.01)


def test_a_refusal_says_how_long(client: redis.Redis) -> None:
    gate = open_gate(client)
    gate.stop("a.example", 60)
    with pytest.raises(HostBusyError) as busy:
        gate.ask("a.example", 2, 2)
    assert busy.value.host == "a.example" and 55 < busy.value.wait_s <= 60


def test_scripts_that_were_flushed_are_loaded_again(client: redis.Redis) -> None:
    gate = open_gate(client)
    assert gate.ask("a.example", 60, 0) == 0
    client.script_flush()
    with pytest.raises(HostBusyError):
        gate.ask("a.example", 60, 0)
    client.script_flush()
    gate.stop("b.example", 60)
    with pytest.raises(HostBusyError):
        gate.ask("b.example", 60, 0)


def test_a_flush_costs_one_start_too_early(own: redis.Redis) -> None:
    gate = open_gate(own)
    assert gate.ask("a.example", 60, 0) == 0
    own.flushall()
    own.script_flush()
    assert gate.ask("a.example", 60, 0) == 0
    with pytest.raises(HostBusyError):
        gate.ask("a.example", 60, 0)


def test_what_a_flush_forgets_is_told_again_before_anything_is_granted(own: redis.Redis) -> None:
    gates, memory = [open_gate(own) for _ in range(3)], Remembered()
    for gate in gates:
        gate.remember(memory)
    assert gates[0].ask("a.example", 2, 2) == 0
    gates[0].stop("a.example", 3600)
    for flush in (own.flushall, own.flushdb):
        flush()
        for gate in gates:
            assert_stopped(gate, "a.example")
    assert gates[0].ask("b.example", 2, 2) == 0


def test_a_stop_that_came_while_redis_was_full_is_told_later(own: redis.Redis) -> None:
    gate = open_gate(own)
    gate.remember(Remembered())
    assert gate.ask("a.example", 0, 0) == 0
    fill(own)
    gate.stop("a.example", 3600)
    own.delete("filling")
    assert_stopped(gate, "a.example")


def test_each_worker_tells_what_is_remembered_as_it_starts(own: redis.Redis) -> None:
    """Redis may have lost a stop without a flush: failed over to a replica that never heard of it."""
    memory = Remembered()
    first = open_gate(own)
    first.remember(memory)
    first.stop("a.example", 3600)
    assert first.ask("b.example", 0, 0) == 0
    own.delete("feedmill:gate:a.example")
    second = open_gate(own)
    second.remember(memory)
    assert_stopped(second, "a.example")


def test_the_delay_that_a_site_asked_for_holds_at_every_worker(client: redis.Redis) -> None:
    open_gate(client).slow("a.example", 20)
    gate = open_gate(client)
    assert gate.ask("a.example", 2, 2) == 0
    with pytest.raises(HostBusyError) as busy:
        gate.ask("a.example", 2, 2)
    assert 19 < busy.value.wait_s <= 20
    assert 0 < client.pttl("feedmill:delay:a.example") <= SLOW_FOR_S * 1000


def assert_stopped(gate: RedisGate, site: str) -> None:
    with pytest.raises(HostBusyError) as busy:
        gate.ask(site, 2, 2)
    assert 3590 < busy.value.wait_s <= 3600


def test_at_maxmemory_nothing_is_granted_and_it_is_said_once(own: redis.Redis) -> None:
    gate = open_gate(own)
    fill(own)
    with structlog.testing.capture_logs() as said:
        for n in range(20):
            with pytest.raises(HostBusyError) as busy:
                gate.ask(f"{n}.example", 2, 2)
            assert busy.value.wait_s == AWAY_WAIT_S
            gate.stop(f"{n}.example", 60)
    assert [line["event"] for line in said] == ["broker unavailable"]
    assert "is full (maxmemory)" in said[0]["error"]
    own.delete("filling")
    assert gate.ask("0.example", 2, 2) == 0


@pytest.fixture
def server():
    with restartable_redis("--appendfsync", "always") as server:
        yield server


@pytest.mark.parametrize("end", [Restartable.stop, Restartable.kill], ids=["stopped", "killed"])
def test_a_server_that_is_away_and_comes_back(server: Restartable, connect: Connect, end) -> None:
    gate = open_gate(connect(server.url))
    gate.ask("a.example", 60, 0)
    end(server)
    began = time.monotonic()
    for _ in range(3):
        with pytest.raises(HostBusyError) as busy:
            gate.ask("b.example", 2, 2)
        assert busy.value.wait_s == AWAY_WAIT_S
        gate.stop("b.example", 60)
    assert time.monotonic() - began < 2, "a thread that asks is not held"
    server.start()
    assert gate.ask("b.example", 2, 2) == 0
    with pytest.raises(HostBusyError):
        gate.ask("a.example", 2, 2)  # what was granted before is remembered


def test_a_server_restarted_between_two_asks_is_not_even_noticed(
    server: Restartable, connect: Connect
) -> None:
    gate = open_gate(connect(server.url))
    gate.ask("c.example", 60, 0)
    server.stop()
    server.start()
    with pytest.raises(HostBusyError) as busy:
        gate.ask("c.example", 60, 0)
    assert busy.value.wait_s > AWAY_WAIT_S
