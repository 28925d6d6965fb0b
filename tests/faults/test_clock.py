"""A worker whose clock is wrong: by a third of the lease, as five minutes are of fifteen."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.services, pytest.mark.timeout(240)]

ENTRIES = 1000


@pytest.mark.parametrize("offset_s", [5.0, -5.0], ids=["ahead", "behind"])
def test_one_worker_of_two_has_another_time(build, newspapers, offset_s):
    plant = build()
    plant.follow(newspapers.publish(ENTRIES))
    plant.first_tick()
    plant.beat()
    plant.worker("worker-1")
    plant.skewed_worker("worker-2", offset_s)
    plant.wait_for_all()
    assert plant.verdict() == []
    assert plant.restarts() == []
    assert any("worker-2" in reader for reader in newspapers.readers())
