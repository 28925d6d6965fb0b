"""What a long-running process notes of its progress, and how a look at the note judges it.

It is about work done, not about a process being there: tasks ended, or nothing was left to do. The
supervisor holds a lock beside the note, so that the note of a process that is gone is never judged.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from worker.errors import OperationError
from worker.store.writer import STOP_GRACE_S

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from worker.clock import Clock
    from worker.settings import Settings

NOTE_S = 1.0
"""How often a process notes its progress."""
SILENT_S = 30.0
"""No note for so long, and the process hangs: thirty notes missed on however busy a machine."""


def attempt_limit_s(settings: Settings) -> float:
    """Return the longest that one attempt takes, and so a stop: fetch, extraction, a store that is away."""
    return settings.fetch_timeout_s + settings.extract_timeout_s + STOP_GRACE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One note. Times are seconds since the epoch on the process's own clock.

    moved_at: when a task last ended well, or when there was last nothing to do. ended: tasks that
    ended well. running, oldest_s: tasks that run now, and for how long the oldest has. waiting: hints
    in the process's queues. trouble: why nothing can move, where that is known.
    """

    at: float
    moved_at: float
    ended: int = 0
    running: int = 0
    oldest_s: float = 0.0
    waiting: int = 0
    trouble: str | None = None

    def is_idle(self) -> bool:
        return not (self.running or self.waiting or self.trouble)


class Meter:
    """Counts what the threads of a process do."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._began: dict[object, float] = {}
        self._ended = 0

    @contextmanager
    def work(self) -> Iterator[None]:
        """Count what runs inside as ended, unless it raises."""
        key = object()
        with self._lock:
            self._began[key] = self._clock.monotonic()
        try:
            yield
            with self._lock:
                self._ended += 1
        finally:
            with self._lock:
                del self._began[key]

    def progress(self, waiting: int, trouble: str | None) -> Progress:
        """Return a note as of now."""
        now, ticks = self._clock.now().timestamp(), self._clock.monotonic()
        with self._lock:
            oldest = min(self._began.values(), default=ticks)
            return Progress(
                at=now,
                moved_at=now,
                ended=self._ended,
                running=len(self._began),
                oldest_s=round(ticks - oldest, 1),
                waiting=waiting,
                trouble=trouble,
            )


def following(earlier: Progress, now: Progress) -> Progress:
    """Return the present note, knowing the one before it: only then can it tell whether anything moved."""
    if now.ended != earlier.ended or now.is_idle():
        return now
    return replace(now, moved_at=earlier.moved_at)


def problem(progress: Progress, now: float, limit_s: float) -> str | None:
    """Return what is wrong, in a few words; None where it goes on. `limit_s`: longest time of one attempt."""
    if now - progress.at > SILENT_S:
        return f"no sign of life for {now - progress.at:.0f} s"
    still_s = now - progress.moved_at
    if still_s > limit_s:
        why = progress.trouble or f"{progress.waiting} hints waiting, {progress.running} tasks running"
        return f"no progress for {still_s:.0f} s: {why}"
    if progress.oldest_s > 2 * limit_s:
        return f"a task has been running for {progress.oldest_s:.0f} s"
    return None


def is_stuck(progress: Progress, now: float, limit_s: float) -> bool:
    """Return whether only a restart can help: it hangs, or nothing moves though nothing else is away."""
    is_silent = now - progress.at > SILENT_S
    return is_silent or (progress.trouble is None and now - progress.moved_at > 2 * limit_s)


def write_note(path: Path, progress: Progress) -> None:
    """Replace the note at once: whoever reads it finds the old one or the new one."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(progress)), encoding="utf-8")
    fresh.replace(path)


def find_note(path: Path) -> Progress | None:
    """Return the last note, None where there is none yet."""
    try:
        return Progress(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


@contextmanager
def note_of(folder: Path, kind: str) -> Iterator[Path]:
    """Yield where this process's progress is to be noted; while active, the place counts as a live one's.

    Raises:
        OperationError: the folder can't be written.
    """
    lock_path = folder / f"{kind}-{os.getpid()}.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = lock_path.open("w")
    except OSError as error:
        raise OperationError(f"cannot write {lock_path}: {error.strerror}: set FEEDMILL_RUN_DIR") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        note = lock_path.with_suffix(".json")
        try:
            yield note
        finally:
            note.unlink(missing_ok=True)
            lock_path.unlink(missing_ok=True)


def live_notes(folder: Path, kind: str) -> dict[int, Path]:
    """Return the notes of the processes of this kind that are there, by process id."""
    locks = sorted(folder.glob(f"{kind}-*.lock"))
    return {int(lock.stem.rpartition("-")[2]): lock.with_suffix(".json") for lock in locks if _is_held(lock)}


def _is_held(lock_path: Path) -> bool:
    try:
        with lock_path.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
