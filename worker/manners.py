"""robots.txt before every page: asked for once per origin and day, kept in the store, obeyed at once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from worker.errors import (
    DnsError,
    FetchError,
    HostBusyError,
    HostUnreachableError,
    RobotsError,
    RobotsUnavailableError,
    TlsError,
)
from worker.fetch import robots
from worker.fetch.policy import ROBOTS
from worker.urls import site_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.clock import Clock
    from worker.fetch.client import Fetcher
    from worker.fetch.gate import HostGate
    from worker.fetch.robots import Rules
    from worker.models import Robots
    from worker.store.base import HostStore

log = structlog.get_logger()

BEING_ASKED_WAIT_S = 1.0
"""How long a row is put off while another thread asks for its host's robots.txt: most take a fraction of it,
and the page would have to wait for the gate anyway."""
_MOST_TEXT = 4_000_000
"""Characters of robots.txt whose rules a process keeps: some two thousand origins. Rules take up to 50 times
the room of their text; what is dropped is read from the store again."""


@dataclass(frozen=True, slots=True)
class _Known:
    record: Robots
    rules: Rules

    @property
    def size(self) -> int:
        return 1000 + len(self.record.text or "")


class Manners:
    """What hosts want of us, for all threads of a process. `user_agent` is the header that is sent."""

    def __init__(
        self, fetcher: Fetcher, gate: HostGate, hosts: HostStore, clock: Clock, user_agent: str
    ) -> None:
        self._fetcher = fetcher
        self._gate = gate
        self._hosts = hosts
        self._clock = clock
        self._token = robots.product_token(user_agent)
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._size = 0
        self._asking: set[str] = set()

    def permit(self, url: str) -> None:
        """Return where robots.txt allows the URL to be fetched; slow its site down where it says so.

        Raises:
            RobotsError: it does not.
            RobotsUnavailableError: it can't be had, and was never read.
            FetchError: the host can't be reached at all.
            HostBusyError: another thread asks for it now, or it has to wait for the gate.
            StoreError: what is known of the host can't be read.
        """
        rules = self._rules(url)
        if rules.unknown:
            raise RobotsUnavailableError(url, "the host's robots.txt can't be had")
        if rules.crawl_delay_s:
            self._gate.slow(site_of(url), rules.crawl_delay_s)
        if not rules.allow(url):
            raise RobotsError(url, "the host's robots.txt disallows it")

    def _rules(self, url: str) -> Rules:
        origin, now = robots.origin_of(url), self._clock.now()
        with self._lock:
            known = self._known.get(origin)
            if known and robots.is_fresh(known.record, now):
                self._known.move_to_end(origin)
                return known.rules
        with self._alone(origin, site_of(url)):
            record = self._hosts.robots(origin)
            if record is None or not robots.is_fresh(record, now):
                record = self._ask(origin, record)
                self._hosts.keep_robots(record)
            rules = robots.rules_of(record, self._token, now)
            self._keep(origin, _Known(record, rules))
        return rules

    def _ask(self, origin: str, known: Robots | None) -> Robots:
        """Return what the origin answers, or what holds where it fails.

        A host that can't be reached at all has said nothing, and keeps nobody from asking again: its
        page can't be had either, for the same reason.
        """
        url = f"{origin}/robots.txt"
        try:
            page = self._fetcher.fetch(url, ROBOTS)
        except (DnsError, HostUnreachableError, TlsError):
            raise
        except FetchError as error:
            log.info("no robots.txt", url=url, reason=error.reason)
            now = self._clock.now()
            # What no later try would change is as good as absent: 4xx, redirects that lead nowhere.
            return robots.failed(known, origin, now) if error.retryable else robots.answered(origin, "", now)
        return robots.answered(origin, robots.text_of(page.body), page.fetched_at)

    def _keep(self, origin: str, known: _Known) -> None:
        with self._lock:
            if replaced := self._known.pop(origin, None):
                self._size -= replaced.size
            self._known[origin] = known
            self._size += known.size
            while self._size > _MOST_TEXT and len(self._known) > 1:
                self._size -= self._known.popitem(last=False)[1].size

    @contextmanager
    def _alone(self, origin: str, site: str) -> Iterator[None]:
        with self._lock:
            if origin in self._asking:
                raise HostBusyError(site, BEING_ASKED_WAIT_S)
            self._asking.add(origin)
        try:
            yield
        finally:
            with self._lock:
                self._asking.discard(origin)
