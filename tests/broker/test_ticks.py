"""However many beats and workers there are, a tick is done once a period."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from tests.broker.conftest import Connect
from tests.broker.filling import fill
from tests.servers.looking import free_port
from tests.waiting import wait_for
from worker.broker.ticks import HELD_SHARE, RedisTicks
from worker.errors import BrokerUnavailableError

pytestmark = [pytest.mark.slow, pytest.mark.services]


def test_of_all_who_hear_a_tick_one_does_it(redis_url: str, connect: Connect, client: redis.Redis) -> None:
    workers = [RedisTicks(connect(redis_url)) for _ in range(4)]
    with ThreadPoolExecutor(16) as pool:
        begun = list(pool.map(lambda n: workers[n % 4].begin("entries", 60), range(64)))
    assert begun.count(True) == 1
    assert workers[0].begin("feeds", 60), "ticks of another name are another's"


def test_the_next_one_is_let_in_before_the_period_is_over(client: redis.Redis) -> None:
    assert RedisTicks(client).begin("entries", 1000)
    assert 0 < client.pttl("feedmill:tick:entries") / 1_000_000 <= HELD_SHARE < 0.9


def test_ticks_come_again_and_leave_nothing_behind(client: redis.Redis) -> None:
    ticks = RedisTicks(client)
    assert ticks.begin("entries", 0.2) and not ticks.begin("entries", 0.2)
    wait_for(lambda: ticks.begin("entries", 0.2), "the next period", 10, 0.01)
    wait_for(lambda: not client.keys("feedmill:tick:*"), "the tick to expire", 10, 0.01)


def test_a_flush_costs_one_tick_too_many(own: redis.Redis) -> None:
    ticks = RedisTicks(own)
    assert ticks.begin("entries", 60)
    own.flushall()
    assert ticks.begin("entries", 60) and not ticks.begin("entries", 60)


def test_at_maxmemory_no_tick_begins(own: redis.Redis) -> None:
    fill(own)
    with pytest.raises(BrokerUnavailableError, match="is full"):
        RedisTicks(own).begin("entries", 1)


def test_without_a_server_no_tick_begins(connect: Connect) -> None:
    with pytest.raises(BrokerUnavailableError, match="cannot be reached"):
        RedisTicks(connect(f"redis://127.0.0.1:{free_port()}")).begin("entries", 1)
