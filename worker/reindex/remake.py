"""A stored document made anew, from its archived page or from its own text. Pure.

What it is called, where it stands and what was observed when it came stay: ledger rows point to it, and a
re-index decides nothing about identity. What extractor and tagger say is new.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from worker.enrich.language import UNDETERMINED
from worker.enrich.tags import tag, tagger_version
from worker.errors import ExtractError
from worker.extract.version import extractor_version
from worker.models import Entry
from worker.pipeline import build_candidate
from worker.store.ledger import first_row

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.models import Document, LedgerRow, Page

KEPT = (
    "article_id",
    "url",
    "canonical_url",
    "domain",
    "identity_note",
    "feed_id",
    "feed_ids",
    "feed_title",
    "first_seen_at",
    "fetched_at",
    "indexed_at",
    "publish_to_index_s",
    "revision",
    "written_by",
    "raw_digest",
    "archive",
)
"""What a document has from its own history, and no page can tell again."""
_FEED = "feed"


def remade(
    document: Document,
    page: Page,
    row: LedgerRow,
    *,
    tick: Callable[[], float],
    publisher: str | None = None,
) -> Document:
    """Return the document as its page, extracted and tagged today, would make it.

    `page` is the one that it was made of, `row` the ledger's row of the entry that wrote it. Where the feed's
    own text stood in for a page without an article, and still must, the text stays and only its tags are new:
    the ledger drops that text when a row is done.

    Raises:
        ExtractError: the page holds no article any more, by today's rules.
    """
    try:
        built = build_candidate(page, row, feed_title=document.feed_title, tick=tick, publisher=publisher)
    except ExtractError:
        if document.body_source != _FEED:
            raise
        return replace(retagged(document, publisher), extractor_version=extractor_version())
    return _with_history(built.candidate.document, document)


def retagged(document: Document, publisher: str | None = None) -> Document:
    """Return the document with the tags that its stored text gets today."""
    stated = None if document.language == UNDETERMINED else document.language
    tags = tag(document.title, document.body, (stated,), publisher)
    return replace(document, **asdict(tags), tagger_version=tagger_version())


def row_of(document: Document) -> LedgerRow:
    """Return a ledger row for a document whose own is gone: what is known of its entry from the document."""
    entry = Entry(
        entry_id=document.written_by.entry_id if document.written_by else document.article_id,
        feed_id=document.feed_id,
        url=document.url,
        domain=document.domain,
        title=document.title,
        published_at=None if document.published_source == "first_seen" else document.published_at,
    )
    return first_row(entry, document.feed_ids, document.first_seen_at)


def _with_history(new: Document, old: Document) -> Document:
    """Return the new document with the old one's history; of two guessed dates the earlier."""
    kept = {name: getattr(old, name) for name in KEPT}
    if new.published_source == "first_seen" and old.published_at < new.published_at:
        kept |= {"published_at": old.published_at, "published_source": old.published_source}
    return replace(new, **kept)
