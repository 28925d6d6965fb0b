"""However many threads meet an outage, it is said at once and then twice a minute."""

from __future__ import annotations

import structlog

from tests.fakes import ManualClock
from worker.errors import StoreUnavailableError
from worker.store.outage import Outage


def test_an_outage_of_a_minute_that_is_met_every_second_is_said_twice():
    clock = ManualClock()
    outage = Outage(clock)
    with structlog.testing.capture_logs() as said:
        for _ in range(60):
            outage.met(StoreUnavailableError("db: disk full"))
            clock.sleep(1)
    assert [(line["event"], line["error"]) for line in said] == [("store unavailable", "db: disk full")] * 2
