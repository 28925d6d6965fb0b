"""Workers whose plug is pulled while a page hangs in their pool."""

from __future__ import annotations

import time

import pytest

from tests.faults.odd import hung_page
from tests.faults.processes import is_alive, kill
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.services, pytest.mark.timeout(240)]

ENTRIES = 1000
INTO_THE_PAGE_S = 1.0
"""After so long a page that was asked for is in a child, and its time (3 s) is not over."""
GONE_S = 12.0
"""A child on such a page ends itself five seconds after its timeout (`worker.extract.pool`)."""

KILLED = {
    "celery's process": lambda worker: [worker.celery()],
    "its supervisor": lambda worker: [worker.process.pid],
    "both": lambda worker: [worker.process.pid, worker.celery()],
}


@pytest.mark.parametrize("victims", KILLED.values(), ids=KILLED)
def test_kill_9_with_a_hung_page_in_the_pool(build, newspapers, victims):
    plant, hung = build(), hung_page()
    _, *workers = plant.start_busy(ENTRIES)
    plant.admit(hung, newspapers.feeds[0])
    request = wait_for(lambda: newspapers.asked(hung.story.path), "the page that hangs to be fetched", 20)
    (worker,) = [each for each in workers if f"({each.name})" in request.headers["user-agent"]]
    wait_for(lambda: time.monotonic() > request.at + INTO_THE_PAGE_S, "the page to hang", 5)
    assert not plant.is_done()
    before, killed = plant.left_of(worker), victims(worker)
    kill(*killed)
    wait_for(lambda: not any(map(is_alive, before - {worker.process.pid})), "its processes to end", GONE_S)
    assert is_alive(worker.process.pid) is (worker.process.pid not in killed)
    plant.wait_for_all()
    assert plant.verdict() == []


def test_a_stop_under_load_finishes_what_runs_and_leaves_the_rest(build):
    plant = build()
    _, worker, _ = plant.start_busy(ENTRIES)
    assert plant.stop(worker) == 0
    assert not plant.is_done()
    # Its pool's forkserver ends once it sees that its parent is gone: some .4 s later.
    wait_for(lambda: not plant.left_of(worker), "its processes to end", GONE_S)
    plant.wait_for_all()
    assert plant.verdict() == []
    log = (plant.folder / f"{worker.name}.log").read_text()
    assert "stopping" in log
    assert "was killed" not in log
    assert "not written" not in log
