from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from worker.demo.edition import Edition
from worker.demo.load import load_outlets
from worker.demo.routes import answers
from worker.demo.server import DemoSite

NOW = datetime(2026, 3, 21, 14, 5, tzinfo=UTC)
BASE = "http://127.0.0.1:8080"


class Reply(NamedTuple):
    status: int
    headers: HTTPResponse
    body: bytes


def get(url: str, **headers: str) -> Reply:
    """One request, nothing followed, nothing decoded."""
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.netloc, timeout=10)) as connection:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", target, headers={n.replace("_", "-"): v for n, v in headers.items()})
        response = connection.getresponse()
        return Reply(response.status, response, response.read())


@pytest.fixture(scope="session")
def edition():
    return Edition(BASE, NOW, load_outlets())


@pytest.fixture(scope="session")
def site_answers(edition):
    return answers(edition)


@pytest.fixture
def site():
    with DemoSite(NOW, slow_s=0.2) as running:
        yield running
