"""RSS and Atom through feedparser: the one place that touches it."""

from __future__ import annotations

import io
import re
from collections import Counter
from typing import TYPE_CHECKING, Any
from xml.sax import SAXException

import feedparser

from worker.errors import ParseError
from worker.feeds.clean import fold
from worker.feeds.dates import read_time
from worker.feeds.hints import read_hints
from worker.feeds.kind import describe_body
from worker.feeds.legal import with_legal_characters
from worker.feeds.listing import Listing, RawEntry, StatedTime, is_absolute
from worker.urls import find_link

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EXPANSION_CHARS = 20_000_000
"""Twice the fetcher's cap on a feed. Declared entities that expand a feed beyond it are a bomb.

feedparser drops nested entities, and expat bounds the plain ones; but then feedparser reads again
with its lenient parser, which has no bound.
"""

_ENTITY = re.compile(rb"<!ENTITY\s+(\S+)\s+(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_REFERENCE = re.compile(rb"&(\w[\w.-]*);")
_TEXT_TYPES = frozenset({"text/plain", "text/html", "application/xhtml+xml"})
_LEAKS = (KeyError, OverflowError, TypeError, ValueError)
"""What feedparser 6.0.14 lets out on mutated feeds: unmatched media elements (KeyError), references
beyond Unicode (OverflowError, ValueError), misplaced <width/> (TypeError), encodings like "undefined"
or with a NUL (ValueError)."""


def read_xml(body: bytes, url: str, headers: Mapping[str, str]) -> Listing:
    """Return what an RSS or Atom body says; `url` is where it came from.

    Raises:
        ParseError: the body is no feed.
    """
    _refuse_bomb(body, url)
    found = _parse(with_legal_characters(body), url, headers)
    entries = tuple(dict(entry) for entry in found["entries"])
    version = found.get("version") or ""
    if not version and not entries:
        raise ParseError(url, describe_body(body))
    feed = dict(found["feed"])
    site_url = find_link(_first_link(feed), url)
    atom = version.startswith("atom")
    return Listing(
        format=version or "unknown",
        # RFC 4287, 2 for Atom; RSS says nothing, and what is relative there is relative to the site.
        base=url if atom else site_url or url,
        title=feed.get("title"),
        site_url=site_url,
        language=feed.get("language"),
        hub_url=find_link(next(_hrefs(feed, "hub"), None), url),
        hints=read_hints(feed, body),
        entries=tuple(_entry(entry, feed if atom else {}, version) for entry in entries),
        notes=_notes(found),
    )


def _parse(body: bytes, url: str, headers: Mapping[str, str]) -> Any:
    # A stream, because bytes that look like a path or a URL would be opened. With no content type
    # feedparser assumes ISO-8859-1; the media type alone makes it read the XML declaration.
    media = {"content-type": headers.get("content-type") or "application/xml"}
    try:
        return feedparser.parse(
            io.BytesIO(body), response_headers=media, sanitize_html=False, resolve_relative_uris=False
        )
    except _LEAKS as error:
        raise ParseError(url, f"unreadable feed ({type(error).__name__}: {fold(str(error))[:120]})") from None


def _refuse_bomb(body: bytes, url: str) -> None:
    plain = body.replace(b"\x00", b"")  # UTF-16 and UTF-32 as good as ASCII
    if b"<!ENTITY" not in plain.upper():
        return
    uses = Counter(_REFERENCE.findall(plain))
    size = sum(len(value or other) * uses[name] for name, value, other in _ENTITY.findall(plain))
    if size > EXPANSION_CHARS:
        raise ParseError(url, "its entities expand to more than 20 MB")


def _notes(found: Any) -> tuple[str, ...]:
    error = found.get("bozo_exception")
    if not isinstance(error, SAXException):
        return ()
    return (f"not well-formed XML ({fold(error.getMessage())}), read leniently",)


def _entry(entry: dict[str, Any], feed: dict[str, Any], version: str) -> RawEntry:
    """Return an entry; `feed` is what it inherits from (Atom's authors), empty where nothing."""
    full_texts, passages = _contents(entry, version)
    summary = entry.get("summary")
    published, updated = _stated(entry, "published", "created"), _stated(entry, "updated")
    return RawEntry(
        links=tuple(_links(entry)),
        guid=entry.get("id"),
        title=entry.get("title"),
        # Where there is no summary feedparser repeats the content there.
        descriptions=tuple(text for text in (summary, *passages) if text and text not in full_texts),
        full_texts=full_texts,
        authors=tuple(_names(entry) or _names(feed)),
        categories=tuple(_categories(entry)),
        images=tuple(_images(entry)),
        language=entry.get("language") or _title_language(entry),
        published=published,
        updated=updated,
    )


def _links(entry: dict[str, Any]) -> Iterator[str]:
    """Yield candidates for the entry's own page, best first. An enclosure is media and no page."""
    for name in ("feedburner_origlink", "pheedo_origlink"):
        if isinstance(entry.get(name), str):
            yield entry[name]
    yield from _hrefs(entry, "alternate")
    if entry.get("link") and not entry.get("guidislink"):
        yield entry["link"]
    # A permalink guid, or any guid beside an empty <link/>; a relative one is an id and no address.
    elif "link" in entry and is_absolute(entry.get("id")):
        yield entry["id"]


def _first_link(feed: dict[str, Any]) -> str | None:
    return next(_hrefs(feed, "alternate"), None) or feed.get("link")


def _hrefs(context: dict[str, Any], rel: str) -> Iterator[str]:
    """Yield links of that relation, pages before other formats of the same content."""
    links = [dict(link) for link in context.get("links", ()) if link.get("href")]
    related = [link for link in links if _has_rel(link, rel)]
    pages = [link for link in related if link.get("type", "text/html") in _TEXT_TYPES]
    for link in [*pages, *(link for link in related if link not in pages)]:
        yield link["href"]


def _has_rel(link: dict[str, Any], rel: str) -> bool:
    # RFC 4287, 4.2.7.2: a registered name may be written as its IANA address.
    return rel in [name.rsplit("/", 1)[-1] for name in link.get("rel", "alternate").split()]


def _contents(entry: dict[str, Any], version: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the full texts, and what only looks like one.

    feedparser files an RSS entry's second description (media:description, itunes:summary) under
    content too; its type is plain text, which content:encoded never has.
    """
    contents = [c for c in entry.get("content", ()) if c.get("type") in _TEXT_TYPES and c.get("value")]
    full = [c for c in contents if version.startswith("atom") or c["type"] != "text/plain"]
    return (
        tuple(c["value"] for c in full),
        tuple(c["value"] for c in contents if c not in full),
    )


def _names(context: dict[str, Any]) -> list[str]:
    names = [author["name"] for author in context.get("authors", ()) if author.get("name")]
    return names or [context["author"]] if context.get("author") else names


def _categories(entry: dict[str, Any]) -> Iterator[str]:
    for tag in entry.get("tags", ()):
        if tag.get("label") or tag.get("term"):
            yield tag.get("label") or tag["term"]


def _images(entry: dict[str, Any]) -> Iterator[str]:
    """Yield image addresses, largest media:content first, then thumbnails, enclosures, itunes:image."""
    contents = [media for media in entry.get("media_content", ()) if _is_image(media)]
    for media in sorted(contents, key=_width, reverse=True):
        yield media["url"]
    for media in sorted(entry.get("media_thumbnail", ()), key=_width, reverse=True):
        yield media.get("url", "")
    for link in entry.get("links", ()):
        if link.get("rel") == "enclosure" and link.get("type", "").startswith("image/"):
            yield link.get("href", "")
    image = entry.get("image")
    yield image.get("href", "") if isinstance(image, dict) else ""


def _is_image(media: Mapping[str, str]) -> bool:
    said = media.get("medium") or media.get("type", "").partition("/")[0]
    looks = re.search(r"\.(?:jpe?g|png|webp|gif|avif)(?:\?|$)", media.get("url", ""), re.IGNORECASE)
    return bool(media.get("url")) and (said == "image" or (not said and bool(looks)))


def _width(media: Mapping[str, str]) -> int:
    width = media.get("width", "")
    return int(width) if re.fullmatch(r"[0-9]{1,5}", width) else 0


def _title_language(entry: dict[str, Any]) -> str | None:
    detail = entry.get("title_detail") or {}
    return detail.get("language")


def _stated(entry: dict[str, Any], *names: str) -> StatedTime:
    for name in names:
        text = entry.get(name)
        if isinstance(text, str) and text:
            return StatedTime(fold(text), read_time(fold(text), entry.get(f"{name}_parsed")))
    return StatedTime()
