"""Servers as fixtures, one for all tests of a run. A room's conftest imports those it needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.elasticsearch import elasticsearch
from tests.servers.redis import redis
from tests.servers.s3 import S3, s3


@pytest.fixture(scope="session")
def elasticsearch_url() -> Iterator[str]:
    with elasticsearch() as server:
        yield server.url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with redis() as url:
        yield url


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3]:
    with s3() as server:
        yield server
