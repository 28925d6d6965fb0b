"""One hostile web and one desk for each module: its rows run at the same time, as they would in life."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.conftest import TLS_NAMES
from tests.hostile.desk import Desk, open_desk
from tests.site import Site


@pytest.fixture(scope="module")
def web(authority) -> Iterator[Site]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*TLS_NAMES).configure_cert(context)
    with closing(Site(context)) as site:
        yield site


@pytest.fixture(scope="module")
def desk(web: Site, trusting: ssl.SSLContext, tmp_path_factory, request) -> Iterator[Desk]:
    """A desk; a module that needs other settings names them in `SETTINGS`."""
    settings = getattr(request.module, "SETTINGS", {})
    with open_desk(tmp_path_factory.mktemp("desk"), web, trusting, **settings) as desk:
        yield desk
