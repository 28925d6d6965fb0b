"""However many threads meet an outage, it is said at once and then twice a minute."""

from __future__ import annotations

import structlog

from tests.fakes import ManualClock
from worker.errors import ArchiveUnavailableError, BrokerUnavailableError, StoreUnavailableError
from worker.store.outage import RECENT_S, Outage


def test_an_outage_of_a_minute_that_is_met_every_second_is_said_twice():
    clock = ManualClock()
    outage = Outage(clock)
    with structlog.testing.capture_logs() as said:
        for _ in range(60):
            outage.met(StoreUnavailableError("db: disk full"))
            clock.sleep(1)
    assert [(line["event"], line["error"]) for line in said] == [("store unavailable", "db: disk full")] * 2


def test_store_and_broker_are_said_each_for_itself():
    outage = Outage(ManualClock())
    with structlog.testing.capture_logs() as said:
        for _ in range(3):
            outage.met(StoreUnavailableError("db: disk full"))
            outage.met(BrokerUnavailableError("redis://r: is full"))
    assert [(line["event"], line["error"]) for line in said] == [
        ("store unavailable", "db: disk full"),
        ("broker unavailable", "redis://r: is full"),
    ]


def test_the_archive_is_said_as_such_and_counts_as_an_outage():
    outage = Outage(ManualClock())
    with structlog.testing.capture_logs() as said:
        outage.met(ArchiveUnavailableError(detail="archive a: the disk is full"))
    assert [(line["event"], line["error"]) for line in said] == [
        ("archive unavailable", "archive a: the disk is full")
    ]
    assert outage.recent() == "archive a: the disk is full"


def test_an_outage_is_recent_until_it_is_no_longer_met():
    clock = ManualClock()
    outage = Outage(clock)
    assert outage.recent() is None
    outage.met(StoreUnavailableError("db: disk full"))
    clock.sleep(RECENT_S - 1)
    assert outage.recent() == "db: disk full"
    outage.met(BrokerUnavailableError("redis://r: is full"))
    clock.sleep(RECENT_S - 1)
    assert outage.recent() == "redis://r: is full"
    clock.sleep(1)
    assert outage.recent() is None
