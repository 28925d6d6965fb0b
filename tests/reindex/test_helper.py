"""A worker's turns at a rebuild: how many, how long, and when it keeps out of one."""

from dataclasses import replace

import pytest
import structlog

from tests.fakes import ManualClock
from tests.reindex.library import Library
from worker.errors import PoolUnavailableError, StoreError
from worker.models import QUEUES, Phase
from worker.reindex import run
from worker.reindex.control import Asked, results, start
from worker.reindex.helper import TURN_S, Helper, copies_of
from worker.reindex.steps import Source, Step


@pytest.fixture
def library(store):
    return Library(store, 30)


@pytest.fixture
def helper(library):
    return Helper(library.bench, 1, has_pages=True)


def begun(library, **asked):
    return start(library.store, library.clock, Asked(**asked))


def changed(library, **fields):
    """Let the rebuild under way have been begun by another version."""
    rebuild = library.store.rebuilds.get()
    assert library.store.rebuilds.update(rebuild.rebuild_id, fields, if_phase=Phase.COPYING)


@pytest.mark.parametrize(
    ("threads", "processes", "queues", "copies"),
    [
        pytest.param(16, 2, QUEUES, 1, id="by default"),
        pytest.param(16, 8, QUEUES, 4, id="half of the children"),
        pytest.param(4, 8, QUEUES, 2, id="half of the threads"),
        pytest.param(16, 1, QUEUES, 1, id="of one child a part"),
        pytest.param(1, 2, QUEUES, 0, id="a lone thread ingests"),
        pytest.param(16, 8, ("control", "poll", "ingest"), 0, id="not this queue"),
        pytest.param(16, 2, ("rebuild",), 3, id="nothing else to do"),
        pytest.param(2, 4, ("rebuild",), 2, id="nothing else to do, few threads"),
    ],
)
def test_copies_of(threads, processes, queues, copies):
    assert copies_of(threads, processes, queues) == copies


def test_a_turn_copies_what_there_is_and_the_last_ends_the_copy(library, helper):
    begun(library)
    assert not helper.take_turn()
    rebuild = library.store.rebuilds.get()
    assert (rebuild.phase, rebuild.said) == (Phase.COPIED, {"remade": 30})
    assert library.documents("twin").keys() == library.documents().keys()


def test_a_turn_ends_with_the_page_in_which_its_time_is_over(library, monkeypatch):
    begun(library)
    clock, real, pages = ManualClock(), run.carry, []
    helper = Helper(replace(library.bench, clock=clock), 1, has_pages=True)

    def slowly(*args):
        pages.append(args)
        clock.seconds += TURN_S / 2
        return real(*args)

    monkeypatch.setattr(run, "carry", slowly)
    assert helper.take_turn()
    assert len(pages) == 2
    assert not [part for part in library.store.rebuilds.slices() if part.due_at and part.due_at > clock.now()]
    while helper.take_turn():
        pass
    assert library.store.rebuilds.get().said == {"remade": 30}


def test_a_stop_ends_it_after_the_page_at_hand(library, helper, monkeypatch):
    begun(library)
    real, pages = run.carry, []

    def stopped(*args):
        pages.append(args)
        helper.leave_off()
        return real(*args)

    monkeypatch.setattr(run, "carry", stopped)
    assert not helper.take_turn()
    assert len(pages) == 1
    now = library.clock.now()
    assert not [part for part in library.store.rebuilds.slices() if part.due_at and part.due_at > now]
    assert not helper.take_turn()
    assert len(pages) == 1


def test_no_more_turns_at_once_than_there_are_places(library, helper, monkeypatch):
    begun(library)
    real, inner = run.carry, []

    def meanwhile(*args):
        inner.append(helper.take_turn())
        return real(*args)

    monkeypatch.setattr(run, "carry", meanwhile)
    helper.take_turn()
    assert inner
    assert not any(inner)
    assert results(library.store.rebuilds.slices()) == {"remade": 30}


@pytest.mark.parametrize(
    ("asked", "made_by", "because"),
    [
        pytest.param({}, {"extractor_version": "other"}, "its extractor is other", id="extractor"),
        pytest.param({}, {"tagger_version": "other"}, "its tagger is other", id="tagger"),
        pytest.param(
            {"source": Source.INDEX}, {"extractor_version": "other"}, None, id="extractor, for tags"
        ),
        pytest.param({"only": Step.EXTRACT}, {"tagger_version": "other"}, None, id="tagger, for texts"),
        pytest.param(
            {"only": Step.MAPPING},
            {"extractor_version": "other", "tagger_version": "other"},
            None,
            id="both, for the mapping",
        ),
    ],
)
def test_another_version_takes_no_part_and_says_so_once(library, helper, asked, made_by, because):
    begun(library, **asked)
    changed(library, **made_by)
    with structlog.testing.capture_logs() as said:
        for _ in range(2):
            assert not helper.take_turn()
    warnings = [each["because"] for each in said if each["event"] == "takes no part in the rebuild"]
    assert [each.partition(",")[0] for each in warnings] == ([because] if because else [])
    assert (library.store.rebuilds.get().phase is Phase.COPYING) == bool(because)


@pytest.mark.parametrize(
    ("source", "helps"), [(Source.ARCHIVE, False), (Source.INDEX, True)], ids=["pages are needed", "texts do"]
)
def test_without_the_archive_it_helps_where_no_page_is_read(library, source, helps):
    begun(library, source=source)
    helper = Helper(library.bench, 1, has_pages=False)
    with structlog.testing.capture_logs() as said:
        helper.take_turn()
    assert (library.store.rebuilds.get().phase is Phase.COPIED) == helps
    assert any("FEEDMILL_ARCHIVE_URL" in each.get("because", "") for each in said) == (not helps)


@pytest.mark.parametrize(
    "phase", [None, Phase.COPIED, Phase.CANCELLED], ids=["none", "copied already", "cancelled"]
)
def test_there_is_nothing_to_do(library, helper, phase):
    if phase:
        begun(library)
        changed(library, phase=phase)
    assert not helper.take_turn()
    assert library.pool.calls == 0


def test_a_version_that_is_not_made_yet_is_waited_for(library, helper):
    begun(library)
    changed(library, to_version="")
    assert not helper.take_turn()
    assert library.pool.calls == 0


def test_children_that_are_away_end_the_turn(library, helper, monkeypatch):
    begun(library)

    def away(*_):
        raise PoolUnavailableError(None, "no child process can be started")

    monkeypatch.setattr(library.pool, "run", away)
    with structlog.testing.capture_logs() as said:
        assert not helper.take_turn()
    assert [each["event"] for each in said] == ["left the rebuild"]


@pytest.mark.parametrize("is_over", [True, False], ids=["cancelled", "the store is away"])
def test_a_store_that_fails_is_told_unless_the_rebuild_is_over(library, helper, monkeypatch, is_over):
    begun(library)

    def fail(*_):
        if is_over:
            changed(library, phase=Phase.CANCELLED)
        raise StoreError("2 is not being filled any more")

    monkeypatch.setattr(run, "carry", fail)
    if is_over:
        assert not helper.take_turn()
    else:
        with pytest.raises(StoreError):
            helper.take_turn()


def test_two_helpers_share_the_slices(library):
    begun(library)
    first, second = (Helper(replace(library.bench), 1, has_pages=True) for _ in range(2))
    assert not first.take_turn()
    assert not second.take_turn()
    assert library.store.rebuilds.get().said == {"remade": 30}
