"""What counts as progress, what as a hang, and whose notes are looked at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes import START, ManualClock
from worker.errors import OperationError
from worker.progress import (
    Meter,
    Progress,
    attempt_limit_s,
    find_note,
    following,
    is_stuck,
    live_notes,
    note_of,
    problem,
    write_note,
)
from worker.settings import read_settings

NOW = 1_000.0
LIMIT_S = 120.0
FINE = Progress(at=NOW - 1, moved_at=NOW - 1, ended=7, running=2, oldest_s=3, waiting=5)


@pytest.mark.parametrize(
    ("note", "said", "stuck"),
    [
        pytest.param(FINE, None, False, id="tasks end"),
        pytest.param(replace(FINE, moved_at=NOW - 119), None, False, id="one long attempt"),
        pytest.param(replace(FINE, at=NOW - 31), "no sign of life for 31 s", True, id="no note any more"),
        pytest.param(
            replace(FINE, moved_at=NOW - 130),
            "no progress for 130 s: 5 hints waiting, 2 tasks running",
            False,
            id="nothing ends",
        ),
        pytest.param(
            replace(FINE, moved_at=NOW - 250),
            "no progress for 250 s: 5 hints waiting, 2 tasks running",
            True,
            id="nothing ends for good",
        ),
        pytest.param(
            replace(FINE, moved_at=NOW - 9_999, trouble="redis: refused"),
            "no progress for 9999 s: redis: refused",
            False,
            id="a restart does not bring a server back",
        ),
        pytest.param(
            replace(FINE, oldest_s=241), "a task has been running for 241 s", False, id="one thread is lost"
        ),
    ],
)
def test_judging(note: Progress, said: str | None, stuck: bool) -> None:
    assert problem(note, NOW, LIMIT_S) == said
    assert is_stuck(note, NOW, LIMIT_S) is stuck


EARLIER = Progress(at=NOW - 2, moved_at=NOW - 50, ended=7)


@pytest.mark.parametrize(
    ("present", "moved_at"),
    [
        pytest.param({"ended": 8}, NOW, id="a task ended"),
        pytest.param({"ended": 7}, NOW, id="nothing to do"),
        pytest.param({"ended": 7, "running": 1}, NOW - 50, id="busy with the same"),
        pytest.param({"ended": 7, "waiting": 1}, NOW - 50, id="work waits"),
        pytest.param({"ended": 7, "trouble": "away"}, NOW - 50, id="idle because a server is away"),
        pytest.param({"ended": 0}, NOW, id="another process"),
    ],
)
def test_what_moves(present: dict[str, object], moved_at: float) -> None:
    assert following(EARLIER, Progress(at=NOW, moved_at=NOW, **present)).moved_at == moved_at


def test_a_meter_counts_what_ended_well_and_times_what_runs() -> None:
    clock = ManualClock()
    meter = Meter(clock)
    with meter.work():
        clock.seconds = 4.0
        with meter.work():
            clock.seconds = 9.0
            note = meter.progress(waiting=3, trouble=None)
    assert (note.running, note.oldest_s, note.ended, note.waiting) == (2, 9.0, 0, 3)
    assert note.at == START.timestamp() + 9
    with pytest.raises(OperationError), meter.work():
        raise OperationError
    note = meter.progress(waiting=0, trouble=None)
    assert (note.running, note.oldest_s, note.ended) == (0, 0.0, 2)


def test_notes_are_read_back_and_what_is_none_is_nobodys(tmp_path: Path) -> None:
    path = tmp_path / "note.json"
    assert find_note(path) is None
    write_note(path, FINE)
    assert find_note(path) == FINE
    for torn in ("", "{", "[]", '{"at": 1}', '{"at": 1, "moved_at": 1, "more": 2}'):
        path.write_text(torn)
        assert find_note(path) is None


def test_only_the_notes_of_processes_that_are_there_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "worker-99.lock").touch()
    (tmp_path / "worker-99.json").write_text("{}")
    with note_of(tmp_path, "worker") as note, note_of(tmp_path, "beat"):
        assert list(live_notes(tmp_path, "worker").values()) == [note]
    assert live_notes(tmp_path, "worker") == {}
    assert live_notes(tmp_path / "nowhere", "worker") == {}


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OperationError, match="set FEEDMILL_RUN_DIR"), note_of(tmp_path / "file", "worker"):
        pass


def test_the_limit_of_an_attempt_follows_the_settings() -> None:
    settings = read_settings(fetch_timeout_s=5, extract_timeout_s=3)
    assert attempt_limit_s(settings) == 38.0
