"""Servers as fixtures, one for all tests of a run. A room's conftest imports those it needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.elasticsearch import elasticsearch


@pytest.fixture(scope="session")
def elasticsearch_url() -> Iterator[str]:
    with elasticsearch() as server:
        yield server.url
