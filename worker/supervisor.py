"""Keeping one child process at work: started again when it ends or hangs, stopped with its parent."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import structlog

from worker.errors import OperationError
from worker.progress import Progress, find_note, is_stuck, write_note
from worker.signals import stop_signals

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from worker.clock import Clock

log = structlog.get_logger()

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
"""Waits before a restart; they double."""
STEADY_S = 300.0
"""A child that ran so long counts as one that works: the next wait is the first again."""
LOOK_S = 0.2
"""How often the child is looked at: also how late a signal to the parent may be answered."""


class Supervisor:
    """Runs a command until told to stop.

    The child's standard input is a pipe that nobody writes to: it ends when this process is gone, in
    whichever way, and the child stops then too.

    Args:
        command: the child's command line.
        note: where the child notes its progress; one that is stuck is killed.
        limit_s: the longest that one attempt takes, and so a stop: after it the child is killed.
        clock: the injected clock.
    """

    def __init__(self, command: Sequence[str], note: Path, limit_s: float, clock: Clock) -> None:
        self._command = command
        self._note = note
        self._limit_s = limit_s
        self._clock = clock
        self._stopping = False

    def run(self) -> None:
        """Run until SIGINT or SIGTERM.

        Raises:
            OperationError: the child had to be killed after the stop.
        """
        restarts = 0
        with stop_signals(self.stop):
            while not self._stopping:
                began = self._clock.monotonic()
                code = self._run_once()
                if self._is_stopping():
                    return
                restarts = 0 if self._clock.monotonic() - began >= STEADY_S else restarts + 1
                wait_s = restart_wait_s(restarts)
                log.error("child ended", code=code, restart_in_s=wait_s)
                self._pause(wait_s)

    def stop(self) -> None:
        """Ask for the end; called from a signal handler, so it only leaves word."""
        self._stopping = True

    def _is_stopping(self) -> bool:
        """Ask again: a signal may have come since."""
        return self._stopping

    def _run_once(self) -> int:
        """Start the child and return its exit code; after a stop, make sure that it ends."""
        now = self._clock.now().timestamp()
        write_note(self._note, Progress(at=now, moved_at=now))  # an earlier child's says nothing of this one
        # The command line is our own.
        with subprocess.Popen(self._command, stdin=subprocess.PIPE, start_new_session=True) as child:  # noqa: S603
            try:
                while child.poll() is None and not self._stopping:
                    if self._is_stuck():
                        log.error("child is stuck", pid=child.pid, note="killed; leases give its work back")
                        child.kill()
                    self._clock.sleep(LOOK_S)
                if self._stopping:
                    self._end(child)
            except BaseException:
                child.kill()  # a second signal: quit at once
                raise
            return child.wait()

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        child.terminate()
        try:
            child.wait(self._limit_s)
        except subprocess.TimeoutExpired:
            child.kill()
            raise OperationError(
                f"the child had not ended {self._limit_s:.0f} s after the stop and was killed; "
                "its entries come due again when their leases end"
            ) from None

    def _is_stuck(self) -> bool:
        note = find_note(self._note)
        return note is not None and is_stuck(note, self._clock.now().timestamp(), self._limit_s)

    def _pause(self, seconds: float) -> None:
        until = self._clock.monotonic() + seconds
        while self._clock.monotonic() < until and not self._stopping:
            self._clock.sleep(LOOK_S)


def restart_wait_s(restarts: int) -> float:
    """Return seconds until the next start, after so many in a row."""
    doublings = min(max(0, restarts - 1), 10)  # beyond the longest by far, and within what a float holds
    return min(FIRST_WAIT_S * 2.0**doublings, LONGEST_WAIT_S)
