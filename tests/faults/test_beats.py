"""Beat is dispensable, and any number of them is as good as one."""

from __future__ import annotations

import pytest

from tests.faults.processes import kill

pytestmark = [pytest.mark.slow, pytest.mark.services, pytest.mark.timeout(240)]

ENTRIES = 1000


def test_beat_killed_and_another_started(build):
    plant = build()
    beat, *_ = plant.start_busy(ENTRIES)
    kill(*plant.left_of(beat))
    plant.beat("beat-2")
    plant.wait_for_all()
    assert plant.verdict() == []


def test_two_beats_at_once(build):
    plant = build()
    beat, *_ = plant.start_busy(ENTRIES)
    other = plant.beat("beat-2")
    plant.wait_for_all()
    assert plant.verdict() == []
    assert plant.left_of(beat)
    assert plant.left_of(other)
