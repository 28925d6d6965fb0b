"""`make bench-versions`: what settling costs while there is a twin of the article index, on both stores.

A round settles one batch without a twin and one beside an empty twin, in turn, so that whatever else the
machine does falls on both. What looking for the twin costs, which every batch does, is measured by itself.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import pytest

from bench.articles import admitted
from tests.servers.elasticsearch import elasticsearch
from tests.store.elasticsearch.backend import delete_all
from worker.clock import Clock
from worker.store.batches import BATCH
from worker.store.elasticsearch import open_elasticsearch
from worker.store.sqlite import open_sqlite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worker.store.base import Store

LOOKS = 50


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    for name, opened in (("SQLite", on_sqlite), ("Elasticsearch", on_elasticsearch)):
        try:
            with opened() as store:
                print(f"{name}: {measured(store, rounds)}", flush=True)
        except pytest.skip.Exception as missing:
            print(f"{name}: {missing}", file=sys.stderr)
            return 1
    return 0


@contextmanager
def on_sqlite() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder, closing(open_sqlite(Path(folder) / "bench.db")) as store:
        yield store


@contextmanager
def on_elasticsearch() -> Iterator[Store]:
    prefix = f"feedmill-{secrets.token_hex(4)}"
    with elasticsearch() as server, closing(open_elasticsearch(server.url, prefix=prefix)) as store:
        store.setup()
        try:
            yield store
        finally:
            delete_all(server.url, prefix)


def measured(store: Store, rounds: int) -> str:
    """Return the medians of all rounds, after one that warms up."""
    one_round(store)
    times = [one_round(store) for _ in range(rounds)]
    alone, beside = (1000 * median(each[side] for each in times) / BATCH for side in (0, 1))
    ratio = median(each[1] / each[0] for each in times)
    look_ms = 1000 * median(seconds(store.versions.twin) for _ in range(LOOKS))
    return (
        f"an article in a batch of {BATCH}: {alone:.2f} ms, beside a twin {beside:.2f} ms, ratio {ratio:.2f} "
        f"(medians of {rounds} rounds); one look for a twin {look_ms:.3f} ms"
    )


def one_round(store: Store) -> tuple[float, float]:
    """Return the seconds of a batch without a twin and of one beside it."""
    alone = settled(store)
    store.versions.create()
    beside = settled(store)
    store.versions.drop()
    return alone, beside


def settled(store: Store) -> float:
    articles = list(admitted(store, BATCH))
    store.entries.counts()  # refreshes: rows are claimed seconds before they are settled
    attempts = [each.settlement for each in articles]
    return seconds(lambda: store.settle(attempts, articles[0].at))


def seconds(work: Callable[[], object]) -> float:
    clock = Clock()
    start = clock.monotonic()
    work()
    return clock.monotonic() - start


if __name__ == "__main__":
    sys.exit(main())
