"""TLS, users and keys on a real server with security on; what is secret is shown nowhere."""

from __future__ import annotations

import traceback
from contextlib import closing
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from tests.servers.elasticsearch import Server
from tests.servers.secured import PASSWORD, USER
from tests.store.builders import A, feed
from worker.errors import StoreError
from worker.store.elasticsearch import open_elasticsearch

pytestmark = [pytest.mark.slow, pytest.mark.services]


@pytest.fixture(scope="module")
def api_key(secured: Server, ca_file: Path) -> str:
    with closing(Elasticsearch(secured.url, basic_auth=(USER, PASSWORD), ca_certs=str(ca_file))) as es:
        key: str = es.security.create_api_key(name="test")["encoded"]
        return key


def as_user(url: str, password: str = PASSWORD) -> str:
    return url.replace("https://", f"https://{USER}:{password}@")


def test_a_user_in_the_url(secured: Server, ca_file: Path) -> None:
    with closing(open_elasticsearch(as_user(secured.url), prefix="by-user", ca_file=ca_file)) as store:
        assert store.setup()
        assert store.feeds.add([feed()]) == [A]


def test_an_api_key(secured: Server, ca_file: Path, api_key: str) -> None:
    with closing(open_elasticsearch(secured.url, prefix="by-key", ca_file=ca_file, api_key=api_key)) as store:
        assert store.setup()
        assert store.feeds.add([feed()]) == [A]


def told(url: str, **options) -> str:
    """Return everything that an operator could come to see of the failure, the traceback included."""
    with closing(open_elasticsearch(url, **options)) as store:
        with pytest.raises(StoreError) as raised:
            store.setup()
    return "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("name", ["nobody", "wrong password", "wrong key"])
def test_refused(secured: Server, ca_file: Path, name: str) -> None:
    secret = "s3cr3t-of-an-operator"
    said = {
        "nobody": lambda: told(secured.url, ca_file=ca_file),
        "wrong password": lambda: told(as_user(secured.url, secret), ca_file=ca_file),
        "wrong key": lambda: told(secured.url, ca_file=ca_file, api_key=secret),
    }[name]()
    assert f"{secured.url}: refused our credentials" in said
    assert secret not in said


def test_an_authority_that_is_not_trusted(secured: Server) -> None:
    said = told(as_user(secured.url))
    assert "the TLS connection failed" in said
    assert PASSWORD not in said


def test_plain_http_where_the_server_wants_tls(secured: Server) -> None:
    assert "cannot be reached" in told(secured.url.replace("https", "http"))
