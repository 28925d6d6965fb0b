"""A look at the web by hand, through the gate: sites that asked for a pause have it from here too."""

from __future__ import annotations

from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from worker.errors import HostBusyError, HttpRetryableError, SitePausedError
from worker.fetch.gate import MAX_STOP_S
from worker.mill import open_fetcher, open_gate, open_pool
from worker.ops.preview import check_url
from worker.ops.text import when
from worker.stops import StoredStops
from worker.store.outage import Outage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worker.clock import Clock
    from worker.errors import ArchiveError, BrokerError, StoreError
    from worker.extract.pool import WorkerPool
    from worker.fetch.client import Fetcher
    from worker.ops.preview import Checked
    from worker.settings import Settings
    from worker.store.base import HostStore

LONGEST_TURN_S = 60.0
"""The longest that a look waits for its turn; a site that is busy for longer has asked for a pause."""


class Look:
    """Looks at feeds, one after the other. `say` is told in a sentence what is waited for."""

    def __init__(
        self, fetcher: Fetcher, pool: WorkerPool, clock: Clock, say: Callable[[str], object]
    ) -> None:
        self._fetcher = fetcher
        self._pool = pool
        self._clock = clock
        self._say = say

    def at(self, url: str) -> Checked:
        """Return what `check_url` does, once it is the look's turn at the site.

        Raises:
            SitePausedError: the site asked for a pause, just now or earlier.
            FetchError, ParseError: as `check_url`.
            BrokerError, StoreError: the gate can't be asked.
        """
        ends = self._clock.monotonic() + LONGEST_TURN_S
        while True:
            try:
                return check_url(url, self._fetcher, self._pool, self._clock)
            except HostBusyError as busy:
                if self._clock.monotonic() + busy.wait_s > ends:
                    raise self._paused(url, f"{busy.host} asked for a pause", busy.wait_s) from busy
                self._say(f"waiting {busy.wait_s:.0f} s for {busy.host}")
                self._clock.sleep(busy.wait_s)
            except HttpRetryableError as error:
                if error.status not in (429, 503) or not error.retry_after_s:
                    raise
                raise self._paused(
                    url, f"HTTP {error.status}, asks for a pause", error.retry_after_s
                ) from error

    def _paused(self, url: str, said: str, wait_s: float) -> SitePausedError:
        until = self._clock.now() + timedelta(seconds=min(wait_s, MAX_STOP_S))
        return SitePausedError(f"{url}: {said} until {when(until)} UTC")


class _Fatal(Outage):
    """What is away is why a command fails: nothing else could use what it would go on with."""

    def met(self, error: StoreError | BrokerError | ArchiveError) -> None:
        raise error


@contextmanager
def open_look(
    settings: Settings, clock: Clock, hosts: HostStore, say: Callable[[str], object]
) -> Iterator[Look]:
    """Give a look that knows the pauses kept in `hosts`, and keeps there those it is told of."""
    outage = _Fatal(clock)
    with open_gate(settings, clock, outage) as gate:
        gate.remember(StoredStops(hosts, clock, outage))
        one_child = settings.model_copy(update={"extract_processes": 1})
        with (
            closing(open_fetcher(one_child, clock, gate=gate)) as fetcher,
            closing(open_pool(one_child)) as pool,
        ):
            yield Look(fetcher, pool, clock, say)
