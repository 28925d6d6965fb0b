"""A server that is restarted between two calls: kept connections are dead, and nobody notices."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest

from tests.servers.restartable import restartable_elasticsearch
from tests.store.builders import NOW, A, claim_one, entry, feed, rejected, row_of
from worker.models import OutcomeKind, SettledState
from worker.store.elasticsearch import open_elasticsearch

pytestmark = [pytest.mark.slow, pytest.mark.services, pytest.mark.timeout(240)]
THREADS = 4


def test_the_first_calls_after_a_restart() -> None:
    with restartable_elasticsearch() as server, closing(open_elasticsearch(server.url)) as store:
        store.setup()
        store.feeds.add([feed("a")])
        store.entries.admit(A, [entry()], NOW)
        claim, together = claim_one(store), Barrier(THREADS)

        def read(_: int) -> bool:
            together.wait()
            return store.entries.start(claim) is not None

        with ThreadPoolExecutor(THREADS) as pool:
            assert all(pool.map(read, range(THREADS)))  # as many connections are kept
            server.kill()
            server.start()
            assert store.settle([rejected(claim)], NOW)[0].state is SettledState.FINISHED
            assert not any(pool.map(read, range(THREADS)))
        assert row_of(store).outcome is OutcomeKind.REJECTED
