"""The way of a rebuild from start to clean, also where a kill cut it short between two steps."""

import pytest

from tests.reindex.library import Library
from worker.errors import OperationError, UsageError
from worker.models import Phase
from worker.reindex import control
from worker.reindex.compare import compare
from worker.reindex.control import Asked
from worker.reindex.run import copy_all
from worker.reindex.steps import Source


@pytest.fixture
def library(store):
    return Library(store, 12)


def copied(library, **asked):
    rebuild = control.start(library.store, library.clock, Asked(**asked))
    assert copy_all(library.bench, rebuild)
    control.end_copy(library.store, library.clock, rebuild)
    library.store.articles.refresh()
    return library.store.rebuilds.get()


def titles(library):
    return {each.title.rpartition(" ")[0] for each in library.documents().values()}


def test_promoted_rolled_back_and_promoted_again(library):
    rebuild = copied(library)
    assert titles(library) == {"As it"}
    control.promote(library.store)
    assert titles(library) == {"Harbour reopens"}
    assert library.store.versions.live() == rebuild.to_version
    library.add(13, title="Came meanwhile")
    control.rollback(library.store)
    assert titles(library) == {"As it", "Came"}
    control.promote(library.store)
    assert titles(library) == {"Harbour reopens", "Came"}
    assert library.documents().keys() == library.documents("twin").keys() == set(range(1, 14))


def test_what_has_just_come_is_in_both_for_a_report(library):
    copied(library)
    library.add(13, title="Came meanwhile")
    report = compare(library.store, None, lambda _: None)
    assert (report.compared, report.gained, report.lost) == (13, 0, 0)


def test_cleaned_there_is_one_version(library):
    rebuild = copied(library)
    control.promote(library.store)
    assert control.droppable(library.store) == rebuild.from_version
    assert control.clean(library.store, library.clock) == rebuild.from_version
    assert library.store.versions.twin() is None
    assert library.store.rebuilds.get().phase is Phase.CLEANED
    assert control.clean(library.store, library.clock) is None
    assert titles(library) == {"Harbour reopens"}


def test_cancelled_nothing_is_left(library):
    rebuild = copied(library)
    assert control.cancel(library.store, library.clock) == rebuild.to_version
    assert (library.store.versions.twin(), titles(library)) == (None, {"As it"})
    with pytest.raises(OperationError, match="no rebuilt index"):
        control.cancel(library.store, library.clock)
    assert control.start(library.store, library.clock, Asked()).rebuild_id != rebuild.rebuild_id


KILLS = [
    pytest.param("create", id="before the version is made"),
    pytest.param("update", id="before it is noted"),
]


class KilledError(Exception):
    """Stands for a kill."""


@pytest.mark.parametrize("step", KILLS)
def test_a_start_that_was_killed_is_begun_again(library, monkeypatch, step):
    where = library.store.versions if step == "create" else library.store.rebuilds

    def killed(*_, **__):
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(where, step, killed)
        with pytest.raises(KilledError):
            control.start(library.store, library.clock, Asked())
    assert len(library.documents()) == 12
    rebuild = control.start(library.store, library.clock, Asked())
    assert rebuild.to_version == library.store.versions.twin()
    assert copy_all(library.bench, rebuild)
    assert len(library.documents("twin")) == 12


