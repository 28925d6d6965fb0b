"""What goes on beside a rebuild, each in a process of its own: ingestion, and a reader that always searches."""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from typing import Any

from tests.integration.desk import LEASE_S, keep, page
from tests.store.builders import A, entry, settlement
from tests.waiting import wait_for
from worker.archive.opening import open_archive
from worker.archive.writing import Rotation
from worker.clock import Clock
from worker.mill import open_store
from worker.models import SettledState
from worker.pipeline import build_candidate
from worker.settings import read_settings
from worker.store.query import make_request
from worker.tagging import use_own_tags
from worker.urls import article_id_of

_spawn = multiprocessing.get_context("spawn")
DEADLINE_S = 120.0
PAUSE_S = 0.02
"""Between two looks of the reader, which would take a core for itself."""


@dataclass(frozen=True)
class Live:
    """Articles that come while an index is rebuilt: their titles by number, in the order of their writes."""

    titles: Mapping[int, str]
    revised: frozenset[int]

    @property
    def order(self) -> list[int]:
        return list(self.titles)


def planned(old: range, new: range, revisions: int, seed: int = 8) -> Live:
    """Return new articles and revisions of old ones, mixed."""
    mixed = random.Random(seed)
    revised = frozenset(mixed.sample(old, revisions))
    titles = {number: f"Harbour closes {number}" for number in revised}
    titles |= {number: f"Ferry to the harbour starts {number}" for number in new}
    order = list(titles)
    mixed.shuffle(order)
    return Live({number: titles[number] for number in order}, revised)


class Ingestion:
    """How many of the live articles may be ingested by now, and how many are."""

    def __init__(self) -> None:
        self._allowed, self._done = _spawn.Value("i", 0), _spawn.Value("i", 0)

    @property
    def done(self) -> int:
        return self._done.value

    def allow(self, most: int) -> None:
        self._allowed.value = most

    def have(self, number: int) -> None:
        """Wait until so many are ingested."""
        self.allow(number)
        wait_for(lambda: self.done >= number, f"{number} to be ingested", DEADLINE_S)


@contextmanager
def ingesting(settings: Mapping[str, Any], live: Live) -> Iterator[Ingestion]:
    """Ingest in a process of its own as many of the live articles as are allowed, in the end all."""
    ingestion = Ingestion()
    values = (ingestion._allowed, ingestion._done)
    process = _spawn.Process(target=_ingest, args=(settings, live, *values), daemon=True)
    process.start()
    try:
        yield ingestion
        ingestion.allow(len(live.titles))
        process.join(DEADLINE_S)
        assert process.exitcode == 0
    finally:
        process.kill()


def _ingest(
    settings: Mapping[str, Any], live: Live, allowed: Synchronized[int], finished: Synchronized[int]
) -> None:
    configured = read_settings(**settings)
    use_own_tags(configured)
    clock, store = Clock(), open_store(configured)
    rotation = Rotation(max_bytes=200_000, max_age_s=5)
    archive = open_archive(configured.archive_folder, rotation, clock, print)
    done, order = 0, live.order
    while done < len(order):
        wait_for(lambda: allowed.value > done, "more to ingest", DEADLINE_S)
        some = order[done : min(allowed.value, done + 10)]
        ids = [f"entry-{number}" for number in some]
        new = [number for number in some if number not in live.revised]
        store.entries.admit(A, [entry(str(number), title="") for number in new], clock.now())
        store.entries.retry([f"entry-{number}" for number in some if number in live.revised], clock.now())
        claims = {each.entry_id: each for each in store.entries.claim(ids, clock.now(), LEASE_S)}
        settlements = []
        for number in some:
            fetched = page(number, live.titles[number].rpartition(" ")[0], clock.now())
            built = build_candidate(
                fetched,
                store.entries.start(claims[f"entry-{number}"]),
                feed_title=None,
                tick=clock.monotonic,
                archive=keep(archive, fetched, number),
            )
            settlements.append(settlement(claims[f"entry-{number}"], built.candidate.document))
        archive.sync()
        assert {each.state for each in store.settle(settlements, clock.now())} == {SettledState.FINISHED}
        done += len(some)
        finished.value = done
    archive.close()
    store.close()


@dataclass
class Seen:
    """What the reader saw: how often it looked, the fewest articles, and the titles of one, as they changed."""

    looks: int = 0
    fewest: int = 10**9
    titles: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


@contextmanager
def reading(settings: Mapping[str, Any], watched: str) -> Iterator[Seen]:
    """Search all the time, and look the watched article up; what was seen is there at the end."""
    stop = _spawn.Event()
    here, there = _spawn.Pipe(duplex=False)
    process = _spawn.Process(target=_read, args=(settings, watched, stop, there), daemon=True)
    process.start()
    assert here.poll(DEADLINE_S)
    here.recv()
    seen = Seen()
    try:
        yield seen
    finally:
        stop.set()
        assert here.poll(DEADLINE_S)
        seen.__dict__.update(here.recv().__dict__)
        process.join(DEADLINE_S)


def _read(settings: Mapping[str, Any], watched: str, stop: Any, answer: Connection) -> None:
    store, seen = open_store(read_settings(**settings)), Seen()
    everything = make_request("harbour", limit=1)
    while not stop.wait(PAUSE_S):
        try:
            found = store.articles.search(everything).total
            count = store.articles.count()
            document = store.articles.get(article_id_of(watched))
        except Exception as error:  # noqa: BLE001 - any failure at all is what must not be
            seen.failures.append(repr(error))
            continue
        title = document.title if document else "nothing"
        if not seen.titles or seen.titles[-1] != title:
            seen.titles.append(title)
        seen.fewest = min(seen.fewest, found, count)
        seen.looks += 1
        if seen.looks == 1:
            answer.send("began")
    answer.send(seen)
    store.close()
