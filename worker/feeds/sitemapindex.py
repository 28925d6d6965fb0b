"""Sitemap indexes: which of their files are worth a request, and what those list together.

An index is polled like a feed. Its files come and go (one a day, one a month), so they are chosen
anew at each poll; `worker.ops.listing` fetches them. No validators of an index are kept: many give no
lastmod, so that it stays the same while its files change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from worker.errors import ParseError
from worker.feeds.dates import find_time
from worker.feeds.identity import collapse
from worker.feeds.sitemap import Walk, texts
from worker.models import ParsedFeed
from worker.urls import find_link

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT = "sitemapindex"

MOST_FILES = 3
"""Files of an index fetched in one poll, so that it costs at most four requests. A news sitemap holds two
days; sites that split it have one to three such files."""

_NEWS_NAME = re.compile(r"news(?!letter)|latest|noticias|nachrichten|actualit|aktuell", re.IGNORECASE)
_DATED_NAME = re.compile(r"(?<!\d)(20\d\d)[-_/]?(0[1-9]|1[0-2])(?:[-_/]?(0[1-9]|[12]\d|3[01]))?(?!\d)")
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapFile:
    """One file that an index names. `changed_at` is its lastmod, else the day or month in its name."""

    url: str
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapIndex:
    """The files worth fetching, best first, and how many the index names."""

    files: tuple[SitemapFile, ...]
    listed: int


def read_index(body: bytes, url: str) -> SitemapIndex:
    """Return the at most three files of an index that most likely hold the latest news.

    Those whose name says news are the only ones where there are any; then the latest changed come
    first, undated ones last in the order of the index.

    Raises:
        ParseError: it names no file.
    """
    walk = Walk(body, url, "sitemap")
    read = [texts(element) for element in walk]
    files = [_file(said, url) for said in walk.whole(read)]
    named = {file.url: file for file in files if file and file.url != url}
    if not named:
        raise ParseError(url, "a sitemap index that names no files")
    return SitemapIndex(files=tuple(_choose(list(named.values()))), listed=len(named))


def joined(lists: Sequence[ParsedFeed], notes: Sequence[str]) -> ParsedFeed:
    """Return what the files of an index list together, each entry once."""
    entries, collapsed = collapse([entry for each in lists for entry in each.entries])
    return ParsedFeed(
        format=FORMAT,
        title=next((each.title for each in lists if each.title), None),
        entries=entries,
        collapsed=(*(one for each in lists for one in each.collapsed), *collapsed),
        listed=sum(each.listed for each in lists),
        notes=(*notes, *dict.fromkeys(note for each in lists for note in each.notes)),
    )


def _file(said: dict[str, str], url: str) -> SitemapFile | None:
    link = find_link(said.get("loc"), url)
    return (
        SitemapFile(url=link, changed_at=find_time(said.get("lastmod", "")) or _time_in_name(link))
        if link
        else None
    )


def _choose(files: list[SitemapFile]) -> list[SitemapFile]:
    news = [file for file in files if _NEWS_NAME.search(_name(file.url))] or files
    return sorted(news, key=lambda file: file.changed_at or _BEFORE_ALL, reverse=True)[:MOST_FILES]


def _name(url: str) -> str:
    """Return path and query; the host's own name says nothing ("news.example")."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def _time_in_name(url: str) -> datetime | None:
    found = _DATED_NAME.search(_name(url))
    try:
        return datetime(int(found[1]), int(found[2]), int(found[3] or 1), tzinfo=UTC) if found else None
    except ValueError:
        return None
