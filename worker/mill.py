"""The composition root: settings in, working parts out. Nothing else builds a store or a client."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from worker.extract.pool import WorkerPool
from worker.fetch.client import Fetcher
from worker.fetch.gate import LocalGate
from worker.fetch.policy import FetchPolicy
from worker.fetch.resolver import system_resolver
from worker.store.sqlite import open_sqlite

if TYPE_CHECKING:
    from worker.clock import Clock
    from worker.fetch.resolver import Resolver
    from worker.settings import Settings
    from worker.store.base import Store


class Backlog:
    """Hints that were sent and whose tasks have not ended yet, by queue."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: Counter[str] = Counter()

    def add(self, queue: str, count: int) -> None:
        with self._lock:
            self._open[queue] += count

    def done(self, queue: str) -> None:
        with self._lock:
            self._open[queue] -= 1

    def size(self, queue: str) -> int:
        with self._lock:
            return self._open[queue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mill:
    """Everything that polling and ingesting need, built once per process."""

    settings: Settings
    clock: Clock
    store: Store
    fetcher: Fetcher
    pool: WorkerPool
    backlog: Backlog = field(default_factory=Backlog)

    def close(self) -> None:
        self.fetcher.close()
        self.pool.close()
        self.store.close()


def open_store(settings: Settings) -> Store:
    """Open the store that the settings name; a database file is created or migrated as needed."""
    if settings.sqlite_path:
        return open_sqlite(settings.sqlite_path)
    from worker.store.elasticsearch import open_elasticsearch  # noqa: PLC0415 - 230 ms that SQLite need not pay

    api_key = settings.store_api_key.get_secret_value() if settings.store_api_key else None
    return open_elasticsearch(
        settings.store_url, prefix=settings.store_prefix, api_key=api_key, ca_file=settings.store_ca_file
    )


def open_fetcher(settings: Settings, clock: Clock, resolver: Resolver = system_resolver) -> Fetcher:
    """Return a fetch client with its own gate. `resolver` replaces DNS where tests name their hosts."""
    policy = FetchPolicy(
        user_agent=settings.user_agent,
        allow_private_networks=settings.allow_private_networks,
        allow_ports=settings.allow_ports,
        timeout_s=settings.fetch_timeout_s,
        connect_timeout_s=settings.connect_timeout_s,
        host_delay_s=settings.host_delay_s,
    )
    return Fetcher(policy, LocalGate(clock), clock, resolver)


def open_pool(settings: Settings) -> WorkerPool:
    """Start the child processes that parse feeds and extract pages."""
    return WorkerPool(settings.extract_processes, settings.extract_timeout_s)


def open_mill(settings: Settings, clock: Clock, resolver: Resolver = system_resolver) -> Mill:
    """Open every part. The store comes first, so that a wrong path fails before anything starts."""
    return Mill(
        settings=settings,
        clock=clock,
        store=open_store(settings),
        fetcher=open_fetcher(settings, clock, resolver),
        pool=open_pool(settings),
    )