@pytest.mark.parametrize(
    ("before", "killed", "after"),
    [
        pytest.param((), control.promote, Phase.PROMOTED, id="promote"),
        pytest.param((control.promote,), control.rollback, Phase.COPIED, id="rollback"),
    ],
)
def test_a_swap_that_was_not_noted_is_not_done_twice(library, monkeypatch, before, killed, after):
    copied(library)
    for step in before:
        step(library.store)
    live = library.store.versions.live()
    with monkeypatch.context() as patch:
        patch.setattr(library.store.rebuilds, "update", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            killed(library.store)
    assert library.store.versions.live() != live
    killed(library.store)
    assert library.store.versions.live() != live
    assert library.store.rebuilds.get().phase is after


def test_a_cancel_that_was_killed_is_finished_by_the_next(library, monkeypatch):
    copied(library)
    with monkeypatch.context() as patch:
        patch.setattr(library.store.versions, "drop", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            control.cancel(library.store, library.clock)
    assert library.store.versions.twin()
    assert control.cancel(library.store, library.clock)
    assert library.store.versions.twin() is None


REFUSED = [
    pytest.param((), control.promote, "no rebuilt index", id="promote nothing"),
    pytest.param(("start",), control.promote, "not finished", id="promote half a copy"),
    pytest.param(
        ("start",), control.rollback, "copying: nothing to be rolled back", id="roll half a copy back"
    ),
    pytest.param(
        ("copy",), control.rollback, "copied: nothing to be rolled back", id="roll back what is not live"
    ),
    pytest.param(("copy",), lambda store: control.clean(store, None), "not promoted", id="clean what is new"),
    pytest.param(
        ("start",), lambda store: control.clean(store, None), "not promoted", id="clean half a copy"
    ),
    pytest.param(
        ("copy", "promote"), control.promote, "promoted: nothing to be promoted", id="promote twice"
    ),
    pytest.param(
        ("copy", "promote"), lambda store: control.cancel(store, None), "rollback", id="cancel what is live"
    ),
    pytest.param(("start",), lambda store: compare(store, None, print), "copying", id="compare half a copy"),
    pytest.param((), lambda store: compare(store, None, print), "no rebuilt index", id="compare nothing"),
]


@pytest.mark.parametrize(("steps", "asked", "said"), REFUSED)
def test_what_makes_no_sense_now_is_refused(library, steps, asked, said):
    for step in steps:
        if step == "start":
            control.start(library.store, library.clock, Asked())
        elif step == "copy":
            copied(library)
        else:
            control.promote(library.store)
    with pytest.raises(OperationError, match=said):
        asked(library.store)


def test_one_rebuild_at_a_time(library):
    control.start(library.store, library.clock, Asked(selection={"domain": "news.example"}))
    with pytest.raises(UsageError, match="other options"):
        control.start(library.store, library.clock, Asked(source=Source.INDEX))
    same = control.start(library.store, library.clock, Asked(selection={"domain": "news.example"}))
    assert same == control.start(library.store, library.clock, Asked())


@pytest.mark.parametrize("phase", ["copied", "promoted"])
def test_what_was_copied_has_to_be_ended_first(library, phase):
    copied(library)
    if phase == "promoted":
        control.promote(library.store)
    with pytest.raises(UsageError, match=f"there is a rebuilt index \\({phase}\\)"):
        control.start(library.store, library.clock, Asked())


def test_progress(library):
    rebuild = control.start(library.store, library.clock, Asked())
    before = control.progress(library.store, library.clock.now())
    assert (before.seen, before.rate, before.left_s, before.workers) == (0, None, None, 0)
    copy_all(library.bench, rebuild)
    after = control.progress(library.store, library.clock.now())
    assert (after.seen, after.results, after.workers) == (12, {"remade": 12}, 0)


def test_compare_sees_what_was_lost_gained_and_changed(library):
    rebuild = control.start(library.store, library.clock, Asked())
    copy_all(library.bench, rebuild)
    control.end_copy(library.store, library.clock, rebuild)
    seen = []
    report = compare(library.store, None, seen.append)
    assert (report.compared, report.lost, report.gained) == (12, 0, 0)
    assert report.fields["title"] == report.fields["countries"] == 12
    assert seen[-1] == 12
    control.promote(library.store)
    assert compare(library.store, None, print).samples == report.samples


def test_a_sample_is_spread_over_all(library):
    copied(library)
    assert 1 <= compare(library.store, 1, print).compared <= 12
    assert compare(library.store, 64 * 12, print).compared == 12


@pytest.mark.parametrize("version", ["extractor_version", "tagger_version"])
def test_another_version_does_not_go_on_with_it(library, version):
    rebuild = control.start(library.store, library.clock, Asked())
    library.store.rebuilds.update(rebuild.rebuild_id, {version: "other"}, if_phase=Phase.COPYING)
    with pytest.raises(OperationError, match=r"of another version, its \w+ is other, ours .*cancel"):
        control.start(library.store, library.clock, Asked())
    assert control.cancel(library.store, library.clock) == rebuild.to_version


def test_the_copy_is_ended_by_whoever_finds_all_done(library):
    rebuild = control.start(library.store, library.clock, Asked())
    assert not control.end_if_done(library.store, library.clock, rebuild)
    assert copy_all(library.bench, rebuild)
    assert control.end_if_done(library.store, library.clock, rebuild)
    ended = library.store.rebuilds.get()
    assert (ended.phase, ended.said) == (Phase.COPIED, {"remade": 12})
    assert control.end_if_done(library.store, library.clock, rebuild)
    assert library.store.rebuilds.get() == ended
