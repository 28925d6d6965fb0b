"""A service, a search, `feeds add` and `dead retry` on one file, each its own process: never 'locked'."""

from __future__ import annotations

import multiprocessing
import sys
import time
import traceback
from collections.abc import Callable
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from tests.store.builders import LEASE_S, NOW, A, document, entry, feed, rejected, settlement
from worker.store.query import make_request
from worker.store.sqlite import SqliteStore, open_sqlite

RUN_S = 3.0
LONGEST_STEP_S = 5.0
"""A step that waits longer was starved; the transactions it waits for last .2 s."""


def serve(store: SqliteStore, turn: int) -> None:
    """Admit a listing, claim it, and settle it: half with documents, half rejected."""
    names = [f"{turn}-{n}" for n in range(50)]
    store.entries.admit(A, [entry(name) for name in names], NOW)
    claims = store.entries.claim([f"entry-{name}" for name in names], NOW, LEASE_S)
    body = "Elections were held in many towns. " * 50
    store.settle(
        [
            settlement(claim, document(claim.entry_id, body=body)) if n % 2 else rejected(claim)
            for n, claim in enumerate(claims)
        ],
        NOW,
    )


def search(store: SqliteStore, turn: int) -> None:
    assert store.articles.search(make_request("election")).total >= 0
    store.entries.counts()


def add_feeds(store: SqliteStore, turn: int) -> None:
    store.feeds.add([feed(f"f{turn}-{n}") for n in range(5)])


def retry_dead(store: SqliteStore, turn: int) -> None:
    store.entries.retry([row.entry.entry_id for row in store.entries.dead()], NOW)


STEPS: list[Callable[[SqliteStore, int], None]] = [serve, search, add_feeds, retry_dead]


def repeat(step: Callable[[SqliteStore, int], None], path: Path, stop: Event) -> None:
    """Do the step until told to stop; exit 1 where one fails, 2 where one took too long."""
    store = open_sqlite(path)
    slowest, turn = 0.0, 0
    try:
        while not stop.is_set() or turn == 0:
            started = time.monotonic()
            step(store, turn)
            slowest, turn = max(slowest, time.monotonic() - started), turn + 1
    except Exception:
        traceback.print_exc()
        sys.exit(1)
    finally:
        store.close()
    print(f"{step.__name__}: {turn} turns, the slowest {slowest:.3f} s")
    sys.exit(2 if slowest > LONGEST_STEP_S else 0)


@pytest.mark.slow
def test_four_processes_never_see_locked(tmp_path: Path) -> None:
    path = tmp_path / "feedmill.db"
    store = open_sqlite(path)
    store.feeds.add([feed()])
    store.close()
    context = multiprocessing.get_context("forkserver")
    stop = context.Event()
    processes = [
        context.Process(target=repeat, args=(step, path, stop), name=step.__name__) for step in STEPS
    ]
    for process in processes:
        process.start()
    stop.wait(RUN_S)
    stop.set()
    for process in processes:
        process.join(30)
    assert {process.name: process.exitcode for process in processes} == {step.__name__: 0 for step in STEPS}
