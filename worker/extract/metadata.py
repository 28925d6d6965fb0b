"""Everything about an article but its text, by one rule per field over the page's own signals."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from lxml.etree import XPath

from worker.extract.bylines import find_authors
from worker.extract.dates import find_modified, find_published
from worker.extract.signals import element_text, is_marginal, read_signals
from worker.extract.structured import first_text
from worker.extract.text import one_line, shortened
from worker.extract.title import find_title

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lxml.html import HtmlElement

    from worker.extract.signals import Signals

LONGEST_SUMMARY = 2_000
"""Characters of a summary; longer ones are whole articles in a description field."""

_LONGEST_SECTION = 60
_CATEGORY_LINKS = XPath(
    """//a[contains(@rel, 'category') or contains(@href, '/category/') or contains(@href, '/kategorie/')
       or contains(@href, '/categoria/') or contains(@href, '/section/') or contains(@href, '/rubrik/')]"""
)
_LANGUAGE = re.compile(r"^([a-z]{2})(?:[-_][a-z0-9]{2,8})*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What the page says about its article; the fields are those of `Article`."""

    title: str | None
    summary: str | None
    authors: tuple[str, ...]
    section: str | None
    image_url: str | None
    language: str | None
    published_at: datetime | None
    modified_at: datetime | None
    canonical_link: str | None
    site_name: str | None


def find_metadata(tree: HtmlElement, url: str, now: datetime) -> Metadata:
    """Return what the page at `url` says about its article; `now` bounds what counts as a date."""
    signals = read_signals(tree, url)
    return Metadata(
        title=find_title(signals),
        summary=_summary(signals),
        authors=find_authors(signals),
        section=_section(signals),
        image_url=_image(signals),
        language=_language(signals),
        published_at=find_published(signals, now),
        modified_at=find_modified(signals, now),
        canonical_link=_canonical_link(signals),
        site_name=next(iter(signals.site_names), None),
    )


def language_code(tag: str | None) -> str | None:
    """Return the ISO 639-1 code of a language tag (`de-AT`, `pt_BR`); None where it is no such tag."""
    found = _LANGUAGE.match((tag or "").strip())
    return found[1].lower() if found else None


def _summary(signals: Signals) -> str | None:
    stated = (
        *signals.stated("og:description", "description", "twitter:description", "dc.description"),
        one_line(first_text(signals.article.get("description"))),
    )
    longest = max(stated, key=len, default="")
    return shortened(longest, LONGEST_SUMMARY) or None


def _section(signals: Signals) -> str | None:
    stated = (
        one_line(first_text(signals.article.get("articleSection"))),
        *signals.stated(
            "article:section", "og:article:section", "dc.subject.section", "section", "parsely-section"
        ),
    )
    candidates = chain(stated, _shown_sections(signals))
    return next((t for t in candidates if t and "://" not in t and len(t) <= _LONGEST_SECTION), None)


def _shown_sections(signals: Signals) -> Iterator[str]:
    """Yield the texts of links to a category, as blog themes put them above or below the title."""
    for link in _CATEGORY_LINKS(signals.tree):
        if not is_marginal(link):
            yield element_text(link)


def _image(signals: Signals) -> str | None:
    stated = (
        *signals.stated(
            "og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src"
        ),
        first_text(signals.article.get("image"), "url"),
        first_text(signals.article.get("thumbnailUrl")),
    )
    return next((link for link in map(signals.link, stated) if link), None)


def _language(signals: Signals) -> str | None:
    root = signals.tree.getroottree().getroot()
    stated = (
        root.get("lang"),
        root.get("xml:lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang"),
        first_text(signals.article.get("inLanguage")),
        *signals.stated("og:locale", "content-language", "language", "dc.language", "dcterms.language"),
    )
    return next((code for code in map(language_code, stated) if code), None)


def _canonical_link(signals: Signals) -> str | None:
    links = (
        e.get("href")
        for e in signals.tree.iter("link")
        if "canonical" in (e.get("rel") or "").lower().split()
    )
    return next((link for link in map(signals.link, links) if link), None)
