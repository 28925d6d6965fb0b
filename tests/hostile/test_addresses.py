"""Where feeds and redirects may not lead. No SYN leaves: seen by traps, the interpreter and the resolver."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.hostile.audit import overheard
from tests.hostile.desk import HEALTHY
from tests.site import Reply, Trap

FORBIDDEN = ("rejected", "forbidden_address")
UNSAFE = ("rejected", "unsafe_url")
NO_LINK = ("rejected", "no_link")
INDEXED = ("indexed", None)

HOSTS = {
    "loopback": "127.0.0.2",
    "loopback, decimal": "2130706434",
    "loopback, octal": "0177.0.0.02",
    "loopback, hexadecimal": "0x7f.0x0.0x0.0x2",
    "loopback, one hexadecimal number": "0x7f000002",
    "loopback, short": "127.2",
    "loopback, mixed": "0177.2",
    "loopback, trailing dot": "127.0.0.2.",
    "loopback, full-width digits": "１２７.０.０.２",
    "loopback, ideographic stops": "127。0。0。2",
    "loopback, IPv6": "[::1]",
    "loopback, IPv6 in full": "[0:0:0:0:0:0:0:1]",
    "this network": "0.0.0.0",
    "this network, short": "0",
    "unspecified, IPv6": "[::]",
    "private, 10": "10.0.0.1",
    "private, 172": "172.16.0.1",
    "private, 192": "192.168.0.1",
    "private, decimal": "167772161",
    "unique local": "[fd00::1]",
    "site-local": "[fec0::1]",
    "link-local": "169.254.1.1",
    "link-local, IPv6": "[fe80::1]",
    "carrier-grade NAT": "100.64.0.1",
    "multicast": "224.0.0.1",
    "multicast, IPv6": "[ff02::1]",
    "broadcast": "255.255.255.255",
    "reserved": "240.0.0.1",
    "benchmarking": "198.18.0.1",
    "protocol assignment": "192.0.0.1",
    "documentation, 192": "192.0.2.1",
    "documentation, 198": "198.51.100.1",
    "documentation, 203": "203.0.113.1",
    "documentation, IPv6": "[2001:db8::1]",
    "documentation, IPv6 of 2024": "[3fff::1]",
    "metadata service": "169.254.169.254",
    "metadata service, decimal": "2852039166",
    "metadata service, octal": "0251.0376.0251.0376",
    "metadata service, IPv6": "[fd00:ec2::254]",
    "metadata service of Alibaba": "100.100.100.200",
    "metadata service of Azure": "168.63.129.16",
    "metadata service of Oracle": "192.0.0.192",
    "mapped": "[::ffff:127.0.0.2]",
    "mapped, hexadecimal": "[::ffff:7f00:2]",
    "mapped metadata service": "[::ffff:169.254.169.254]",
    "compatible": "[::127.0.0.2]",
    "6to4": "[2002:7f00:2::1]",
    "Teredo server": "[2001:0:7f00:2::1]",
    "Teredo client": "[2001:0:101:101::80ff:fffd]",
    "NAT64": "[64:ff9b::127.0.0.2]",
    "NAT64, local": "[64:ff9b:1::127.0.0.2]",
}

NAMES = {
    "a name for one": ("inside.example", ["127.0.0.2"]),
    "a name for a private one": ("intranet.example", ["10.1.2.3"]),
    "a name for the metadata service": ("metadata.example", ["169.254.169.254"]),
    "a name for several": ("several.example", ["127.0.0.2", "10.0.0.1", "::1"]),
    "a name for a mapped one": ("mapped.example", ["::ffff:127.0.0.2"]),
    "localhost": ("localhost", ["127.0.0.2", "::1"]),
}

RAW = {
    # What must never be asked for, even if a rule for links in feeds let it through.
    "file": "file:///etc/passwd",
    "ftp": "ftp://news.example/a",
    "data": "data:text/html,<p>x",
    "javascript": "javascript:alert(1)",
    "gopher": "gopher://news.example/a",
    "no scheme": "//news.example/a",
    "credentials": "http://user:password@news.example/a",
    "user alone": "http://user@news.example/a",
    "line feed": "http://news.example/a\nb",
    "header injection": "http://news.example/a HTTP/1.1\r\nHost: inside.example\r\n\r\n",
    "DEL": "http://news.example/a\x7fb",
    "control in the host": "http://news\x01.example/a",
    "zone": "http://[fe80::1%25eth0]/a",
    "malformed IPv4": "http://1.2.3.4.5/a",
}

LISTED = {
    # The same as a feed's link: what is no web address is no link, controls are escaped or dropped.
    "listed file": ("file:///etc/passwd", NO_LINK),
    "listed ftp": ("ftp://news.example/a", NO_LINK),
    "listed data": ("data:text/html,x", NO_LINK),
    "listed javascript": ("javascript:alert(1)", NO_LINK),
    "listed credentials": ("http://user:password@news.example/a", NO_LINK),
    "listed malformed IPv6": ("http://[::1/a", NO_LINK),
    "listed port 0": ("http://news.example:0/a", NO_LINK),
    "listed line feed": ("http://news.example:{port}/heal\nthy?q=1", INDEXED),
    "listed control character": ("http://news.example:{port}/healthy?q=2\x7f", INDEXED),
}


def slug(name: str) -> str:
    return "/" + "".join(c if c.isalnum() else "-" for c in name)


@pytest.fixture(scope="module")
def traps():
    with closing(Trap("127.0.0.2")) as v4, closing(Trap("::1", v4.port)) as v6:
        yield v4, v6


@pytest.fixture(scope="module")
def ended(desk, web, traps):
    """Every row of every table at once, straight and behind redirects over http and https."""
    port = traps[0].port
    # Each asks for a page of its own: several ways to write one address are one page, and wait for each other.
    links = {name: f"http://{host}:{port}{slug(name)}" for name, host in HOSTS.items()}
    for name, (host, addresses) in NAMES.items():
        web.name(host, *addresses)
        links[name] = f"http://{host}:{port}{slug(name)}"
    for name, forbidden in list(links.items()):
        web.serve(slug(name), Reply(status=302, headers={"Location": forbidden.encode().decode("latin-1")}))
        links |= {f"{name}, by {s}": web.url(slug(name), scheme=s) for s in ("http", "https")}
    web.name("mixed.example", "127.0.0.2", "127.0.0.1")
    links["a mixed name"] = web.url("/healthy?mixed", host="mixed.example")
    web.name("rebind.example", ["127.0.0.1"], ["127.0.0.2"])
    web.serve("/again", Reply(status=302, headers={"Location": f"http://rebind.example:{port}/a"}))
    links["another one the second time"] = web.url("/again", host="rebind.example")
    with overheard() as heard:
        outcomes = desk.listed(links | {n: link.format(port=web.port()) for n, (link, _) in LISTED.items()})
        outcomes |= desk.admitted(RAW)
    desk.heard = heard
    return outcomes


ROWS = {
    **dict.fromkeys([*HOSTS, *NAMES, "another one the second time"], FORBIDDEN),
    **{f"{name}, by {scheme}": FORBIDDEN for name in (*HOSTS, *NAMES) for scheme in ("http", "https")},
    **{name: verdict for name, (_, verdict) in LISTED.items()},
    **dict.fromkeys(RAW, UNSAFE),
    "a mixed name": INDEXED,
    HEALTHY: INDEXED,
}


@pytest.mark.parametrize("name", ROWS)
def test_each_address_ends_in_one_outcome(ended, name):
    assert ended[name].verdict == ROWS[name]


def test_every_entry_has_its_row(ended):
    assert set(ended) == set(ROWS)


def test_no_syn_left_for_any_of_them(ended, desk, web, traps):
    to = [address for event, address in desk.heard if event == "socket.connect"]
    connected = {address[:2] for address in to if isinstance(address, tuple)}  # the rest are Unix sockets
    assert connected == {("127.0.0.1", web.port("http")), ("127.0.0.1", web.port("https"))}
    assert not any(trap.knocked() for trap in traps)


def test_only_names_were_looked_up(ended, desk, web):
    names = {host for host, _ in NAMES.values()} | {"news.example", "mixed.example", "rebind.example"}
    assert set(web.lookups) == names
    assert not [what for event, what in desk.heard if event == "socket.getaddrinfo"]
