from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.fetch.addresses import embedded, find_refusal

REFUSED = [
    ("0.0.0.0", "this network"),
    ("0.1.2.3", "this network"),
    ("10.255.0.1", "private"),
    ("100.64.0.1", "carrier-grade NAT"),
    ("100.100.100.200", "carrier-grade NAT"),
    ("127.0.0.1", "loopback"),
    ("127.255.255.254", "loopback"),
    ("168.63.129.16", "metadata service"),
    ("169.254.169.254", "link-local"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.0.0.192", "protocol assignment"),
    ("192.0.2.1", "documentation"),
    ("192.31.196.1", "AS112"),
    ("192.52.193.1", "multicast relay"),
    ("192.88.99.1", "6to4 relay"),
    ("192.168.1.1", "private"),
    ("192.175.48.1", "AS112"),
    ("198.18.0.1", "benchmarking"),
    ("198.19.255.255", "benchmarking"),
    ("198.51.100.1", "documentation"),
    ("203.0.113.1", "documentation"),
    ("224.0.0.1", "multicast"),
    ("239.255.255.255", "multicast"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "reserved"),
    ("::", "this network"),
    ("::1", "this network"),
    ("::127.0.0.1", "loopback"),
    ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:169.254.169.254", "link-local"),
    ("::ffff:0:7f00:1", "not global unicast"),
    ("64:ff9b::10.0.0.1", "private"),
    ("64:ff9b::7f00:1", "loopback"),
    ("64:ff9b:1::1", "not global unicast"),
    ("100::1", "not global unicast"),
    ("2001::1", "this network"),
    ("2001:0:4136:e378:8000:63bf:f5ff:fffe", "private"),
    ("2001:0:0a00:1::f7f7:f7f7", "private"),
    ("2001:2::1", "protocol assignment"),
    ("2001:10::1", "protocol assignment"),
    ("2001:20::1", "protocol assignment"),
    ("2001:db8::1", "documentation"),
    ("2002:7f00:1::", "loopback"),
    ("2002:c0a8:101::1", "private"),
    ("2620:4f:8000::1", "AS112"),
    ("3fff::1", "documentation"),
    ("4000::1", "not global unicast"),
    ("5f00::1", "not global unicast"),
    ("fc00::1", "not global unicast"),
    ("fd00:ec2::254", "not global unicast"),
    ("fe80::1", "not global unicast"),
    ("fec0::1", "not global unicast"),
    ("ff02::1", "not global unicast"),
    ("ff0e::1", "not global unicast"),
]

ALLOWED = [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.17",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2001:200::1",
    "2a00:1450:4001::1",
    "3ffe::1",
    "::ffff:1.1.1.1",
    "64:ff9b::1.1.1.1",
    "2002:101:101::1",
]


@pytest.mark.parametrize(("address", "word"), REFUSED)
def test_special_addresses_are_refused(address, word):
    assert find_refusal(ip_address(address)) == word


@pytest.mark.parametrize("address", ALLOWED)
def test_public_addresses_and_the_table_s_neighbours_are_allowed(address):
    assert find_refusal(ip_address(address)) is None


@pytest.mark.parametrize(
    ("address", "refused"),
    [
        ("10.1.2.3", False),
        ("10.2.0.1", True),
        ("::ffff:10.1.2.3", False),
        ("64:ff9b::10.1.2.3", False),
        ("2002:a01:203::", False),
        ("fd12::1", False),
        ("fd13::1", True),
        ("127.0.0.1", True),
    ],
)
def test_an_opened_network_opens_nothing_else(address, refused):
    opened = (ip_network("10.1.0.0/16"), ip_network("fd12::/16"))
    assert (find_refusal(ip_address(address), opened) is not None) is refused


@given(st.ip_addresses(v=4))
def test_an_embedding_is_judged_as_what_it_carries(inner):
    wrapped = [
        ip_address(f"::ffff:{inner}"),
        ip_address(f"64:ff9b::{inner}"),
        ip_address(int(ip_address("2002::")) | int(inner) << 80),
    ]
    assert {find_refusal(address) for address in wrapped} == {find_refusal(inner)}


@given(st.ip_addresses(v=6))
def test_nothing_outside_global_unicast_passes_but_embeddings(address):
    if address not in ip_network("2000::/3") and not embedded(address):
        assert find_refusal(address)
