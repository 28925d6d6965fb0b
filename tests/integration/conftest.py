"""A service process and a site that it can reach by address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

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
