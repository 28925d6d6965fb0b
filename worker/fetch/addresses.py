"""Which addresses Feedmill may connect to: our own table, not `ipaddress.is_global`.

`is_global` calls multicast, 64:ff9b::/96, fec0::/10 and ::127.0.0.1 global (Python 3.11). The table
follows the IANA special-purpose registries (RFC 6890 and what was registered since). For IPv6 it is
the other way round: only 2000::/3 is handed out at all, so everything else is refused unnamed.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_REFUSED_V4 = tuple(
    (IPv4Network(network), word)
    for network, word in (
        ("0.0.0.0/8", "this network"),  # RFC 791; Linux connects 0.0.0.0 to itself
        ("10.0.0.0/8", "private"),  # RFC 1918
        ("100.64.0.0/10", "carrier-grade NAT"),  # RFC 6598; also Alibaba's metadata, 100.100.100.200
        ("127.0.0.0/8", "loopback"),  # RFC 1122
        ("168.63.129.16/32", "metadata service"),  # Azure's platform address, public by number only
        ("169.254.0.0/16", "link-local"),  # RFC 3927; metadata services at 169.254.169.254
        ("172.16.0.0/12", "private"),  # RFC 1918
        ("192.0.0.0/24", "protocol assignment"),  # RFC 6890; also Oracle's metadata, 192.0.0.192
        ("192.0.2.0/24", "documentation"),  # RFC 5737
        ("192.31.196.0/24", "AS112"),  # RFC 7535
        ("192.52.193.0/24", "multicast relay"),  # RFC 7450
        ("192.88.99.0/24", "6to4 relay"),  # RFC 7526
        ("192.168.0.0/16", "private"),  # RFC 1918
        ("192.175.48.0/24", "AS112"),  # RFC 7534
        ("198.18.0.0/15", "benchmarking"),  # RFC 2544
        ("198.51.100.0/24", "documentation"),  # RFC 5737
        ("203.0.113.0/24", "documentation"),  # RFC 5737
        ("224.0.0.0/4", "multicast"),  # RFC 5771
        ("240.0.0.0/4", "reserved"),  # RFC 1112, with 255.255.255.255
    )
)

_GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")  # RFC 4291, 2.4, as allocated by IANA

_REFUSED_V6 = tuple(
    (IPv6Network(network), word)
    for network, word in (
        ("2001::/23", "protocol assignment"),  # RFC 2928: benchmarking, ORCHID, relays
        ("2001:db8::/32", "documentation"),  # RFC 3849
        ("2620:4f:8000::/48", "AS112"),  # RFC 7534
        ("3fff::/20", "documentation"),  # RFC 9637
    )
)

_EMBEDDINGS = tuple(
    (IPv6Network(network), shift, flip)
    for network, shift, flip in (
        ("::ffff:0:0/96", 0, 0),  # IPv4-mapped: RFC 4291, 2.5.5.2
        ("::/96", 0, 0),  # IPv4-compatible: RFC 4291, 2.5.5.1; :: and ::1 read as 0.0.0.x
        ("64:ff9b::/96", 0, 0),  # NAT64: RFC 6052; what DNS64 answers with, so not refused outright
        ("2002::/16", 80, 0),  # 6to4: RFC 3056
        ("2001::/32", 64, 0),  # Teredo's server: RFC 4380
        ("2001::/32", 0, 0xFFFFFFFF),  # Teredo's client, stored inverted
    )
)


def find_refusal(address: Address, allowed: Iterable[Network] = ()) -> str | None:
    """Return why Feedmill may not connect to `address`, None where it may.

    An IPv6 address that carries IPv4 addresses is judged by those. `allowed` are networks that the
    operator opened although the table refuses them.
    """
    networks = tuple(allowed)
    judged = (_refusal(carried, networks) for carried in embedded(address) or (address,))
    return next((word for word in judged if word), None)


def embedded(address: Address) -> tuple[IPv4Address, ...]:
    """Return the IPv4 addresses that an IPv6 address carries: where its packets end up."""
    if isinstance(address, IPv4Address):
        return ()
    return tuple(
        IPv4Address((int(address) >> shift & 0xFFFFFFFF) ^ flip)
        for network, shift, flip in _EMBEDDINGS
        if address in network
    )


def _refusal(address: Address, allowed: tuple[Network, ...]) -> str | None:
    if any(address in network for network in allowed):
        return None
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST_V6:
        return "not global unicast"
    table = _REFUSED_V6 if isinstance(address, IPv6Address) else _REFUSED_V4
    return next((word for network, word in table if address in network), None)
