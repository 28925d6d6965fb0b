"""A page, or a feed's own text, to the document that is stored: extract, tag, compose. Pure.

Where page and feed both say something, one rule a field decides:

    title       page, unless it only names site or feed   authors     page, then feed
    published   feed, page, URL, first seen               section     page, then feed
    summary     feed, then the page's description         image_url   page, then feed
    language    measured; where unsure: page, then feed   modified    page, then feed
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker import urls
from worker.enrich.tags import TAGGER_VERSION, tag
from worker.errors import NoLinkError
from worker.extract.body import EXTRACTOR_VERSION, extract_article
from worker.extract.dates import url_date
from worker.extract.identity import Identity, choose_identity
from worker.extract.metadata import LONGEST_SUMMARY
from worker.extract.text import clean_text, one_line, shortened, word_count
from worker.models import Article, Candidate, Document

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from worker.models import Entry, LedgerRow, Page, Tags

_MADE_TITLE = 100
"""Characters of the text that stand for a title where neither page nor feed has one."""


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
    article: Article
    title: str
    tags: Tags
    identity: Identity
    article_id: str
    domain: str
    feed_title: str | None
    fetched_at: datetime
    raw: bytes
    body_source: str


def build_candidate(
    page: Page, row: LedgerRow, *, feed_title: str | None, tick: Callable[[], float]
) -> Built:
    """Return the document that the fetched page of an entry becomes, on its way to the store.

    `tick` reads a monotonic clock in seconds; only differences are used.

    Raises:
        RedirectedHomeError: the entry's link now leads to a home page.
        ContentTypeError: the response is no page.
        NoArticleError: the page holds no article.
    """
    started = tick()
    article = extract_article(page, row.entry)
    identity = choose_identity(page.url, page.final_url, article.canonical_link)
    title = _title(article, row.entry, feed_title)
    extracted = tick()
    tags = tag(title, article.body, (article.language, row.entry.language))
    source = _Source(
        row=row,
        article=article,
        title=title,
        tags=tags,
        identity=identity,
        article_id=urls.article_id_of(identity.url),
        domain=urls.site_of(identity.url),
        feed_title=feed_title,
        fetched_at=page.fetched_at,
        raw=page.body,
        body_source="page",
    )
    return _built(source, started, extracted, tick())


def build_from_feed(
    row: LedgerRow,
    *,
    feed_title: str | None,
    now: datetime,
    tick: Callable[[], float],
    feed_url: str | None = None,
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
    article = Article(title=entry.title, body=text, extractor="feed")
    title = _title(article, entry, feed_title)
    extracted = tick()
    source = _Source(
        row=row,
        article=article,
        title=title,
        tags=tag(title, text, (entry.language,)),
        identity=Identity(_own_url(entry)),
        article_id=entry.entry_id,
        domain=entry.domain or urls.site_of(feed_url or ""),
        feed_title=feed_title,
        fetched_at=now,
        raw=text.encode(),
        body_source="feed",
    )
    return _built(source, started, extracted, tick())


def published(entry: Entry, article: Article, url: str, first_seen_at: datetime) -> tuple[datetime, str]:
    """Return when an article was published and whose word that is: feed, page, url or first_seen.

    The feed is the publisher's own list of what came when; a URL says only the day.
    """
    candidates = (
        (entry.published_at, "feed"),
        (article.published_at, "page"),
        (url_date(url), "url"),
        (entry.updated_at, "feed"),
    )
    stated = ((when, source) for when, source in candidates if when)
    return next(stated, (first_seen_at, "first_seen"))


def content_hash(title: str, body: str) -> str:
    """Return the sha256 of what a reader sees: title and text, however spaced."""
    return hashlib.sha256(f"{one_line(title)}\n{one_line(body)}".encode()).hexdigest()


def _title(article: Article, entry: Entry, feed_title: str | None) -> str:
    own = article.title or ""
    names_of_the_site = ((name or "").casefold() for name in (article.site_name, feed_title, ""))
    stated = (entry.title or own) if own.casefold() in names_of_the_site else own
    return stated or shortened(one_line(article.body), _MADE_TITLE)


def _own_url(entry: Entry) -> str:
    link = urls.find_link(entry.guid)
    return link if link and not urls.is_home(link) else f"urn:feedmill:{entry.entry_id}"


def _built(source: _Source, started: float, extracted: float, done: float) -> Built:
    fallback = source.identity.fallback_url
    candidate = Candidate(
        document=_document(source),
        entry_id=source.row.entry.entry_id,
        generation=source.row.generation,
        known_article_id=source.row.article_id,
        fallback_id=urls.article_id_of(fallback) if fallback else None,
        fallback_url=fallback,
    )
    return Built(candidate, _ms(started, extracted), _ms(extracted, done))


def _document(source: _Source) -> Document:
    """Return the stored record; as long as the record has fields."""
    row, article, entry, tags = source.row, source.article, source.row.entry, source.tags
    url = source.identity.url
    published_at, published_source = published(entry, article, url, row.first_seen_at)
    modified_at = article.modified_at or entry.updated_at
    summary = entry.summary or article.summary
    return Document(
        article_id=source.article_id,
        url=url,
        canonical_url=url if url.startswith("urn:") else urls.canonical_url(url),
        domain=source.domain,
        feed_id=entry.feed_id,
        feed_ids=row.feed_ids,
        feed_title=source.feed_title,
        title=source.title,
        body=article.body,
        summary=shortened(clean_text(summary), LONGEST_SUMMARY) if summary else None,
        authors=article.authors or entry.authors,
        section=article.section or entry.section,
        image_url=article.image_url or entry.image_url,
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
        extractor_version=EXTRACTOR_VERSION,
        tagger_version=TAGGER_VERSION,
        archive=row.archive,
    )


def _ms(start: float, end: float) -> int:
    return round((end - start) * 1000)
