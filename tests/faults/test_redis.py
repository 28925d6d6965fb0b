"""Redis away, full, or emptied: the broker holds nothing that the ledger does not know."""

from __future__ import annotations

import pytest
import redis

from tests.faults.processes import let_pass
from tests.servers.looking import free_port
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.services, pytest.mark.timeout(240)]

ENTRIES = 1000
AWAY_S = 20.0
FULL_S = 15.0
HINTS = 64
"""Half the mark of 16 threads: far more wait in the queue than the workers have yet to take."""


@pytest.fixture
def broker(redis_server):
    with redis.Redis.from_url(redis_server.url) as client:
        yield client


@pytest.fixture
def busy(build):
    """A plant in the middle of its work."""
    plant = build()
    plant.start_busy(ENTRIES)
    return plant


def test_redis_stopped_and_restarted_while_busy_and_while_idle(busy, newspapers, broker, redis_server):
    keep_hands_full(newspapers, broker)
    redis_server.stop()
    newspapers.open.set()
    let_pass(AWAY_S)
    redis_server.start()
    busy.wait_for_progress()
    busy.wait_for_all()
    assert busy.verdict() == []

    redis_server.stop()
    let_pass(AWAY_S)
    redis_server.start()
    busy.follow(newspapers.publish(100, feeds=10))
    busy.wait_for_all(60)
    assert busy.verdict() == []
    assert busy.restarts() == []


def keep_hands_full(newspapers, broker):
    """Let every thread wait for a page, and as many hints as a worker takes wait for a thread.

    Those cannot be acknowledged once Redis is away, and must not stop their worker from seeing that.
    """
    newspapers.open.clear()
    wait_for(lambda: broker.llen("ingest") >= HINTS, "the workers to take no more hints", 30)


def test_redis_at_maxmemory(busy, broker):
    broker.config_set("maxmemory", 1)
    with pytest.raises(redis.OutOfMemoryError):
        broker.set("full", "yes")
    let_pass(FULL_S)
    broker.config_set("maxmemory", 0)
    busy.wait_for_progress()
    busy.wait_for_all()
    assert busy.verdict() == []
    assert busy.restarts() == []


def test_redis_failed_over(busy, broker):
    """The master that everybody is connected to becomes a replica, of one that is away, and master again."""
    broker.replicaof("127.0.0.1", free_port())
    with pytest.raises(redis.ReadOnlyError):
        broker.set("demoted", "yes")
    let_pass(FULL_S)
    broker.replicaof("NO", "ONE")
    busy.wait_for_progress()
    busy.wait_for_all()
    assert busy.verdict() == []
    assert busy.restarts() == []


def test_redis_flushed(busy, broker):
    broker.flushall()
    busy.wait_for_done(500)
    broker.flushall()
    busy.wait_for_all()
    assert busy.verdict() == []
    assert busy.restarts() == []
