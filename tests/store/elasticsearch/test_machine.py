"""The state machine of `tests/store/test_machine.py` on a real server: fewer orders, the same invariants."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.store.elasticsearch.backend import ElasticsearchBackend
from tests.store.test_machine import QUIET, Ledger


@pytest.mark.slow
@pytest.mark.services
@pytest.mark.timeout(300)
def test_any_order_of_events_on_elasticsearch(contract_indices: str) -> None:
    class OnElasticsearch(Ledger):
        def open_store(self):
            return ElasticsearchBackend(contract_indices).make()

    few = settings(
        max_examples=20, stateful_step_count=20, deadline=None, suppress_health_check=QUIET, database=None
    )
    run_state_machine_as_test(OnElasticsearch, settings=few)
