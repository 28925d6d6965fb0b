"""The whole of it on real servers: beat, two workers, and a web that is not kind."""

from __future__ import annotations

import pytest

from tests.faults.odd import HOST, every_odd
from tests.site import Reply

pytestmark = [pytest.mark.slow, pytest.mark.services, pytest.mark.timeout(240)]

ENTRIES = 1000


def test_every_entry_has_its_one_outcome_and_the_index_is_what_was_published(build, newspapers):
    plant = build(max_attempts="3")
    newspapers.site.serve("/broken.xml", Reply(body=b"<html>Down for maintenance</html>"), host=HOST)
    odd = newspapers.list_odd(HOST, "/odd.xml", every_odd(newspapers))
    plant.follow([odd, newspapers.site.url("/broken.xml", HOST), *newspapers.publish(ENTRIES)])
    running = plant.beat(), plant.worker("worker-1"), plant.worker("worker-2")
    plant.wait_for_all()
    assert plant.verdict() == []
    assert plant.restarts() == []
    assert {each.name: plant.stop(each) for each in running} == {each.name: 0 for each in running}
    assert all(f"Feedmill test ({each.name})" in newspapers.readers() for each in running[1:])
