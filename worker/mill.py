"""The composition root: settings in, working parts out. Nothing else builds a store or a client."""

from __future__ import annotations

from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from worker.enrich.own import install
from worker.errors import ArchiveUnavailableError, BrokerError
from worker.extract.pool import WorkerPool
from worker.fetch.client import Fetcher
from worker.fetch.gate import LocalGate
from worker.fetch.policy import FetchPolicy
from worker.fetch.resolver import system_resolver
from worker.fetch.seats import share_of
from worker.manners import Manners
from worker.stops import StoredStops
from worker.store.outage import Outage
from worker.store.sqlite import open_sqlite
from worker.tagging import say_own_tags, use_own_tags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis import Redis

    from worker.archive.base import Archive
    from worker.broker.gate import RedisGate
    from worker.broker.roll import Roll
    from worker.broker.ticks import RedisTicks
    from worker.clock import Clock
    from worker.enrich.own import OwnTags
    from worker.fetch.gate import HostGate
    from worker.fetch.resolver import Resolver
    from worker.settings import Settings
    from worker.store.base import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Mill:
    """Everything that polling and ingesting need, built once per process."""

    settings: Settings
    clock: Clock
    store: Store
    gate: HostGate
    fetcher: Fetcher
    manners: Manners
    pool: WorkerPool
    archive: Archive

    def close(self) -> None:
        self.fetcher.close()
        self.pool.close()
        with suppress(ArchiveUnavailableError):  # it was told; the next start closes what is left open
            self.archive.close()
        self.store.close()


def open_store(settings: Settings) -> Store:
    """Open the store that the settings name; a database file is created or migrated as needed."""
    if settings.sqlite_path:
        return open_sqlite(settings.sqlite_path)
    from worker.store.elasticsearch import open_elasticsearch  # noqa: PLC0415 - 230 ms that SQLite need not pay

    api_key = settings.store_api_key.get_secret_value() if settings.store_api_key else None
    return open_elasticsearch(
        settings.store_url,
        prefix=settings.store_prefix,
        api_key=api_key,
        ca_file=settings.store_ca_file,
        ledger_shards=settings.ledger_shards,
    )


def open_fetcher(
    settings: Settings,
    clock: Clock,
    resolver: Resolver = system_resolver,
    gate: HostGate | None = None,
) -> Fetcher:
    """Return a fetch client, by default with a gate of its own.

    `resolver` replaces DNS where tests name their hosts.
    """
    policy = FetchPolicy(
        user_agent=settings.user_agent,
        allow_private_networks=settings.allow_private_networks,
        allow_ports=settings.allow_ports,
        timeout_s=settings.fetch_timeout_s,
        connect_timeout_s=settings.connect_timeout_s,
        host_delay_s=settings.host_delay_s,
        per_site=share_of(settings.fetch_threads),
    )
    return Fetcher(policy, gate or LocalGate(clock), clock, resolver)


@contextmanager
def open_gate(settings: Settings, clock: Clock, outage: Outage) -> Iterator[HostGate]:
    """Give the gate that all workers share, for a command; where none is shared, one of its own."""
    if settings.is_embedded:
        yield LocalGate(clock)
        return
    from worker.broker.connection import open_redis  # noqa: PLC0415 - as in `open_shared`
    from worker.broker.gate import RedisGate  # noqa: PLC0415

    with closing(open_redis(settings.broker_url, settings.broker_ca_file)) as client:
        yield RedisGate(client, outage)


def open_pool(settings: Settings) -> WorkerPool:
    """Start the child processes that parse feeds and extract pages, and tag them with the own tags in force.

    Raises:
        OwnTagsError: files of own tags are wrong.
    """
    return _pool(settings, use_own_tags(settings))


def _pool(settings: Settings, own: OwnTags) -> WorkerPool:
    return WorkerPool(settings.extract_processes, settings.extract_timeout_s, set_up=partial(install, own))


def open_own_archive(settings: Settings, clock: Clock, outage: Outage) -> Archive:
    """Open the archive that the settings name; `outage` is told where it fails.

    Raises:
        OperationError: its folder cannot be used, or its object store refuses.
    """
    from worker.archive.opening import open_archive  # noqa: PLC0415 - .1 s, for nothing where one searches
    from worker.archive.writing import Rotation  # noqa: PLC0415

    rotation = Rotation(
        max_bytes=settings.archive_file_mb * 1_000_000, max_age_s=settings.archive_file_minutes * 60
    )
    return open_archive(settings.archive_folder, rotation, clock, outage.met, settings.archive_bucket)


def open_mill(
    settings: Settings,
    clock: Clock,
    resolver: Resolver = system_resolver,
    *,
    outage: Outage,
    gate: HostGate | None = None,
) -> Mill:
    """Open every part. Own tags, archive and store come first: what is wrong fails before anything starts.

    The gate, by default one of this process alone, keeps its stops in the store from here on; `outage`
    is told where it can't.
    """
    own = use_own_tags(settings)
    say_own_tags(settings, own)
    archive = open_own_archive(settings, clock, outage)
    store = open_store(settings)
    gate = gate or LocalGate(clock)
    gate.remember(StoredStops(store.hosts, clock, outage))
    fetcher = open_fetcher(settings, clock, resolver, gate)
    return Mill(
        settings=settings,
        clock=clock,
        store=store,
        gate=gate,
        fetcher=fetcher,
        manners=Manners(fetcher, gate, store.hosts, clock, settings.user_agent),
        pool=_pool(settings, own),
        archive=archive,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What all workers share through Redis, as one of them uses it."""

    client: Redis
    gate: RedisGate
    ticks: RedisTicks
    roll: Roll
    outage: Outage
    worker_id: str

    def leave(self) -> None:
        """Strike this worker off the roll, if that can be said now, and close the connections."""
        try:
            self.roll.leave(self.worker_id)
        except BrokerError as error:
            self.outage.met(error)
        self.client.close()


def open_shared(settings: Settings, clock: Clock) -> Shared:
    """Return the shared parts. Nothing is sent yet."""
    from worker.broker.connection import open_redis  # noqa: PLC0415 - the embedded service has no use for it
    from worker.broker.gate import RedisGate  # noqa: PLC0415
    from worker.broker.roll import Roll  # noqa: PLC0415
    from worker.broker.ticks import RedisTicks  # noqa: PLC0415

    client = open_redis(settings.broker_url, settings.broker_ca_file)
    outage = Outage(clock)
    return Shared(
        client=client,
        gate=RedisGate(client, outage),
        ticks=RedisTicks(client),
        roll=Roll(client),
        outage=outage,
        worker_id=clock.token(),
    )
