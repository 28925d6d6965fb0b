"""A rebuild that two workers share while they ingest, one of them killed in its middle."""

from __future__ import annotations

import pytest

from tests.faults.processes import kill
from tests.waiting import wait_for
from worker.clock import Clock
from worker.models import Phase
from worker.reindex.control import progress

pytestmark = [pytest.mark.slow, pytest.mark.services, pytest.mark.timeout(300)]

DOCUMENTS, MORE = 500, 100
RATE = 25
"""Documents a second, so that the middle lasts long enough to be met."""
COPIED_S = 150.0
"""The lease of what the killed worker held (a minute), the rest at the rate, and a machine with other work."""


def ids(plant, version):
    """Return the ids in a version of the index, as often as they are there."""
    plant.store.articles.refresh()
    return sorted(each.article_id for each in plant.store.versions.page("", "", 10_000, version))


def now(plant):
    return progress(plant.store, Clock().now())


def test_two_workers_rebuild_while_they_ingest_and_one_is_killed(build, newspapers):
    plant = build()
    plant.follow(newspapers.publish(DOCUMENTS))
    _, victim, _ = plant.start()
    plant.wait_for_all()
    old = set(ids(plant, "live"))
    assert len(old) == DOCUMENTS

    plant.follow(newspapers.publish(MORE))
    assert "Workers that take part: 2." in plant.ask("reindex", "start", "--detach", "--rate", str(RATE))
    # Each worker has one place: with two at work, the victim holds a slice.
    wait_for(lambda: now(plant).workers == 2 and now(plant).seen, "both to be at it", 60)
    kill(*plant.left_of(victim))
    plant.wait_for_done(DOCUMENTS + 1)
    assert now(plant).rebuild.phase is Phase.COPYING
    assert now(plant).seen < DOCUMENTS

    wait_for(lambda: now(plant).rebuild.phase is Phase.COPIED, "the copy to be ended", COPIED_S, 1.0)
    plant.wait_for_all()
    assert plant.verdict() == []
    live, twin = ids(plant, "live"), ids(plant, "twin")
    assert twin == live
    assert len(set(twin)) == len(twin) == DOCUMENTS + MORE
    end = now(plant)
    assert end.rebuild.said.keys() == {"remade"}, "nobody had to keep a document as it was"
    assert DOCUMENTS <= end.rebuild.said["remade"] == end.seen <= DOCUMENTS + MORE
    assert all(part.done for part in plant.store.rebuilds.slices())
