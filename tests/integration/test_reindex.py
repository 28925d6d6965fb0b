"""An index rebuilt from its archive while it is used: killed three times, promoted, rolled back, promoted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.beside import Ingestion, Live, ingesting, planned, reading
from tests.integration.desk import OWN_TOPIC, Desk, by_number, has_breakwater, url_of
from tests.waiting import wait_for
from worker.extract.version import extractor_version
from worker.models import Document, Phase

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ARCHIVED, NEW, REVISED = 2_000, 500, 200
KILLS = (200, 800, 1_500)
"""Documents done with after which the copy is killed."""
OLD = range(1, ARCHIVED + 1)
COPY_S = 240.0
"""Most that a part of the copy may take: a minute usually, most of it the wait for a dead worker's lease."""
WHILE_COPYING = 560
"""Of the 700 live writes those that come during the copy; the others come with the swaps."""


def test_nothing_is_lost_whatever_happens_meanwhile(desk: Desk) -> None:
    places = desk.stock(OLD, files=3)
    old = by_number(desk.documents("live"))
    live = planned(OLD, range(ARCHIVED + 1, ARCHIVED + NEW + 1), REVISED)
    untouched = min(set(OLD) - live.titles.keys())
    with reading(desk.settings, url_of(untouched)) as seen:
        with ingesting(desk.settings, live) as ingestion:
            copy_in_spite_of_kills(desk, ingestion)
            check_slices(desk)
            ingestion.have(WHILE_COPYING)
            check_report(json.loads(desk.ran("reindex", "diff", "--json")), live)

            ingestion.allow(WHILE_COPYING + 50)
            desk.ran("reindex", "promote", "--max-lost", "0", "--max-shorter", "100%")
            ingestion.have(WHILE_COPYING + 50)
            check_versions(desk, old, live, ingestion.done, newest="live")

            ingestion.allow(WHILE_COPYING + 100)
            desk.ran("reindex", "rollback")
            ingestion.have(WHILE_COPYING + 100)
            check_versions(desk, old, live, ingestion.done, newest="twin")
            desk.ran("reindex", "promote")
        new = check_versions(desk, old, live, NEW + REVISED, newest="live")
        desk.ran("reindex", "clean", "--yes")
        assert by_number(desk.documents("live")) == new
    assert desk.store.versions.twin() is None
    assert {new[number].archive for number in set(OLD) - live.titles.keys()} == {
        places[number] for number in set(OLD) - live.titles.keys()
    }
    assert seen.failures == []
    assert seen.fewest >= ARCHIVED
    assert seen.titles == [old[untouched].title, new[untouched].title] * 2
    assert {kind: rows for kind, rows in desk.store.entries.counts().items() if rows} == {
        "indexed": ARCHIVED - REVISED + NEW,
        "revised": REVISED,
    }


def copy_in_spite_of_kills(desk: Desk, ingestion: Ingestion) -> None:
    """Rebuild; live articles come in step with the copy, which is killed and gone on with."""
    for number, kill_at in enumerate(KILLS):
        process = desk.began("reindex", "start", *(("--from", "archive") if number == 0 else ()))
        wait_for(
            lambda at=kill_at: in_step(desk, ingestion) >= at or process.poll() is not None, "the copy", 150
        )
        assert process.poll() is None, "the copy ended before it could be killed"
        process.kill()
        process.communicate()
    latest = desk.store.rebuilds.get()
    assert latest
    assert latest.phase is Phase.COPYING
    process = desk.began("reindex", "start")
    wait_for(lambda: in_step(desk, ingestion) < 0 or process.poll() is not None, "the end", COPY_S, 0.2)
    out, err = process.communicate()
    assert process.returncode == 0, out + err
    assert "Traceback" not in err


def in_step(desk: Desk, ingestion: Ingestion) -> int:
    """Let as many live articles come as fit how far the copy is; return that, in documents."""
    seen = sum(part.seen for part in desk.store.rebuilds.slices())
    ingestion.allow(min(WHILE_COPYING, seen * WHILE_COPYING // KILLS[-1]))
    return seen


def check_slices(desk: Desk) -> None:
    slices, rebuild = desk.store.rebuilds.slices(), desk.store.rebuilds.get()
    assert rebuild
    assert rebuild.phase is Phase.COPIED
    assert all(part.done for part in slices)
    assert [sum(part.counts.values()) for part in slices] == [part.seen for part in slices]
    seen = sum(part.seen for part in slices)
    assert sum(rebuild.said.values()) == seen
    assert ARCHIVED <= seen <= ARCHIVED + NEW
    assert rebuild.said["remade"] > 0.95 * seen
    assert rebuild.said.keys() <= {"remade", "changed"}


def check_report(report: dict[str, Any], live: Live) -> None:
    """What differs is what the older extractor still has the say of in the live version."""
    ingested = live.order[:WHILE_COPYING]
    made_by_old = set(OLD) - set(ingested)
    assert (report["compared"], report["lost"], report["gained"]) == (len({*OLD, *ingested}), 0, 0)
    assert report["fields"]["title"] == report["fields"]["body"] == report["changed"] == len(made_by_old)
    about = sum(map(has_breakwater, made_by_old))
    assert report["topics"][OWN_TOPIC] == {"added": about, "removed": 0}
    assert report["limits_broken"] == []


def check_versions(
    desk: Desk, old: dict[int, Document], live: Live, done: int, newest: str
) -> dict[int, Document]:
    """Both versions have every article once, with its newest text; return the rebuilt one's.

    `newest` says which version is the rebuilt one.
    """
    new = by_number(desk.documents(newest))
    before = by_number(desk.documents("twin" if newest == "live" else "live"))
    written = live.order[:done]
    assert new.keys() == before.keys() == {*OLD, *written}
    for number in written:
        # Made by one extractor from one page, as it came and from the archive.
        assert new[number] == before[number]
        assert (new[number].title, new[number].revision) == (
            live.titles[number],
            2 if number in live.revised else 1,
        )
    for number in set(OLD) - set(written):
        assert before[number] == old[number]
        assert new[number].title == f"Harbour reopens {number}"
        assert (OWN_TOPIC in new[number].topics) == has_breakwater(number)
        assert new[number].extractor_version == extractor_version()
    return new
