from __future__ import annotations

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime

import pytest
import trustme

from tests.site import Reply, Site
from worker.errors import TlsError
from worker.fetch.client import PAGE
from worker.fetch.connection import shared_tls_context


def served_with(issue):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issue().configure_cert(context)
    return closing(Site(context))


def test_a_page_over_tls_under_its_own_name(tls_site, make_fetcher):
    tls_site.serve("/", Reply(body=b"secret"))
    page = make_fetcher(tls_site).fetch(tls_site.url(scheme="https"), PAGE)
    assert page.body == b"secret"
    assert tls_site.requests[0].headers["host"] == f"news.example:{tls_site.port('https')}"


def test_the_name_and_not_the_address_is_asked_for(authority, make_fetcher):
    asked = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("news.example").configure_cert(context)
    context.sni_callback = lambda connection, name, context: asked.append(name)
    with closing(Site(context)) as site:
        site.serve("/", Reply())
        make_fetcher(site).fetch(site.url(scheme="https"), PAGE)
    assert asked == ["news.example"]


def test_an_address_is_verified_as_an_address(authority, make_fetcher):
    with served_with(lambda: authority.issue_cert("127.0.0.1")) as site:
        site.serve("/", Reply(body=b"by number"))
        assert make_fetcher(site).fetch(site.url(host="127.0.0.1", scheme="https"), PAGE).body == b"by number"


@pytest.mark.parametrize(
    "issue",
    [
        pytest.param(lambda ca: trustme.CA().issue_cert("news.example"), id="unknown authority"),
        pytest.param(lambda ca: ca.issue_cert("other.example"), id="another name"),
        pytest.param(lambda ca: ca.issue_cert("127.0.0.1"), id="only the address"),
        pytest.param(lambda ca: ca.issue_cert("news.example", not_after=datetime(2021, 1, 1)), id="expired"),
    ],
)
def test_a_bad_certificate_ends_the_fetch_before_a_byte_is_sent(authority, make_fetcher, issue):
    with served_with(lambda: issue(authority)) as site:
        with pytest.raises(TlsError):
            make_fetcher(site).fetch(site.url(scheme="https"), PAGE)
        assert site.requests == []


def test_plain_http_on_a_tls_port_is_a_tls_error(site, make_fetcher):
    def answer_in_plain_text():
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as server:
        server.submit(answer_in_plain_text)
        with pytest.raises(TlsError):
            make_fetcher(site).fetch(f"https://news.example:{listener.getsockname()[1]}/", PAGE)


def test_redirects_change_the_scheme_in_both_directions(tls_site, make_fetcher):
    tls_site.serve("/up", Reply(status=301, headers={"Location": tls_site.url("/down", scheme="https")}))
    tls_site.serve("/down", Reply(status=301, headers={"Location": tls_site.url("/end")}))
    tls_site.serve("/end", Reply(body=b"end"))
    assert make_fetcher(tls_site).fetch(tls_site.url("/up"), PAGE).body == b"end"


def test_the_shared_context_verifies_and_is_loaded_once():
    context = shared_tls_context()
    assert context is shared_tls_context()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert len(context.get_ca_certs()) > 50
