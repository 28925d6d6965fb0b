"""From what a feed says of an entry to a clean `Entry`: the rules for text, links and dates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from worker.feeds.clean import (
    CONTENT_BYTES,
    SUMMARY_CHARS,
    cut_bytes,
    cut_text,
    fold,
    plain_line,
    plain_text,
)
from worker.feeds.dates import settle
from worker.feeds.identity import Draft
from worker.feeds.images import find_image
from worker.feeds.labels import clean_authors, find_language, find_section
from worker.models import Entry
from worker.urls import canonical_url, find_link, site_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from worker.feeds.listing import Listing, RawEntry

LONG_DESCRIPTION_CHARS = 1_500
"""From this length on a description is the article. Over 102 real feeds, those whose descriptions
are teasers stay under 1,050 characters, those that carry the whole article have a median over 1,900."""

_TEASER_END = re.compile(
    r"(?:…|\.\.\.|\b(?:read more|continue reading|weiterlesen|lire la suite|leer más))\W*$",
    re.IGNORECASE,
)
_TEASER_END_CHARS = 60
"""Room for the longest of these and an arrow; searching the whole text would take quadratic time."""


class Texts(NamedTuple):
    """An entry's summary and, where the feed carries it, the whole text."""

    summary: str | None
    content: str | None


def draft_entry(raw: RawEntry, listing: Listing, feed_id: str, now: datetime) -> tuple[Draft, list[str]]:
    """Return the entry cleaned but without its id, and what the rules had to mend."""
    url = find_entry_link(raw.links, listing.base)
    texts = choose_texts(raw)
    published, published_note = settle(raw.published, now)
    updated, updated_note = settle(raw.updated, now)
    entry = Entry(
        entry_id="",
        feed_id=feed_id,
        url=url,
        canonical_url=canonical_url(url) if url else None,
        domain=site_of(url or listing.base),
        guid=fold(raw.guid or "") or None,
        title=plain_line(raw.title),
        summary=texts.summary,
        content=texts.content,
        authors=clean_authors(raw.authors),
        section=find_section(raw.categories),
        image_url=find_image(raw.images, (*raw.full_texts, *raw.descriptions), url or listing.base),
        language=find_language(raw.language, listing.language),
        # RSS 1.0 and many Atom feeds state one time only, and that is when it appeared.
        published_at=published or updated,
        updated_at=updated,
    )
    notes = [note for note in (published_note, updated_note) if note]
    return Draft(entry, raw.published if raw.published.text else raw.updated, raw.updated), notes


def find_entry_link(candidates: Iterable[str], base: str) -> str | None:
    """Return the first candidate that is a link to fetch.

    Google News links and other redirectors stay as they are: the fetch finds out where they lead.
    """
    links = (find_link(link, base) for link in candidates)
    return next((link for link in links if link), None)


def choose_texts(raw: RawEntry) -> Texts:
    """Return summary and full text.

    The text of an element that its format reserves for the whole counts as that, unless it is short
    and ends like a teaser; a description counts from 1,500 characters on.
    """
    descriptions = [text for text in map(plain_text, raw.descriptions) if text]
    full = max(map(plain_text, raw.full_texts), key=len, default="")
    longest = max(descriptions, key=len, default="")
    if not full or (len(full) < LONG_DESCRIPTION_CHARS and _TEASER_END.search(full[-_TEASER_END_CHARS:])):
        content = longest if len(longest) >= LONG_DESCRIPTION_CHARS else ""
    else:
        content = full
    summary = next(iter(descriptions), full)
    return Texts(cut_text(summary, SUMMARY_CHARS) or None, cut_bytes(content, CONTENT_BYTES) or None)
