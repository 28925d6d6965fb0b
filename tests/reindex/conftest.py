"""The stores of the contract suite, for rebuilding what they hold."""

from tests.store.conftest import backend, contract_indices, make_store, store

__all__ = ["backend", "contract_indices", "make_store", "store"]
