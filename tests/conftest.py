"""Fixtures that any room's tests may use. Add to them; change none."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from ipaddress import ip_network
from typing import Any

import pytest
import trustme

from tests.servers.fixtures import elasticsearch_url, redis_url, s3_server
from tests.site import Site, Trap
from worker.clock import Clock
from worker.fetch.client import Fetcher, FetchPolicy
from worker.fetch.gate import LocalGate

__all__ = ["elasticsearch_url", "redis_url", "s3_server"]
"""One server for all tests of a run: imported here and nowhere else."""

TLS_NAMES = ("news.example", "b.example", "c.example", "*.news.example")
"""OpenSSL takes no wildcard directly under a top-level domain."""


@pytest.fixture(scope="session", autouse=True)
def archive_aside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep pages of services that tests run out of the working folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FEEDMILL_ARCHIVE_URL", str(tmp_path_factory.mktemp("archive")))
        yield


@pytest.fixture
def site() -> Iterator[Site]:
    """A small web on loopback, over http."""
    with closing(Site()) as site:
        yield site


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority that only the test's own clients trust."""
    return trustme.CA()


@pytest.fixture
def tls_site(authority: trustme.CA) -> Iterator[Site]:
    """The same over http and https, with a certificate for `TLS_NAMES`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*TLS_NAMES).configure_cert(context)
    with closing(Site(context)) as site:
        yield site


@pytest.fixture(scope="session")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """A client's TLS context that trusts the test's authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def trap() -> Iterator[Trap]:
    """A listener on an address that the test's policy refuses."""
    with closing(Trap()) as trap:
        yield trap


@pytest.fixture
def make_fetcher(trusting: ssl.SSLContext) -> Iterator[Callable[..., Fetcher]]:
    """Return `make_fetcher(site, gate=…, **policy)`: a real client that may visit the site, no delays."""
    with ExitStack() as stack:

        def make(site: Site, gate: Any = None, resolver: Any = None, **limits: Any) -> Fetcher:
            policy = FetchPolicy(
                **{
                    "user_agent": "Feedmill-test/1 (+https://feedmill.example)",
                    "allow_private_networks": (ip_network("127.0.0.1/32"),),
                    "allow_ports": "any",
                    "timeout_s": 10.0,
                    "host_delay_s": 0.0,
                    **limits,
                }
            )
            clock = Clock()
            fetcher = Fetcher(policy, gate or LocalGate(clock), clock, resolver or site.resolve, tls=trusting)
            return stack.enter_context(closing(fetcher))

        yield make
