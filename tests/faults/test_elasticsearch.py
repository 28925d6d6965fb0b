"""Elasticsearch away, read-only, or unheard: no outcome without its document, none twice."""

from __future__ import annotations

import pytest

from tests.faults.processes import let_pass
from tests.faults.proxy import Wire
from tests.faults.records import without_article
from tests.store.elasticsearch.backend import client
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.services, pytest.mark.timeout(300)]

ENTRIES = 1000
AWAY_S = 20.0
BLOCKED_S = 10.0
UNHEARD_S = 6.0
FLOOD_STAGE = "index.blocks.read_only_allow_delete"
"""What Elasticsearch itself sets when a disk is full."""


def test_elasticsearch_stopped_and_restarted(build, elasticsearch_server):
    plant = build()
    plant.start_busy(ENTRIES)
    elasticsearch_server.stop()
    let_pass(AWAY_S)
    elasticsearch_server.start()
    plant.wait_for_progress()
    plant.wait_for_all()
    assert plant.verdict() == []
    assert plant.restarts() == []


@pytest.mark.parametrize("kinds", ["*", "articles-*"], ids=["all of it", "the articles alone"])
def test_elasticsearch_read_only(build, kinds):
    plant = build()
    plant.start_busy(ENTRIES)
    with client(plant.direct_url) as es:
        es.indices.put_settings(index=f"{plant.prefix}-{kinds}", settings={FLOOD_STAGE: True})
        let_pass(BLOCKED_S)
        assert not plant.is_done()
        assert without_article(plant.direct_url, plant.prefix) == []
        es.indices.put_settings(index=f"{plant.prefix}-{kinds}", settings={FLOOD_STAGE: None})
    plant.wait_for_progress()
    plant.wait_for_all()
    assert plant.verdict() == []
    assert plant.restarts() == []


def test_replies_lost_after_the_write(build, wire):
    plant = build(wire.url)
    plant.start_busy(ENTRIES)
    wire.wire = Wire.NO_WORD_OF_WRITES
    let_pass(UNHEARD_S)
    # What is asked for waits longer each time: on a slow machine ten take more than these seconds.
    wait_for(lambda: len(wire.lost) > 10, "ten writes whose replies are lost")
    wire.wire = Wire.WHOLE
    plant.wait_for_progress()
    plant.wait_for_all()
    assert plant.verdict() == []
    assert plant.restarts() == []
