"""A page, or a feed's own text, to the document that is stored: extract, tag, compose. Pure.

Where page and feed both say something, the rules of `extract.precedence` decide.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker import urls
from worker.enrich.tags import tag, tagger_version
from worker.errors import ExtractError, NoLinkError
from worker.extract import precedence
from worker.extract.body import extract_article
from worker.extract.identity import Identity, choose_identity
from worker.extract.metadata import LONGEST_SUMMARY
from worker.extract.precedence import Said
from worker.extract.quality import FEED_STANDS_IN, address_behind, judge, require_text
from worker.extract.text import clean_text, one_line, shortened, word_count
from worker.extract.version import extractor_version
from worker.models import Article, Candidate, Document

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from worker.models import ArchiveLocation, Entry, LedgerRow, Page, Tags

_FEED = "feed"
"""Body source, and extractor, of articles whose text the feed itself carried."""


@dataclass(frozen=True, slots=True)
class Built:
    """A candidate, and the milliseconds that extracting and tagging it took."""

    candidate: Candidate
    extract_ms: int
    tag_ms: int


@dataclass(frozen=True, slots=True)
class _Source:
    """What a document is composed of, whether the text came from the page or from the feed."""

    row: LedgerRow
    said: Said
    title: str
    tags: Tags
    identity: Identity
    article_id: str
    domain: str
    fetched_at: datetime
    raw: bytes
    body_source: str
    archive: ArchiveLocation | None = None


def build_candidate(
    page: Page,
    row: LedgerRow,
    *,
    feed_title: str | None,
    tick: Callable[[], float],
    publisher: str | None = None,
    archive: ArchiveLocation | None = None,
) -> Built:
    """Return the document that the fetched page of an entry becomes, on its way to the store.

    `tick` reads a monotonic clock in seconds; only differences are used. `publisher` is the feed's country
    where the operator stated one, `archive` where the page lies, if it was kept.

    Where the page hides its article (`FEED_STANDS_IN`) and the feed carried the full text, that text is
    the body, under the URL of the page that was fetched: a wall's rel=canonical names the wall.

    Raises:
        RedirectedHomeError: the entry's link now leads to a home page.
        ContentTypeError: the response is no page.
        NoArticleError: the page holds no article, and the feed carried none.
        LowQualityError: the page is something else than an article, and nothing stands in for it.
    """
    started = tick()
    article = _page_article(page, row)
    from_feed = article.extractor == _FEED
    found_at = address_behind(page) if from_feed else page.final_url
    identity = choose_identity(page.url, found_at, article.canonical_link)
    said = Said(article, row.entry, identity.url, row.first_seen_at, feed_title)
    title = precedence.title(said)
    extracted = tick()
    tags = tag(title, article.body, (article.language, row.entry.language), publisher)
    source = _Source(
        row=row,
        said=said,
        title=title,
        tags=tags,
        identity=identity,
        article_id=urls.article_id_of(identity.url),
        domain=urls.site_of(identity.url),
        fetched_at=page.fetched_at,
        raw=page.body,
        body_source=_FEED if from_feed else "page",
        archive=archive,
    )
    return _built(source, started, extracted, tick())


def build_from_feed(
    row: LedgerRow,
    *,
    feed_title: str | None,
    now: datetime,
    tick: Callable[[], float],
    feed_url: str | None = None,
    publisher: str | None = None,
) -> Built:
    """Return the document of an entry that has no page of its own but text in its feed.

    Its id is the entry's; its URL the guid where that is one, else `urn:feedmill:` and the id.

    Raises:
        NoLinkError: the feed carries no text either.
    """
    started, entry = tick(), row.entry
    text = clean_text(entry.content or entry.summary or "")
    if not text:
        raise NoLinkError(entry.url, "no page to fetch and no text in the feed")
    article = Article(title=entry.title, body=text, extractor=_FEED)
    said = Said(article, entry, _own_url(entry), row.first_seen_at, feed_title)
    title = precedence.title(said)
    extracted = tick()
    source = _Source(
        row=row,
        said=said,
        title=title,
        tags=tag(title, text, (entry.language,), publisher),
        identity=Identity(said.url),
        article_id=entry.entry_id,
        domain=entry.domain or urls.site_of(feed_url or ""),
        fetched_at=now,
        raw=text.encode(),
        body_source=_FEED,
    )
    return _built(source, started, extracted, tick())


def content_hash(title: str, body: str) -> str:
    """Return the sha256 of what a reader sees: title and text, however spaced."""
    return hashlib.sha256(f"{one_line(title)}\n{one_line(body)}".encode()).hexdigest()


def _page_article(page: Page, row: LedgerRow) -> Article:
    """Return the page's article, or the feed's where the page hides it."""
    try:
        return extract_article(page, row.entry, require_text if row.forced else judge)
    except ExtractError as error:
        text = clean_text(row.entry.content or "")
        if error.reason not in FEED_STANDS_IN or word_count(text) < FEED_STANDS_IN[error.reason]:
            raise
        return Article(title=row.entry.title, body=text, extractor=_FEED)


def _own_url(entry: Entry) -> str:
    link = urls.find_link(entry.guid)
    return link if link and not urls.is_home(link) else f"urn:feedmill:{entry.entry_id}"


def _built(source: _Source, started: float, extracted: float, done: float) -> Built:
    row, fallback = source.row, source.identity.fallback_url
    entry_id = row.entry.entry_id
    candidate = Candidate(
        document=_document(source),
        entry_id=entry_id,
        generation=row.generation,
        known_article_id=row.article_id,
        fallback_id=urls.article_id_of(fallback) if fallback else urls.displaced_article_id_of(entry_id),
        fallback_url=fallback or source.identity.url,
    )
    return Built(candidate, _ms(started, extracted), _ms(extracted, done))


def _document(source: _Source) -> Document:
    """Return the stored record; as long as the record has fields."""
    row, said, tags = source.row, source.said, source.tags
    article, url = said.article, source.identity.url
    published_at, published_source = precedence.published(said)
    modified_at, summary = precedence.modified(said), precedence.summary(said)
    return Document(
        article_id=source.article_id,
        url=url,
        canonical_url=url if url.startswith("urn:") else urls.canonical_url(url),
        domain=source.domain,
        feed_id=said.entry.feed_id,
        feed_ids=row.feed_ids,
        feed_title=said.feed_title,
        title=source.title,
        body=article.body,
        summary=shortened(clean_text(summary), LONGEST_SUMMARY) if summary else None,
        authors=precedence.authors(said),
        section=precedence.section(said),
        image_url=precedence.image_url(said),
        language=tags.language,
        language_confidence=tags.language_confidence,
        published_at=min(published_at, source.fetched_at),
        published_source=published_source,
        modified_at=min(modified_at, source.fetched_at) if modified_at else None,
        first_seen_at=row.first_seen_at,
        fetched_at=source.fetched_at,
        body_source=source.body_source,
        word_count=word_count(article.body),
        content_hash=content_hash(source.title, article.body),
        raw_digest=hashlib.sha256(source.raw).hexdigest(),
        identity_note=source.identity.note,
        country_primary=tags.country_primary,
        countries=tags.countries,
        country_scores=tags.country_scores,
        topics=tags.topics,
        topics_all=tags.topics_all,
        topics_top=tags.topics_top,
        topic_names=tags.topic_names,
        topic_scores=tags.topic_scores,
        extractor=article.extractor,
        extractor_version=extractor_version(),
        tagger_version=tagger_version(),
        archive=source.archive,
    )


def _ms(start: float, end: float) -> int:
    return round((end - start) * 1000)
