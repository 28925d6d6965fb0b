"""Who is alone at a database need not wait for the leases of copies that were killed."""

import pytest

from tests.store.builders import NOW
from tests.store.contract_rebuilds import SLICES, rebuild
from worker.errors import OperationError
from worker.reindex.alone import beside_others
from worker.store.sqlite import open_sqlite


@pytest.fixture
def database(tmp_path):
    return tmp_path / "feedmill.db"


@pytest.fixture
def held(database):
    """A store with a rebuild of two slices, one of them held for an hour."""
    store = open_sqlite(database)
    store.rebuilds.begin(rebuild(), SLICES)
    store.rebuilds.claim_slice(NOW, 3600, "dead")
    yield store
    store.close()


def claims(store):
    return [part.claim for part in store.rebuilds.slices()]


def test_the_first_gives_back_what_the_dead_held(held, database):
    with beside_others(held, database):
        assert claims(held) == [None, None]


def test_one_that_comes_while_another_copies_gives_nothing_back(held, database):
    with beside_others(held, database):
        held.rebuilds.claim_slice(NOW, 3600, "alive")
        with beside_others(held, database):
            assert claims(held) == ["alive", None]
    with beside_others(held, database):
        assert claims(held) == [None, None]


def test_the_second_to_come_keeps_a_third_from_being_alone(held, database):
    first = beside_others(held, database)
    first.__enter__()
    with beside_others(held, database):
        first.__exit__(None, None, None)
        held.rebuilds.claim_slice(NOW, 3600, "alive")
        with beside_others(held, database):
            assert claims(held) == ["alive", None]


def test_at_a_server_nobody_can_tell(held):
    with beside_others(held, None):
        assert claims(held) == ["dead", None]


def test_a_folder_that_cannot_be_written_is_said(held, tmp_path):
    missing = tmp_path / "none" / "feedmill.db"
    with (
        pytest.raises(OperationError, match=r"cannot write .*reindex\.lock: No such file"),
        beside_others(held, missing),
    ):
        pass
