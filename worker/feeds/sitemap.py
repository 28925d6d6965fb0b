"""News sitemaps: what a site tells news search engines of the last two days, read like a feed.

https://www.sitemaps.org/protocol.html and its news extension; only what carries that is an entry.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from lxml import etree

from worker.errors import ParseError
from worker.feeds.clean import fold
from worker.feeds.dates import find_time
from worker.feeds.legal import with_legal_characters
from worker.feeds.listing import NOT_STATED, Listing, RawEntry, StatedTime

if TYPE_CHECKING:
    from collections.abc import Iterator

Record = TypeVar("Record")

FORMAT = "sitemap"

MOST_ENTRIES = 1_000
"""The news extension's own bound on one file; the protocol's is 50,000, which archives reach."""

_NEWS = "sitemap-news"
_IMAGE = "sitemap-image"
"""Part of the extensions' namespaces; sites write them with http and https, 0.9 and 1.1."""
_WHOLE = re.compile(rb"</(?:\w+:)?(?:urlset|sitemapindex)\s*>\s*\Z")
_TAIL_BYTES = 200
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


def read_sitemap(body: bytes, url: str) -> Listing:
    """Return what a news sitemap lists, at most the newest 1,000 entries.

    `lastmod` does not tell changes: it moves with whatever else is on the page, in many sitemaps with
    the file itself, and each change costs a fetch. It dates an entry that states nothing else.

    Raises:
        ParseError: it lists pages, none of them as news, or declares entities.
    """
    walk = Walk(body, url, "url")
    read = [_entry(element) for element in walk]
    entries = [entry for entry, _ in walk.whole(read) if entry]
    if not entries and (read or not walk.declares(_NEWS)):
        raise ParseError(url, f"a sitemap of {len(read)} pages without news (it lacks the news extension)")
    names = Counter(name for _, name in read if name)
    kept = _newest(entries)
    cut = (f"{len(entries)} entries, the newest {MOST_ENTRIES:,} taken",) if len(kept) < len(entries) else ()
    return Listing(
        format=FORMAT,
        base=url,
        title=next((name for name, _ in names.most_common(1)), None),
        entries=tuple(kept),
        notes=(*walk.notes(), *cut),
    )


class Walk:
    """Yields a sitemap's records one by one, each gone when the next is read: 50,000 take little memory."""

    def __init__(self, body: bytes, url: str, record: str) -> None:
        if b"<!ENTITY" in body.replace(b"\x00", b"").upper():  # UTF-16 as good as ASCII
            raise ParseError(url, "a sitemap that declares entities")
        self._is_whole = bool(_WHOLE.search(body[-_TAIL_BYTES:].replace(b"\x00", b"")))
        self._url = url
        self._namespaces: set[str] = set()
        self._events = etree.iterparse(
            io.BytesIO(with_legal_characters(body)),
            events=("start-ns", "end"),
            tag=("{*}" + record, record),
            recover=True,
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )

    def __iter__(self) -> Iterator[etree._Element]:
        try:
            for _, found in self._events:
                if isinstance(found, tuple):
                    self._namespaces.add(str(found[1]))
                elif found is not None:
                    yield found
                    _forget(found)
        except etree.XMLSyntaxError as error:
            raise ParseError(self._url, f"unreadable sitemap ({fold(str(error))[:120]})") from None

    def whole(self, records: list[Record]) -> list[Record]:
        """Return the records without the last where the file was cut: half an address leads elsewhere."""
        return records if self._is_whole else records[:-1]

    def declares(self, namespace: str) -> bool:
        return any(namespace in each for each in self._namespaces)

    def notes(self) -> tuple[str, ...]:
        """Return what had to be overlooked, once the walk is over."""
        errors = list(self._events.error_log)
        return (
            (f"not well-formed XML ({fold(errors[0].message or '')[:120]}), read leniently",)
            if errors
            else ()
        )


def texts(element: etree._Element, namespace: str = "") -> dict[str, str]:
    """Return the text of the element's children of that namespace (any part of its name), by local name."""
    found: dict[str, str] = {}
    for child in element.iterchildren(tag=etree.Element):
        space, _, name = str(child.tag).rpartition("}")
        if namespace in space:
            found.setdefault(name, fold("".join(str(text) for text in child.itertext())))
    return found


def stated(*written: str | None) -> StatedTime:
    """Return the first time that can be read, else the first that is written at all."""
    times = [StatedTime(text, find_time(text)) for text in written if text]
    return next((each for each in times if each.time), next(iter(times), NOT_STATED))


def _entry(element: etree._Element) -> tuple[RawEntry | None, str | None]:
    """Return the entry and its publication's name; no entry where it is no news."""
    news = next(iter(_children(element, _NEWS, "news")), None)
    said = texts(element)
    if news is None or not said.get("loc"):
        return None, None
    about = texts(news, _NEWS)
    publication = next((texts(each, _NEWS) for each in _children(news, _NEWS, "publication")), {})
    pictures = (texts(each, _IMAGE).get("loc") for each in _children(element, _IMAGE, "image"))
    entry = RawEntry(
        links=(said["loc"],),
        title=about.get("title"),
        images=tuple(picture for picture in pictures if picture),
        language=publication.get("language"),
        published=stated(about.get("publication_date"), said.get("lastmod")),
    )
    return entry, publication.get("name")


def _children(element: etree._Element, namespace: str, name: str) -> Iterator[etree._Element]:
    for child in element.iterchildren(tag=etree.Element):
        space, _, local = str(child.tag).rpartition("}")
        if local == name and namespace in space:
            yield child


def _newest(entries: list[RawEntry]) -> list[RawEntry]:
    if len(entries) <= MOST_ENTRIES:
        return entries
    return sorted(entries, key=lambda entry: entry.published.time or _BEFORE_ALL, reverse=True)[:MOST_ENTRIES]


def _forget(element: etree._Element) -> None:
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
