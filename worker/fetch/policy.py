"""What the fetch client may do, and what it is asked to fetch: frozen values, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from worker.fetch.addresses import Network

PATIENCE_S = 2.0
"""The longest politeness wait that is slept; a longer one gives the thread back (`HostBusyError`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPolicy:
    """The operator's limits. `timeout_s` bounds a whole fetch: DNS, politeness waits, every hop.

    `connect_timeout_s` bounds name resolution and connecting, each, per hop. `host_delay_s` is the
    time between two request starts on one site, `per_site` the most threads that may be in requests to one.
    """

    user_agent: str
    allow_private_networks: tuple[Network, ...] = ()
    allow_ports: frozenset[int] | Literal["any"] = frozenset({80, 443})
    timeout_s: float = 60.0
    connect_timeout_s: float = 10.0
    host_delay_s: float = 2.0
    per_site: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchKind:
    """What is wanted: the Accept header, the cap on the decoded body, and types not worth reading.

    A response whose media type starts with one of `refused_types` ends before its body is read. `larger`
    says what becomes of a body above the cap; `max_hops` is the number of redirects followed, by default
    the design's bound: browsers allow 20 (WHATWG Fetch), sites need 2 or 3.
    """

    accept: str
    max_bytes: int
    refused_types: tuple[str, ...] = ()
    larger: Literal["refused", "cut"] = "refused"
    max_hops: int = 10


_MEDIA = ("image/", "video/", "audio/", "font/")

FEED = FetchKind(
    accept="application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1",
    max_bytes=10_000_000,
    refused_types=_MEDIA,
)
"""A feed. Feeds are served as octet-stream, text/plain and text/html too, so only media is refused."""

PAGE = FetchKind(
    accept="text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.1",
    max_bytes=5_000_000,
    refused_types=(
        *_MEDIA,
        "application/gzip",
        "application/msword",
        "application/octet-stream",
        "application/pdf",
        "application/vnd.",
        "application/zip",
    ),
)
"""An article's page."""

ROBOTS = FetchKind(accept="text/plain, */*;q=0.1", max_bytes=512_000, larger="cut", max_hops=5)
"""A robots.txt: 500 KiB are read and five redirects followed, as RFC 9309 asks (2.5, 2.3.1.2)."""
