import pytest

pytest.register_assert_rewrite("tests.fetch.contract_gate")
