"""The feeds that a page links (https://www.rssboard.org/rss-autodiscovery), and the hub that a feed names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from lxml import etree

from worker.feeds.clean import plain_line
from worker.urls import find_link

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_FOUND = 50
"""More than an operator reads; pages that list the feeds of a whole newspaper stay below it."""

_TYPES = re.compile(
    r"application/(?:rss|atom|rdf|feed)\+(?:xml|json)|(?:application|text)/xml", re.IGNORECASE
)
_PLAUSIBLE = re.compile(
    # Path endings that publishing systems give to feeds.
    r"(?:/(?:feed|feeds|rss|rss2|atom|rdf)/?|\.(?:rss|atom|rdf)|[/._-](?:feed|feeds|rss|rss2|atom|index|news)\.xml"
    r"|/(?:feed|rss|atom)\.(?:php|aspx?|json))(?:\?[^#]*)?(?:#.*)?$|[?&](?:feed=(?:rss|rss2|atom|rdf)|format=(?:rss|feed|atom))\b"
    r"|^https?://(?:feeds|rss)\.",
    re.IGNORECASE,
)
_FEED_SCHEME = re.compile(r"^feed:(?://)?(?=https?://)|^feed:(?=//)", re.IGNORECASE)
_LINK = re.compile(r"<([^<>]{1,2000})>([^<>]{1,500})")
_IS_HUB = re.compile(r";\s*rel\s*=\s*(?:\"[^\"]*\bhub\b[^\"]*\"|hub\s*(?:[;,]|$))", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFeed:
    """A feed that a page links. `type` is the media type it states, None for a plain link."""

    url: str
    title: str | None = None
    type: str | None = None


def find_feeds(html: bytes | str, url: str) -> tuple[FoundFeed, ...]:
    """Return the feeds of a page at `url`: those it declares, then links that look like feeds.

    Each URL once, in document order, at most 50. Bytes are decoded by libxml2's rule (BOM, meta).
    """
    root = _parse(html)
    if root is None:
        return ()
    base = _base(root, url)
    found: dict[str, FoundFeed] = {}
    for feed in chain(_declared(root, base), _linked(root, base)):
        found.setdefault(feed.url, feed)
    found.pop(url, None)
    return tuple(found.values())[:MOST_FOUND]


def find_hub(headers: Mapping[str, str], url: str) -> str | None:
    """Return the WebSub hub that a response's Link header names (W3C WebSub, 4), None without one.

    `headers` have lower-case names; relative addresses start at `url`.
    """
    for address, parameters in _LINK.findall(headers.get("link", "")[:10_000]):
        if _IS_HUB.search(parameters):
            return find_link(address, url)
    return None


def find_feed_link(address: str | None, base: str | None = None) -> str | None:
    """Return an address as a feed URL; `feed:` and `feed://` in front of it mean http(s)."""
    found = _FEED_SCHEME.match(address.strip()) if address else None
    if address and found:
        rest = address.strip()[found.end() :]
        address = f"https:{rest}" if rest.startswith("//") else rest
    return find_link(address, base)


def _parse(html: bytes | str) -> etree._Element | None:
    encoded = isinstance(html, str)
    body = html.encode("utf-8", "replace") if isinstance(html, str) else html
    parser = etree.HTMLParser(encoding="utf-8" if encoded else None, no_network=True)
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        return None


def _base(root: etree._Element, url: str) -> str:
    element = next(root.iter("base"), None)
    return find_link(element.get("href") if element is not None else None, url) or url


def _declared(root: etree._Element, base: str) -> Iterator[FoundFeed]:
    for link in root.iter("link"):
        url = find_feed_link(link.get("href"), base)
        media = (link.get("type") or "").partition(";")[0].strip().lower()
        rel = (link.get("rel") or "").lower().split()
        if url and _TYPES.fullmatch(media) and ("alternate" in rel or "feed" in rel):
            yield FoundFeed(url=url, title=plain_line(link.get("title")), type=media)


def _linked(root: etree._Element, base: str) -> Iterator[FoundFeed]:
    for anchor in root.iter("a"):
        url = find_feed_link(anchor.get("href"), base)
        if url and _PLAUSIBLE.search(url):
            title = plain_line(anchor.get("title")) or plain_line("".join(_texts(anchor)))
            yield FoundFeed(url=url, title=title)


def _texts(anchor: etree._Element) -> Iterator[str]:
    yield from (str(text) for text in anchor.itertext())
