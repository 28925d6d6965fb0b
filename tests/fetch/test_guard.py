from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.errors import ForbiddenAddressError, UnsafeUrlError
from worker.fetch.guard import check_peer, choose_addresses, parse_target
from worker.fetch.policy import FetchPolicy

POLICY = FetchPolicy(user_agent="Feedmill-test/1")
ANY_PORT = FetchPolicy(user_agent="Feedmill-test/1", allow_ports="any")


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "normal"),
    [
        ("http://a.example", "a.example", 80, "/", "http://a.example/"),
        ("HTTPS://A.Example:443/X?q=1#f", "a.example", 443, "/X?q=1", "https://a.example/X?q=1"),
        ("http://a.example./x", "a.example", 80, "/x", "http://a.example/x"),
        ("http://a.example?q", "a.example", 80, "/?q", "http://a.example/?q"),
        ("http://bücher.example/ü ß", "xn--bcher-kva.example", 80, "/%C3%BC%20%C3%9F", None),
        ("http://a.example/%zz/%20?a=%41", "a.example", 80, "/%zz/%20?a=%41", None),
        ("http://under_score.example/", "under_score.example", 80, "/", None),
        ("http://[2606:4700::1]/", "2606:4700::1", 80, "/", "http://[2606:4700::1]/"),
        ("http://a.example//b/../c", "a.example", 80, "//b/../c", None),
        ("http://a.example/\ud800", "a.example", 80, "/%ED%A0%80", None),
    ],
)
def test_a_url_says_where_it_leads(url, host, port, path, normal):
    target = parse_target(url, POLICY)
    assert (target.host, target.port, target.path) == (host, port, path)
    assert normal is None or target.url == normal


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("ftp://a.example/", id="ftp"),
        pytest.param("data:text/html,x", id="data"),
        pytest.param("javascript:alert(1)", id="javascript"),
        pytest.param("gopher://a.example/", id="gopher"),
        pytest.param("//a.example/", id="no scheme"),
        pytest.param("/path", id="path only"),
        pytest.param("", id="empty"),
        pytest.param("http://", id="no host"),
        pytest.param("http:///x", id="empty host"),
        pytest.param("http://:80/", id="port without host"),
        pytest.param("http://u:p@a.example/", id="user and password"),
        pytest.param("http://u@a.example/", id="user"),
        pytest.param("http://@a.example/", id="empty user"),
        pytest.param("http://a.example\\@b.example/", id="backslash as path or user"),
        pytest.param("http://a.example\\b/", id="backslash in host"),
        pytest.param("http://a.exa\tmple/", id="tab"),
        pytest.param("http://a.example/x\ny", id="line feed"),
        pytest.param("http://a.example/\r\nHost: b", id="header injection"),
        pytest.param("http://a.example/\x00", id="NUL"),
        pytest.param("http://a.example/\x7f", id="DEL"),
        pytest.param("http://a.example:8080/", id="another port"),
        pytest.param("http://a.example:0/", id="port 0"),
        pytest.param("http://a.example:65536/", id="port out of range"),
        pytest.param("http://a.example:x/", id="port not a number"),
        pytest.param("http://a b.example/", id="space in host"),
        pytest.param("http://a%2eexample/", id="escape in host"),
        pytest.param("http://a..example/", id="empty label"),
        pytest.param(f"http://{'a' * 64}.example/", id="long label"),
        pytest.param(f"http://{'a.' * 126}example/", id="long name"),
        pytest.param("http://[::1/", id="open bracket"),
        pytest.param("http://[x]/", id="bracketed name"),
        pytest.param("http://[fe80::1%25eth0]/", id="zone"),
        pytest.param("http://1.2.3.4.5/", id="five numbers"),
        pytest.param("http://256.1.1.1/", id="octet out of range"),
        pytest.param("http://a.example.0x/", id="ends in a hex number"),
    ],
)
def test_unsafe_urls_are_refused(url):
    with pytest.raises(UnsafeUrlError):
        parse_target(url, POLICY)


@pytest.mark.parametrize("port", [22, 25, 6379, 9200])
def test_ports_are_the_operators_choice(port):
    url = f"http://a.example:{port}/"
    with pytest.raises(UnsafeUrlError):
        parse_target(url, POLICY)
    assert parse_target(url, ANY_PORT).port == port


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("0x7f.0.0.1", "127.0.0.1"),
        ("0x7F000001", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("127.0.0.1.", "127.0.0.1"),
        ("１２７.０.０.１", "127.0.0.1"),
        ("127。0。0。1", "127.0.0.1"),
        ("0251.0376.0251.0376", "169.254.169.254"),
        ("2852039166", "169.254.169.254"),
        ("[::1]", "::1"),
        ("[::ffff:127.0.0.1]", "::ffff:7f00:1"),
        ("[0:0:0:0:0:ffff:a9fe:a9fe]", "::ffff:a9fe:a9fe"),
    ],
)
def test_address_literals_are_read_in_every_notation_and_judged(host, address):
    target = parse_target(f"http://{host}/", POLICY)
    assert target.address == ip_address(address)
    with pytest.raises(ForbiddenAddressError):
        choose_addresses(target, (target.address,), POLICY)


@pytest.mark.parametrize(
    ("resolved", "chosen"),
    [
        pytest.param(["1.1.1.1"], ["1.1.1.1"], id="one public"),
        pytest.param(["1.1.1.1", "10.0.0.1", "9.9.9.9"], ["1.1.1.1", "9.9.9.9"], id="private among public"),
        pytest.param(["::1", "2606:4700::1"], ["2606:4700::1"], id="order is kept"),
        pytest.param(["10.0.0.1"], None, id="one private"),
        pytest.param(["10.0.0.1", "::ffff:10.0.0.1"], None, id="all private"),
        pytest.param([], None, id="none"),
    ],
)
def test_every_address_of_a_name_is_judged(resolved, chosen):
    target = parse_target("http://a.example/", POLICY)
    addresses = [ip_address(text) for text in resolved]
    if chosen is None:
        with pytest.raises(ForbiddenAddressError):
            choose_addresses(target, addresses, POLICY)
    else:
        assert choose_addresses(target, addresses, POLICY) == tuple(map(ip_address, chosen))


def test_the_peer_of_a_connection_is_judged_again():
    target = parse_target("http://a.example/", POLICY)
    check_peer(target, ip_address("1.1.1.1"), POLICY)
    with pytest.raises(ForbiddenAddressError):
        check_peer(target, ip_address("127.0.0.1"), POLICY)


def test_an_error_never_shows_a_password():
    with pytest.raises(UnsafeUrlError) as raised:
        parse_target("http://user:secret@a.example/x", POLICY)
    assert "secret" not in str(raised.value)


@given(st.text() | st.text().map("http://{}/".format) | st.text().map("http://a.example/{}".format))
def test_any_text_is_a_target_or_unsafe(text):
    try:
        target = parse_target(text, POLICY)
    except UnsafeUrlError:
        return
    assert target.path.isascii() and target.path.startswith("/") and " " not in target.path
    target.host.encode("ascii")
