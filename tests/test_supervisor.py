"""A child is kept at work, stopped with its parent, and never left behind. Children are real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.waiting import wait_for
from worker.clock import Clock
from worker.errors import OperationError
from worker.progress import Progress, find_note, write_note
from worker.supervisor import Supervisor, restart_wait_s

pytestmark = pytest.mark.slow

WAIT = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); signal.pause()"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('deaf', 'w'); signal.pause()"


@pytest.mark.parametrize(
    ("restarts", "seconds"), [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (5_000, 60)]
)
def test_restarts_come_ever_later(restarts: int, seconds: float) -> None:
    assert restart_wait_s(restarts) == seconds


@pytest.fixture
def keep(tmp_path: Path, monkeypatch) -> Iterator[Callable[..., Supervisor]]:
    """Return `keep(code)`: a supervisor at work, in a thread, on a child that runs this code."""
    monkeypatch.chdir(tmp_path)
    started: list[tuple[Supervisor, threading.Thread]] = []

    def keep(code: str, limit_s: float = 30.0) -> Supervisor:
        supervisor = Supervisor([sys.executable, "-c", code], tmp_path / "note", limit_s, Clock())
        thread = threading.Thread(target=supervisor.run, daemon=True)
        thread.start()
        started.append((supervisor, thread))
        return supervisor

    yield keep
    for supervisor, thread in started:
        supervisor.stop()
        thread.join(30)
        assert not thread.is_alive()


def starts(tmp_path: Path) -> int:
    path = tmp_path / "starts"
    return len(path.read_text()) if path.exists() else 0


COUNT = "open('starts', 'a').write('x'); "


def test_a_child_that_dies_is_started_again(keep, tmp_path):
    keep(f"{COUNT} import os; os.getpid() and {'os._exit(3)'}")
    wait_for(lambda: starts(tmp_path) >= 2, "a second start")


def test_a_child_that_ends_well_unasked_is_started_again_too(keep, tmp_path):
    keep(f"{COUNT}")
    wait_for(lambda: starts(tmp_path) >= 2, "a second start")


def test_a_child_that_no_longer_notes_anything_is_killed_and_started_again(keep, tmp_path):
    keep(f"{COUNT}{WAIT}")
    wait_for(lambda: starts(tmp_path) == 1, "the child")
    note = find_note(tmp_path / "note")
    assert note is not None, "a start counts as a sign of life"
    write_note(tmp_path / "note", replace(note, at=note.at - 60))
    wait_for(lambda: starts(tmp_path) >= 2, "a second start")
    fresh = find_note(tmp_path / "note")
    assert fresh is not None
    assert fresh.at >= note.at


@contextmanager
def stopping(supervisor: Supervisor) -> Iterator[None]:
    """Stop the supervisor as soon as its child is there."""
    thread = threading.Thread(target=lambda: (wait_for(Path("deaf").exists, "the child"), supervisor.stop()))
    thread.start()
    yield
    thread.join()


def test_a_child_that_is_deaf_to_the_stop_is_killed_and_that_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    supervisor = Supervisor([sys.executable, "-c", DEAF], tmp_path / "note", 2.0, Clock())
    with stopping(supervisor), pytest.raises(OperationError, match="had not ended 2 s after the stop"):
        supervisor.run()


def test_a_signal_stops_the_child_and_then_the_parent(tmp_path):
    with parent(WAIT, tmp_path) as (process, child):
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        wait_for(lambda: not is_there(child), "the child's end")


def test_a_child_does_not_outlive_a_parent_that_is_killed(tmp_path):
    with parent("import sys; sys.stdin.read()", tmp_path) as (process, child):
        process.kill()
        process.wait(30)
        wait_for(lambda: not is_there(child), "the child's end")


@contextmanager
def parent(code: str, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run a supervisor as a process of its own; yield it and its child's id."""
    marked = (
        f"import os; open('child.new', 'w').write(str(os.getpid())); os.rename('child.new', 'child'); {code}"
    )
    program = (
        "import sys; from pathlib import Path; from worker.clock import Clock; "
        "from worker.supervisor import Supervisor; "
        f"Supervisor([sys.executable, '-c', {marked!r}], Path('note'), 30.0, Clock()).run()"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path)
    try:
        wait_for((tmp_path / "child").exists, "the child")
        yield process, int((tmp_path / "child").read_text())
    finally:
        process.kill()
        process.wait()


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_note_of_an_earlier_child_says_nothing_of_the_next(keep, tmp_path):
    write_note(tmp_path / "note", Progress(at=0, moved_at=0, ended=9))
    keep(WAIT)
    wait_for(lambda: (note := find_note(tmp_path / "note")) and note.at > 0, "a note of the start")
