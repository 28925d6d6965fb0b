"""A service process and a site that it can reach by address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.integration.desk import Desk, elasticsearch_desk, sqlite_desk
from tests.integration.process import Service
from tests.site import Site


@pytest.fixture
def loopback(site: Site, monkeypatch) -> Site:
    """The site under its address, since another process does not know its names."""
    named = site.url
    monkeypatch.setattr(site, "url", lambda path="/", host="127.0.0.1", **more: named(path, host, **more))
    return site


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    yield Service(tmp_path)


Open = Callable[[Path, pytest.FixtureRequest], AbstractContextManager[Desk]]
STORES = [
    pytest.param(lambda folder, _: sqlite_desk(folder), id="sqlite"),
    pytest.param(
        lambda folder, request: elasticsearch_desk(folder, request.getfixturevalue("elasticsearch_url")),
        id="elasticsearch",
        marks=pytest.mark.services,
    ),
]


@pytest.fixture(params=STORES)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    opened: Open = request.param
    with opened(tmp_path, request) as desk:
        yield desk
