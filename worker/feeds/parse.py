"""A feed's bytes to its entries, each cleaned, identified and once.

    body ─► xmlfeed | jsonfeed | sitemap ─► Listing ─► entries (clean) ─► identity (collapse) ─► ParsedFeed

Runs in a child process that can be killed: the result pickles, and the time that a hostile feed
takes is bounded there.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from worker.feeds.clean import plain_line
from worker.feeds.discover import find_hub
from worker.feeds.entries import draft_entry
from worker.feeds.identity import collapse, identify
from worker.feeds.jsonfeed import is_json, read_json
from worker.feeds.kind import find_root
from worker.feeds.labels import find_language
from worker.feeds.packed import unpacked
from worker.feeds.sitemap import read_sitemap
from worker.feeds.sitemapindex import SitemapIndex, read_index
from worker.feeds.stamps import NOTE, without_stamps
from worker.feeds.xmlfeed import read_xml
from worker.models import Collapsed, Entry, ParsedFeed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from worker.feeds.listing import Listing


def parse_listing(
    body: bytes, *, feed_id: str, url: str, headers: Mapping[str, str], now: datetime
) -> ParsedFeed | SitemapIndex:
    """Return what the body lists; of a sitemap index the files, which its reader has to fetch.

    Raises:
        ParseError: the body is no feed; the detail says what it looks like.
    """
    plain = unpacked(body, url)
    if find_root(plain) == "sitemapindex":
        return read_index(plain, url)
    return parse_feed(plain, feed_id=feed_id, url=url, headers=headers, now=now)


def parse_feed(
    body: bytes, *, feed_id: str, url: str, headers: Mapping[str, str], now: datetime
) -> ParsedFeed:
    """Return what the feed lists. `headers` have lower-case names; used are the content type, and a hub.

    `url` is where the body came from, after redirects: relative links start there. `now` bounds
    dates in the future. Nothing is fetched or opened, whatever the body says.

    Raises:
        ParseError: the body is no feed; the detail says what it looks like.
    """
    listing = _read(unpacked(body, url), url, headers)
    drafted = [draft_entry(raw, listing, feed_id, now) for raw in listing.entries]
    drafts, stamped = without_stamps([draft for draft, _ in drafted], now)
    identified = identify(drafts)
    empty = [entry for entry in identified if _is_empty(entry)]
    entries, collapsed = collapse([entry for entry in identified if not _is_empty(entry)])
    return ParsedFeed(
        format=listing.format,
        title=plain_line(listing.title),
        site_url=listing.site_url,
        language=find_language(listing.language),
        hub_url=find_hub(headers, url) or listing.hub_url,
        hints=listing.hints,
        entries=entries,
        collapsed=(*collapsed, *(Collapsed(title=None, url=None, rule="empty entry") for _ in empty)),
        listed=len(drafted),
        notes=(
            *listing.notes,
            *_summed([*(notes for _, notes in drafted), *([NOTE] for _ in range(stamped))]),
        ),
    )


def _read(body: bytes, url: str, headers: Mapping[str, str]) -> Listing:
    if is_json(body):
        return read_json(body, url)
    if find_root(body) == "urlset":
        return read_sitemap(body, url)
    return read_xml(body, url, headers)


def _is_empty(entry: Entry) -> bool:
    return not (entry.url or entry.guid or entry.title or entry.summary or entry.content)


def _summed(notes_by_entry: Iterable[Iterable[str]]) -> list[str]:
    counts = Counter(note for notes in notes_by_entry for note in set(notes))
    return [f"{count} of the entries: {note}" for note, count in sorted(counts.items())]
