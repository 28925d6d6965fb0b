"""Backends under test. A new one adds a function and a line to BACKENDS; the contract stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.store.builders import feed
from tests.store.elasticsearch.backend import ElasticsearchBackend, set_up
from worker.store.base import Store
from worker.store.sqlite import SqliteStore, open_sqlite

pytest.register_assert_rewrite(
    "tests.store.contract",
    "tests.store.contract_feeds",
    "tests.store.contract_gate",
    "tests.store.contract_hosts",
    "tests.store.contract_pages",
    "tests.store.contract_rebuilds",
    "tests.store.contract_search",
    "tests.store.contract_settle",
    "tests.store.contract_take",
    "tests.store.contract_versions",
)


class Backend(Protocol):
    """How to make a store, and how to make it fail and recover for real."""

    def make(self) -> Store: ...

    def fill_disk(self, store: Store) -> None: ...

    def free_disk(self, store: Store) -> None: ...


class SqliteBackend:
    def __init__(self, folder: Path) -> None:
        self._path = folder / "feedmill.db"

    def make(self) -> SqliteStore:
        return open_sqlite(self._path)

    def fill_disk(self, store: Store) -> None:
        self._limit(store, most_pages=1)

    def free_disk(self, store: Store) -> None:
        self._limit(store, most_pages=2**30)

    def _limit(self, store: Store, most_pages: int) -> None:
        """Let the file not grow (it never shrinks below its size): SQLite answers as for a full disk."""
        assert isinstance(store, SqliteStore)
        with store._database.read() as db:
            db.execute(f"PRAGMA max_page_count = {most_pages}")


def sqlite_backend(request: pytest.FixtureRequest) -> Backend:
    return SqliteBackend(request.getfixturevalue("tmp_path"))


def elasticsearch_backend(request: pytest.FixtureRequest) -> Backend:
    return ElasticsearchBackend(request.getfixturevalue("contract_indices"))


ON_A_SERVER = (pytest.mark.slow, pytest.mark.services)
BACKENDS = [
    pytest.param(sqlite_backend, id="sqlite"),
    pytest.param(elasticsearch_backend, id="elasticsearch", marks=ON_A_SERVER),
]


@pytest.fixture(scope="session")
def contract_indices(elasticsearch_url: str) -> Iterator[str]:
    """A server on which the contract's indices are set up, once for all its tests."""
    with set_up(elasticsearch_url) as url:
        yield url


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    made: Backend = request.param(request)
    return made


@pytest.fixture
def make_store(backend: Backend) -> Iterator[Callable[[], Store]]:
    """Open the backend's one store again and again: as another process would."""
    opened: list[Store] = []

    def make() -> Store:
        opened.append(backend.make())
        return opened[-1]

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(make_store: Callable[[], Store]) -> Store:
    """A store with two active feeds, `a` and `b`."""
    made = make_store()
    made.feeds.add([feed("a"), feed("b")])
    return made
