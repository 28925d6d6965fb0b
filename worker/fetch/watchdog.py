"""One thread that cuts connections at their deadline.

A socket's timeout starts anew with every byte, and a check per chunk never runs while a server
drips a header, a status line or a compressed block. Shutting the socket down from outside ends
every blocking call on it, whatever that call was waiting for.
"""

from __future__ import annotations

import heapq
import itertools
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.clock import Clock


class Alarm:
    """A deadline on one connection. A cut can look like a clean end of data: ask `fired`."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.fired = False

    def fire(self) -> None:
        """Cut the connection, unless it was released already."""
        if self._connection.fileno() < 0:
            return
        self.fired = True
        with suppress(OSError):  # the server was quicker
            self._connection.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Give the connection up; the alarm can't cut it any more."""
        self._connection.close()


class Watchdog:
    """Watches any number of connections; its thread starts with the first one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._alarms: list[tuple[float, int, Alarm]] = []
        self._order = itertools.count()
        self._thread: threading.Thread | None = None
        self._closed = False

    @contextmanager
    def guard(self, connection: socket.socket, deadline: float) -> Iterator[Alarm]:
        """Cut `connection` when the clock's monotonic time reaches `deadline`, within this block.

        The alarm works on a duplicate descriptor: wrapping a socket in TLS detaches the first one,
        and a closed number that is given out anew would let the watchdog cut a stranger.
        """
        alarm = Alarm(connection.dup())
        self._watch(alarm, deadline)
        try:
            yield alarm
        finally:
            with self._changed:
                alarm.release()

    def close(self) -> None:
        """Stop the thread and wait for it; connections still guarded are no longer cut."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread:
            self._thread.join()

    def _watch(self, alarm: Alarm, deadline: float) -> None:
        with self._changed:
            heapq.heappush(self._alarms, (deadline, next(self._order), alarm))
            if self._alarms[0][2] is alarm:
                self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="fetch watchdog", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                self._changed.wait(self._fire_overdue())

    def _fire_overdue(self) -> float | None:
        """Fire what is due and return the seconds until the next deadline, None where there is none."""
        while self._alarms:
            left = self._alarms[0][0] - self._clock.monotonic()
            if left > 0:
                return left
            heapq.heappop(self._alarms)[2].fire()
        return None
