"""One slow site can't have all threads: each is given no more than its share of them at once."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from worker.errors import HostBusyError

if TYPE_CHECKING:
    from collections.abc import Iterator

SEAT_PATIENCE_S = 0.25
"""How long a thread waits for a seat: several requests of a site that is quick, and so short that threads
which only wait for a slow one are free again nearly all the time."""
SEATS_TAKEN_WAIT_S = 2.0
"""How long a row is put off when its site has no seat left: about one politeness delay."""


def share_of(threads: int) -> int:
    """Return how many of a process's threads may be in requests to one site: a quarter, at least two.

    Two, since a site whose first request hangs must not look dead to a process of few threads.
    """
    return max(2, threads // 4)


class Seats:
    """Counts the threads that are in requests to each site, politeness waits included."""

    def __init__(self, per_site: int) -> None:
        self._per_site = per_site
        self._taken: Counter[str] = Counter()
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, site: str) -> Iterator[None]:
        """Hold one of the site's seats.

        Raises:
            HostBusyError: none got free within `SEAT_PATIENCE_S`.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._taken[site] < self._per_site, SEAT_PATIENCE_S):
                raise HostBusyError(site, SEATS_TAKEN_WAIT_S)
            self._taken[site] += 1
        try:
            yield
        finally:
            self._leave(site)

    def _leave(self, site: str) -> None:
        with self._changed:
            self._taken[site] -= 1
            if not self._taken[site]:
                del self._taken[site]
            self._changed.notify_all()
