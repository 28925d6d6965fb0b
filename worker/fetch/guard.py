"""The judge before every request: is this URL one to ask for, and which addresses may be asked?

Pure. A URL is parsed here once, and everything after (DNS, Host, SNI, request line) uses this
parse, so that no two parsers can disagree about where it leads.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from worker.errors import ForbiddenAddressError, UnsafeUrlError
from worker.fetch.addresses import find_refusal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from urllib.parse import SplitResult

    from worker.fetch.addresses import Address
    from worker.fetch.policy import FetchPolicy

_DEFAULT_PORTS = {"http": 80, "https": 443}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\Z")  # lengths: RFC 1035, 2.3.4
_NUMERIC_END = re.compile(r"(?:^|\.)(?:\d+|0x[0-9a-f]*)\Z")  # "ends in a number": WHATWG URL, 3.5
_KEPT = "!#$%&'()*+,/:;=?@[]~"  # RFC 3986 reserved characters, and escapes that are there already


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One request's destination. `host` is lower-case ASCII without brackets or a trailing dot.

    `path` is the request target (path and query, escaped); `address` is set where the host is a
    literal, in whatever notation; `url` has no fragment.
    """

    url: str
    scheme: str
    host: str
    port: int
    path: str
    address: Address | None


def parse_target(url: str, policy: FetchPolicy) -> Target:
    """Return where `url` leads.

    Raises:
        UnsafeUrlError: another scheme than http(s), credentials, control characters, a port that
            is not allowed, or a host that is neither a DNS name nor an address.
    """
    parts = _split(url)
    url = _shown(url)  # from here on it is only talked about
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS:
        raise UnsafeUrlError(url, f"the scheme {scheme or 'is missing'!r} is not http or https")
    if parts.username is not None or parts.password is not None:
        raise UnsafeUrlError(_without_credentials(parts), "the URL carries credentials")
    port = _DEFAULT_PORTS[scheme] if parts.port is None else parts.port
    if port == 0 or (policy.allow_ports != "any" and port not in policy.allow_ports):
        raise UnsafeUrlError(url, f"port {port} is not allowed")
    host, address = _parse_host(url, parts.hostname or "")
    path = _request_target(parts)
    return Target(
        url=f"{scheme}://{_authority(host, port, scheme)}{path}",
        scheme=scheme,
        host=host,
        port=port,
        path=path,
        address=address,
    )


def choose_addresses(target: Target, resolved: Sequence[Address], policy: FetchPolicy) -> tuple[Address, ...]:
    """Return those of the target's addresses that may be connected to, in the resolver's order.

    Raises:
        ForbiddenAddressError: none may.
    """
    refusals = {address: find_refusal(address, policy.allow_private_networks) for address in resolved}
    allowed = tuple(address for address, refusal in refusals.items() if refusal is None)
    if not allowed:
        said = ", ".join(f"{address} ({refusal})" for address, refusal in list(refusals.items())[:4])
        raise ForbiddenAddressError(target.url, f"leads to {said or 'no address'}")
    return allowed


def check_peer(target: Target, peer: Address, policy: FetchPolicy) -> None:
    """Judge the address at the other end of a connection once more, before a byte is sent.

    Raises:
        ForbiddenAddressError: it may not be talked to.
    """
    choose_addresses(target, (peer,), policy)


def _split(url: str) -> SplitResult:
    if _CONTROL.search(url):  # urlsplit drops some of them silently, and parsers differ in which
        raise UnsafeUrlError(_shown(url), "control characters in the URL")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - this property is where a bad port is found
    except ValueError as error:
        raise UnsafeUrlError(_shown(url), f"not a URL: {_shown(str(error))}") from error
    return parts


def _parse_host(url: str, given: str) -> tuple[str, Address | None]:
    """Return the host as DNS and TLS want it, and its address where it is a literal.

    The IPv4 notations that the C library takes (decimal, octal, hexadecimal, short) are read here,
    so that a resolver is only ever asked for names.
    """
    if ":" in given:
        return _parse_ipv6(url, given)
    host = _ascii(url, given.rstrip(".")).lower()
    if not _NAME.match(host):
        raise UnsafeUrlError(url, "the host is not a DNS name")
    if not _NUMERIC_END.search(host):
        return host, None
    try:
        address = IPv4Address(socket.inet_aton(host))
    except OSError as error:
        raise UnsafeUrlError(url, "the host is a malformed IPv4 address") from error
    return str(address), address


def _parse_ipv6(url: str, given: str) -> tuple[str, Address]:
    try:
        address = IPv6Address(given)
    except AddressValueError as error:
        raise UnsafeUrlError(url, "the host is a malformed IPv6 address") from error
    if address.scope_id is not None:
        raise UnsafeUrlError(url, "the host names a network interface")
    return str(address), address


def _ascii(url: str, host: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise UnsafeUrlError(url, "the host is not a DNS name") from error


def _request_target(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe=_KEPT, errors="surrogatepass")
    return f"{path}?{quote(parts.query, safe=_KEPT, errors='surrogatepass')}" if parts.query else path


def _authority(host: str, port: int, scheme: str) -> str:
    bracketed = f"[{host}]" if ":" in host else host
    return bracketed if port == _DEFAULT_PORTS[scheme] else f"{bracketed}:{port}"


def _without_credentials(parts: SplitResult) -> str:
    """Return the URL as an error may show it: a password belongs in no log and no ledger."""
    return _shown(parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl())


def _shown(text: str) -> str:
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
