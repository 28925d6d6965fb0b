"""A rebuild while others write, search, and swap: nothing is lost, doubled or older, and no search fails."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from tests.store.builders import LEASE_S, NOW, A, B, document, entry, later, settlement
from tests.store.copier import Copier, Killed
from worker.models import Claim, Document, SettledState, Settlement
from worker.store.base import Store
from worker.store.query import make_request
from worker.store.versions import is_same_write

BASE, NEW, REVISED, JOINED = 2_000, 500, 200, 300
WRITERS = 4
LATER = later(60)


def body(name: str, version: int) -> str:
    return f"common words of {name}, version {version}"


def written(name: str, version: int) -> Document:
    return replace(
        document(name, body=body(name, version)), fetched_at=later(60 * (version - 1)), word_count=999
    )


def claims_of(store: Store, names: list[str]) -> list[Claim]:
    claims = store.entries.claim([f"entry-{name}" for name in names], LATER, LEASE_S)
    assert len(claims) == len(names)
    return claims


def settle_all(store: Store, attempts: list[Settlement]) -> None:
    """As the writer does: what was refused is settled again."""
    while attempts:
        settled = store.settle(attempts, LATER)
        assert {each.state for each in settled} <= {SettledState.FINISHED, SettledState.REFUSED}
        attempts = [
            attempt
            for attempt, each in zip(attempts, settled, strict=True)
            if each.state is SettledState.REFUSED
        ]


@dataclass
class Pace:
    """Lets writers get about as far as the copier is, so that they are at work when it swaps."""

    done: float = 0.0
    moved: threading.Condition = field(default_factory=threading.Condition)

    def reach(self, done: float) -> None:
        with self.moved:
            self.done = done
            self.moved.notify_all()

    def wait_for(self, done: float) -> None:
        with self.moved:
            assert self.moved.wait_for(lambda: self.done >= done, timeout=100)


@contextmanager
def reading(store: Store, least: int) -> Iterator[None]:
    """Search all the time; fail where a search failed or found fewer articles than there were."""
    stop, seen = threading.Event(), [least]

    def read() -> int:
        searches = 0
        while not stop.is_set():
            seen[0] = min(seen[0], store.articles.search(make_request("common", limit=5)).total)
            searches += 1
        return searches

    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(read)
        try:
            yield
        finally:
            stop.set()
        assert reader.result() > 10
    assert seen == [least]


@pytest.fixture
def base(store: Store) -> list[str]:
    """The names of 2,000 articles that are there."""
    names = [f"b{n}" for n in range(BASE)]
    store.entries.admit(A, [entry(name) for name in names], NOW)
    for start in range(0, BASE, 250):
        claims = claims_of(store, names[start : start + 250])
        settle_all(store, [settlement(each, written(each.entry_id[6:], 1)) for each in claims])
    store.articles.refresh()
    return names


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(5))
def test_writers_a_copier_and_a_swap(store: Store, base: list[str], seed: int) -> None:
    rnd, pace = random.Random(seed), Pace()
    new, revised, joined = [f"n{n}" for n in range(NEW)], rnd.sample(base, REVISED), rnd.sample(base, JOINED)
    store.entries.admit(A, [entry(name, title="New") for name in (*new, *revised)], LATER)
    attempts = [
        settlement(each, written(name, 2 if name in set(revised) else 1))
        for each in claims_of(store, [*new, *revised])
        for name in [each.entry_id[6:]]
    ]
    rnd.shuffle(attempts)
    joins = [entry(name, B) for name in joined]
    work: list[Callable[[], object]] = [
        *(lambda part=part: settle_all(store, part) for part in parts(rnd, attempts, 12)),
        *(lambda part=part: store.entries.admit(B, part, LATER) for part in parts(rnd, joins, 12)),
    ]
    rnd.shuffle(work)
    live, into = store.versions.live(), store.versions.create()
    copier = Copier(store, into, lambda: advance(pace, copier, rnd))
    with reading(store, BASE), ThreadPoolExecutor(WRITERS + 1) as pool:
        turns = iter(enumerate(work))
        lock = threading.Lock()
        writers = [pool.submit(write, turns, lock, len(work), pace) for _ in range(WRITERS)]
        copier.run()
        store.versions.swap()
        pace.reach(2.0)
        for each in writers:
            each.result()
    assert (store.versions.live(), store.versions.twin()) == (into, live)
    check(store, {*base, *new}, set(revised), set(joined))
    store.versions.swap()
    assert store.versions.live() == live
    check(store, {*base, *new}, set(revised), set(joined))


def parts(rnd: random.Random, items: list, most: int) -> Iterator[list]:
    while items:
        size = rnd.randint(1, most)
        yield items[:size]
        items = items[size:]


def write(turns: Iterator, lock: threading.Lock, count: int, pace: Pace) -> None:
    """Take turns until none is left; the last few wait for the swap, those before may meet it."""
    while True:
        with lock:
            turn = next(turns, None)
        if turn is None:
            return
        pace.wait_for(turn[0] / count * 1.05 - 0.05)
        turn[1]()


def advance(pace: Pace, copier: Copier, rnd: random.Random) -> int:
    pace.reach(len(copier.seen) / BASE)
    return rnd.randint(20, 120)


def everything(store: Store, which) -> list[Document]:
    store.articles.refresh()
    found: list[Document] = []
    while page := store.versions.page(found[-1].article_id if found else "", "", 500, which):
        found += page
    return found


def check(store: Store, names: set[str], revised: set[str], joined: set[str]) -> None:
    """Every article is in both versions once, as its latest write left it, and known to all its feeds."""
    live, twin = everything(store, "live"), everything(store, "twin")
    urls = sorted(f"https://news.example/{name}" for name in names)
    assert sorted(each.url for each in live) == sorted(each.url for each in twin) == urls
    for mine, other in zip(live, twin, strict=True):
        name = mine.url.rpartition("/")[2]
        version = 2 if name in revised else 1
        assert (mine.body, mine.revision) == (other.body, other.revision) == (body(name, version), version)
        assert is_same_write(mine, other)
        assert mine.feed_ids == other.feed_ids == (tuple(sorted((A, B))) if name in joined else (A,))
    untouched = names - revised - {name for name in names if name.startswith("n")}
    rebuilt = {each.url.rpartition("/")[2] for each in (*live, *twin) if each.extractor == "rebuilt"}
    assert untouched <= rebuilt
    assert store.entries.counts()["pending"] == 0
    assert store.articles.count() == len(names)


class TestKilled:
    """A copier that stops before any of its steps, and another that begins the page again."""

    COUNT = 7
    STEPS = 9
    """Before each of four pages is read and before each is carried, and at the end."""

    @pytest.fixture(autouse=True)
    def _articles(self, store: Store) -> None:
        names = [f"k{n}" for n in range(self.COUNT)]
        store.entries.admit(A, [entry(name) for name in names], NOW)
        settle_all(
            store, [settlement(each, written(each.entry_id[6:], 1)) for each in claims_of(store, names)]
        )

    @pytest.mark.parametrize("step", range(STEPS))
    def test_resumed(self, store: Store, make_store: Callable[[], Store], step: int) -> None:
        into = store.versions.create()
        killed = Copier(store, into, lambda: 2, kill_at=step)
        with pytest.raises(Killed):
            killed.run()
        store.entries.admit(B, [entry("k3", B)], LATER)
        other = make_store()
        resumed = Copier(other, into, lambda: 3)
        resumed.run(killed.seen[-1] if killed.seen else "")
        check(other, {f"k{n}" for n in range(self.COUNT)}, set(), {"k3"})
        assert all(each.extractor == "rebuilt" for each in everything(store, "twin"))
        assert not any(each.extractor for each in everything(store, "live"))

    def test_there_are_no_more_steps(self, store: Store) -> None:
        whole = Copier(store, store.versions.create(), lambda: 2)
        whole.run()
        assert whole.steps == self.STEPS
