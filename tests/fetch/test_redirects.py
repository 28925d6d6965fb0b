from __future__ import annotations

import socket
from ipaddress import IPv4Address, ip_address, ip_network

import pytest

from tests.site import Reply
from worker.errors import (
    DnsError,
    FetchTimeoutError,
    ForbiddenAddressError,
    NotFoundError,
    RedirectError,
    UnsafeUrlError,
)
from worker.fetch.client import FEED, PAGE
from worker.models import Hop


def to(location, status=302):
    return Reply(status=status, headers={"Location": location})


def chain(site, hops):
    """Serve `/0` … with `hops` redirects to a page at the end."""
    for hop in range(hops):
        site.serve(f"/{hop}", to(f"/{hop + 1}"))
    site.serve(f"/{hops}", Reply(body=b"end"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_every_redirect_is_followed_and_remembered(site, make_fetcher, status):
    site.serve("/old", to(site.url("/new#part", host="b.example"), status))
    site.serve("/new", Reply(body=b"here"))
    page = make_fetcher(site).fetch(site.url("/old"), PAGE)
    assert page.body == b"here"
    assert page.url == site.url("/old")
    assert page.final_url == site.url("/new", host="b.example")
    assert page.redirects == (Hop(status=status, url=site.url("/old")),)
    assert [(r.host, r.path) for r in site.requests] == [("news.example", "/old"), ("b.example", "/new")]


def test_a_raw_utf8_location_is_followed(site, make_fetcher):
    site.serve("/old", to("/gr\u00fcn ß".encode().decode("latin-1")))
    site.serve("/gr%C3%BCn%20%C3%9F", Reply(body=b"here"))
    assert make_fetcher(site).fetch(site.url("/old"), PAGE).body == b"here"


@pytest.mark.parametrize("hops", [1, PAGE.max_hops])
def test_as_many_hops_as_allowed(site, make_fetcher, hops):
    chain(site, hops)
    page = make_fetcher(site).fetch(site.url("/0"), PAGE)
    assert (page.body, len(page.redirects)) == (b"end", hops)


def test_one_hop_more_is_refused(site, make_fetcher):
    chain(site, PAGE.max_hops + 1)
    with pytest.raises(RedirectError):
        make_fetcher(site).fetch(site.url("/0"), PAGE)
    assert site.count(f"/{PAGE.max_hops + 1}") == 0


@pytest.mark.parametrize(
    ("routes", "requests"),
    [
        pytest.param({"/a": "/a"}, 1, id="to itself"),
        pytest.param({"/a": "/a#x"}, 1, id="to its own fragment"),
        pytest.param({"/a": "/b", "/b": "/c", "/c": "/b"}, 3, id="around"),
    ],
)
def test_a_loop_ends_when_it_closes(site, make_fetcher, routes, requests):
    for path, location in routes.items():
        site.serve(path, to(location))
    with pytest.raises(RedirectError, match="loop"):
        make_fetcher(site).fetch(site.url("/a"), PAGE)
    assert len(site.requests) == requests


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("", RedirectError),
        ("http://[bad", RedirectError),
        ("ftp://news.example/x", UnsafeUrlError),
        ("file:///etc/passwd", UnsafeUrlError),
        ("javascript:alert(1)", UnsafeUrlError),
        ("data:text/html,x", UnsafeUrlError),
        ("http://u:p@news.example/", UnsafeUrlError),
        ("http://news.example:0/", UnsafeUrlError),
        ("http://nowhere.invalid/", DnsError),
        ("/missing", NotFoundError),
    ],
)
def test_each_hop_is_judged_like_the_first_url(site, make_fetcher, location, error):
    site.serve("/a", to(location))
    with pytest.raises(error):
        make_fetcher(site).fetch(site.url("/a"), PAGE)
    assert site.count("/a") == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.2",
        "127.2",
        "2130706434",
        "0x7f.0.0.2",
        "0177.0.0.2",
        "[::ffff:127.0.0.2]",
        "inside.example",
        "several.example",
    ],
)
def test_no_connection_is_tried_to_a_forbidden_address(tls_site, make_fetcher, trap, host, scheme):
    tls_site.name("inside.example", trap.address)
    tls_site.name("several.example", trap.address, "10.0.0.1", "::1")
    forbidden = f"http://{host}:{trap.port}/"
    tls_site.serve("/a", to(forbidden))
    fetcher = make_fetcher(tls_site)
    for url in (forbidden, tls_site.url("/a", scheme=scheme)):
        with pytest.raises(ForbiddenAddressError):
            fetcher.fetch(url, PAGE)
    assert not trap.knocked()


def test_the_trap_would_notice(tls_site, make_fetcher, trap):
    fetcher = make_fetcher(tls_site, allow_private_networks=(ip_network("127.0.0.0/8"),), timeout_s=0.3)
    with pytest.raises(FetchTimeoutError):
        fetcher.fetch(f"http://127.0.0.2:{trap.port}/", PAGE)
    assert trap.knocked()


def test_a_name_is_resolved_once_per_request_and_never_again(site, make_fetcher, trap):
    site.name("rebind.example", ["127.0.0.1"], [trap.address])
    site.serve("/", Reply(body=b"first answer"))
    fetcher = make_fetcher(site)
    assert fetcher.fetch(site.url(host="rebind.example"), PAGE).body == b"first answer"
    assert site.lookups == ["rebind.example"]
    with pytest.raises(ForbiddenAddressError):
        fetcher.fetch(f"http://rebind.example:{trap.port}/", PAGE)
    assert not trap.knocked()


def test_a_hop_to_the_same_name_is_resolved_and_judged_anew(site, make_fetcher):
    site.name("rebind.example", ["127.0.0.1"], ["127.0.0.2"])
    site.serve("/", to("/again"))
    with pytest.raises(ForbiddenAddressError):
        make_fetcher(site).fetch(site.url(host="rebind.example"), PAGE)
    assert site.count("/again") == 0


def test_only_allowed_addresses_among_several_are_used(site, make_fetcher, trap):
    site.name("mixed.example", trap.address, "127.0.0.1")
    site.serve("/", Reply(body=b"here"))
    assert make_fetcher(site).fetch(site.url(host="mixed.example"), PAGE).body == b"here"
    assert ip_address(trap.address) in site.resolve("mixed.example")
    assert not trap.knocked()


class Turncoat(IPv4Address):
    """An address that is judged as one and reached as another, as a NAT rule in the kernel might do."""

    def __str__(self):
        return "127.0.0.2"


def test_the_peer_is_judged_before_a_byte_is_sent(make_fetcher, site):
    with socket.create_server(("127.0.0.2", 0)) as listener:
        fetcher = make_fetcher(site, resolver=lambda host: [Turncoat("127.0.0.1")])
        with pytest.raises(ForbiddenAddressError):
            fetcher.fetch(f"http://news.example:{listener.getsockname()[1]}/", PAGE)
        with listener.accept()[0] as accepted:
            assert accepted.recv(1) == b""


def test_validators_go_with_every_hop_and_nothing_else_does(site, make_fetcher):
    moved = Reply(status=301, headers={"Location": site.url("/new", host="b.example"), "Set-Cookie": "a=b"})
    site.serve("/old", moved)
    site.serve("/new", Reply(status=304, content_type=None))
    page = make_fetcher(site).fetch(site.url("/old"), FEED, {"If-None-Match": '"1"'})
    assert page.status == 304
    assert [r.headers["if-none-match"] for r in site.requests] == ['"1"', '"1"']
    assert not {"cookie", "referer", "authorization"} & set(site.requests[1].headers)
