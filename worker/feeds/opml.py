"""Lists of feeds, in and out: OPML 2.0 (http://opml.org/spec2.opml) and plain text.

Folders are tags, each level one. Plain text is one URL a line, a title after it if wanted, `#` for
comments, and `[News > Europe]` for the folder of what follows (`[]` for none).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import format_datetime
from typing import TYPE_CHECKING

from lxml import etree

from worker.errors import UsageError
from worker.feeds.clean import fold, plain_line
from worker.feeds.discover import find_feed_link
from worker.urls import find_link

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from worker.models import Feed

_FOLDER_LINE = re.compile(r"\[(.*)\]")
_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFeed:
    """A feed as a list names it."""

    url: str
    title: str | None = None
    site_url: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedList:
    """What a list holds, each URL once; `skipped` are (line, text) of what should be a URL and is none."""

    feeds: tuple[ListedFeed, ...] = ()
    skipped: tuple[tuple[int, str], ...] = ()


def parse_feed_list(body: bytes, name: str) -> FeedList:
    """Return the feeds of an OPML or text file, told apart by content; `name` is for messages.

    Raises:
        UsageError: the file is neither, with the line where reading ended.
    """
    try:
        if _plain_start(body).startswith(b"<"):
            return parse_opml(body)
        return parse_list(_decoded(body))
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from None


def parse_opml(body: bytes) -> FeedList:
    """Return the feeds of an OPML file, whatever its version.

    Raises:
        UsageError: no well-formed XML, or XML that is no OPML.
    """
    root = _parse_xml(body)
    if _local_name(root) != "opml":
        raise UsageError(f"line {root.sourceline}: <{_local_name(root)}> is not an OPML list of feeds")
    feeds: list[ListedFeed] = []
    skipped: list[tuple[int, str]] = []
    for outline, folders in _outlines(root, ()):
        address = _attribute(outline, "xmlurl") or ""
        url = find_feed_link(address)
        if url:
            feeds.append(_listed(outline, url, folders))
        else:
            skipped.append((outline.sourceline or 0, fold(address)))
    return FeedList(feeds=_merged(feeds), skipped=tuple(skipped))


def parse_list(text: str) -> FeedList:
    """Return the feeds of a plain-text list.

    Raises:
        UsageError: not one of its lines is a URL, so that it is some other file.
    """
    feeds: list[ListedFeed] = []
    skipped: list[tuple[int, str]] = []
    tags: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.strip()
        folder = _FOLDER_LINE.fullmatch(entry)
        if folder:
            tags = _tags(fold(folder[1]).split(" > "))
        elif entry and not entry.startswith("#"):
            address, _, title = entry.partition(" ")
            url = find_feed_link(address)
            if url:
                feeds.append(ListedFeed(url=url, title=fold(title) or None, tags=tags))
            else:
                skipped.append((number, fold(entry)))
    if skipped and not feeds:
        raise UsageError(f"line {skipped[0][0]}: no web address, and none in the rest of the file")
    return FeedList(feeds=_merged(feeds), skipped=tuple(skipped))


def format_opml(feeds: Iterable[Feed], now: datetime) -> str:
    """Return the feeds as OPML 2.0, tags as nested folders in their order; `parse_opml` reads it back."""
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = "Feedmill subscriptions"
    etree.SubElement(head, "dateCreated").text = format_datetime(now)
    folders: dict[tuple[str, ...], etree._Element] = {(): etree.SubElement(root, "body")}
    for feed in feeds:
        etree.SubElement(_folder(folders, feed.tags), "outline", _outline(feed))
    xml: bytes = etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="UTF-8")
    return xml.decode()


def format_list(feeds: Iterable[Feed]) -> str:
    """Return the feeds as a plain-text list that `parse_list` reads back."""
    lines: list[str] = []
    current: tuple[str, ...] = ()
    for feed in sorted(feeds, key=lambda feed: feed.tags):
        if feed.tags != current:
            current = feed.tags
            lines.append(f"[{' > '.join(map(fold, current))}]")
        lines.append(f"{feed.url} {fold(feed.title or '')}".rstrip())
    return "".join(f"{line}\n" for line in lines)


def _parse_xml(body: bytes) -> etree._Element:
    # Neither entities nor a DTD is ever loaded; lxml's own bounds on size and depth stay on.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    start = body.lstrip()
    try:
        return etree.fromstring(start, parser)
    except etree.XMLSyntaxError as error:
        line = (error.lineno or 1) + body[: len(body) - len(start)].count(b"\n")
        said = fold(error.msg or "").partition(", line ")[0]
        raise UsageError(f"line {line}: not readable as OPML ({said})") from None


def _outlines(
    element: etree._Element, folders: tuple[str, ...]
) -> Iterator[tuple[etree._Element, tuple[str, ...]]]:
    """Yield each outline that has a feed's address, and the folders around it. Depth: at most lxml's 256."""
    for child in element:
        name = _local_name(child)
        if name == "outline" and _attribute(child, "xmlurl") is not None:
            yield child, folders
            yield from _outlines(child, folders)
        elif name == "outline":
            title = plain_line(_attribute(child, "title") or _attribute(child, "text"))
            yield from _outlines(child, (*folders, title) if title else folders)
        elif name == "body":
            yield from _outlines(child, folders)


def _listed(outline: etree._Element, url: str, folders: tuple[str, ...]) -> ListedFeed:
    # OPML 2.0: `category` is a comma-separated list of slash-delimited paths.
    categories = re.split(r"[,/]", _attribute(outline, "category") or "")
    return ListedFeed(
        url=url,
        title=plain_line(_attribute(outline, "title") or _attribute(outline, "text")),
        site_url=find_link(_attribute(outline, "htmlurl"), url),
        tags=_tags((*folders, *categories)),
    )


def _merged(feeds: Iterable[ListedFeed]) -> tuple[ListedFeed, ...]:
    """Return each URL once, with the tags of all its places: readers list a feed in several folders."""
    merged: dict[str, ListedFeed] = {}
    for feed in feeds:
        first = merged.get(feed.url, feed)
        merged[feed.url] = ListedFeed(
            url=feed.url,
            title=first.title or feed.title,
            site_url=first.site_url or feed.site_url,
            tags=_tags((*first.tags, *feed.tags)),
        )
    return tuple(merged.values())


def _tags(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in map(fold, names) if name))


def _folder(folders: dict[tuple[str, ...], etree._Element], path: tuple[str, ...]) -> etree._Element:
    if path not in folders:
        name = fold(path[-1])
        folders[path] = etree.SubElement(_folder(folders, path[:-1]), "outline", text=name, title=name)
    return folders[path]


def _outline(feed: Feed) -> dict[str, str]:
    title = fold(feed.title or "") or feed.url
    outline = {"type": "rss", "text": title, "title": title, "xmlUrl": feed.url}
    return {**outline, "htmlUrl": feed.site_url} if feed.site_url else outline


def _attribute(element: etree._Element, name: str) -> str | None:
    """Return an attribute whatever its case: exporters write xmlUrl, xmlurl and XMLURL."""
    return next((str(value) for key, value in element.attrib.items() if str(key).lower() == name), None)


def _local_name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _plain_start(body: bytes) -> bytes:
    return body[:64].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")


def _decoded(body: bytes) -> str:
    mark = next((encoding for mark, encoding in _BYTE_ORDER_MARKS.items() if body.startswith(mark)), None)
    if mark is None and b"\x00" in body:
        raise UsageError("line 1: binary data, not a list of feeds")
    try:
        return body.decode(mark or "utf-8")
    except UnicodeDecodeError:
        # Every byte means something in Latin-1, and only titles and comments can be affected.
        return body.decode("latin-1")
