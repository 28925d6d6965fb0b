"""A fetched page to its article: text by trafilatura, all else by our own rules, one parse for both."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, time
from typing import TYPE_CHECKING, Any

import trafilatura
from trafilatura.utils import load_html

from worker.errors import NoArticleError
from worker.extract.charset import decode
from worker.extract.lead import find_lead
from worker.extract.lines import trimmed
from worker.extract.metadata import find_metadata
from worker.extract.quality import judge as judge_article
from worker.extract.sniff import is_html, require_page
from worker.models import Article

if TYPE_CHECKING:
    from datetime import datetime

    from lxml.html import HtmlElement

    from worker.extract.quality import Judge
    from worker.models import Entry, Page

_DOUBTFUL = 700
"""Characters. Where the fast mode finds less, the full cascade is asked too."""

_CLEARLY_MORE = 1.2
"""The cascade's text is taken only if it is that much longer: else it adds boxes, not paragraphs."""


def extract_article(page: Page, entry: Entry | None, judge: Judge = judge_article) -> Article:
    """Return the article on a fetched page; `entry` is what the feed says about it, if there is one.

    `judge` refuses what is no article; see `worker.extract.quality`.

    Raises:
        ContentTypeError: the response is no HTML, XHTML or plain text.
        NoArticleError: it holds no article text.
        LowQualityError: its text is not the article.
    """
    require_page(page.body, page.headers.get("content-type"), page.final_url)
    text = decode(page.body, page.headers.get("content-type"))
    tree = _parsed(text, page) if is_html(page.body) or "</" in text else None
    article = _plain(text) if tree is None else _from_tree(tree, page)
    title = article.title or (entry.title if entry else None)
    article = replace(article, body=trimmed(article.body, title))
    judge(article, tree, page, entry)
    return article


def _parsed(text: str, page: Page) -> HtmlElement:
    tree: HtmlElement | None = load_html(text)
    if tree is None:
        raise NoArticleError(page.final_url, "no document in the page")
    return tree


def _from_tree(tree: HtmlElement, page: Page) -> Article:
    found = find_metadata(tree, page.final_url, page.fetched_at)
    body, extractor = _main_text(tree, page.final_url)
    lead = find_lead(tree, body, found.summary)
    return Article(
        title=found.title,
        body=f"{lead}\n{body}" if lead else body,
        summary=found.summary,
        authors=found.authors,
        section=found.section,
        image_url=found.image_url,
        language=found.language,
        published_at=_utc(found.published_at),
        modified_at=_utc(found.modified_at),
        canonical_link=found.canonical_link,
        site_name=found.site_name,
        extractor=extractor,
    )


def _plain(text: str) -> Article:
    return Article(title=None, body=text, extractor="plain")


def _main_text(tree: HtmlElement, url: str) -> tuple[str, str]:
    """Return the page's main text and which extractor found it: the fast mode unless it is doubted.

    Measured on 589 pages: 41 are doubted and 14 take the cascade's text. Segment F1 on 487 of them rises
    from .922 to .928 for 2.3 ms a page (the cascade everywhere: .932 for 19 ms, and .954 instead of
    .9585 on the other 102). A limit of 1,000 characters lowers those 102 to .9546.
    """
    fast = _text(trafilatura.bare_extraction(tree, url=url, include_comments=False, fast=True))
    if len(fast) >= _DOUBTFUL:
        return fast, "trafilatura-fast"
    full = _text(trafilatura.bare_extraction(tree, url=url, include_comments=False))
    if len(full) > _CLEARLY_MORE * len(fast):
        return full, "trafilatura-full"
    return fast, "trafilatura-fast"


def _text(extracted: Any) -> str:
    return (extracted.text or "") if extracted else ""


def _utc(when: datetime | None) -> datetime | None:
    """Return the moment in UTC; a bare date, midnight in the page's zone, stays the day that it names."""
    if when is None or when.time() == time():
        return when.replace(tzinfo=UTC) if when else None
    return when.astimezone(UTC)
