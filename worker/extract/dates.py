"""When it was published and last changed, by what the page says."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from htmldate import find_date
from lxml.etree import XPath

from worker.extract.moments import parse_when
from worker.extract.signals import element_text, is_marginal
from worker.extract.structured import texts
from worker.extract.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.html import HtmlElement

    from worker.extract.signals import Signals

_PUBLISHED_META = (
    "article:published_time", "og:published_time", "datepublished", "og:article:published_time",
    "article:published", "publishdate", "publish_date", "publish-date", "published_time", "published-date",
    "pubdate", "sailthru.date", "parsely-pub-date", "cxenseparse:recs:publishtime",
    "citation_publication_date", "citation_date", "dc.date.issued", "dcterms.issued", "dc.date.created",
    "dcterms.created", "dcterms.date",
    "dc.date", "date", "article.created", "article.published", "datecreated", "creation_date", "displaydate",
    "originalpublicationdate", "rnews:datepublished", "shareaholic:article_published_time",
)  # fmt: skip
_PUBLISHED_PROPS = ("datepublished", "datecreated", "uploaddate")
_MODIFIED_META = (
    "article:modified_time", "og:updated_time", "datemodified", "article:modified", "article.updated",
    "dc.date.modified", "dcterms.modified", "last-modified", "lastmod", "revised",
    "shareaholic:article_modified_time",
)  # fmt: skip
_TIMES = XPath("//time[@datetime or text()]")
_DATED = XPath(
    """//*[contains(@class, 'date') or contains(@class, 'Date') or contains(@class, 'datum')
       or contains(@class, 'publish') or contains(@class, 'posted') or contains(@class, 'time')
       or contains(@class, 'meta') or contains(@id, 'date')]"""
)
_NEAR_HEADING = XPath(
    "preceding::*[position() <= 15] | descendant-or-self::* | following::*[position() <= 60]"
)
"""Where a date without any markup of its own stands: measured on 487 pages, 30 elements find two dates
fewer, 250 find one more and invent three."""

_MOST_HEADINGS = 5
"""Each costs a walk over the page; an article has one, or two with the site's."""

_YEAR = re.compile(r"(?:19|20)\d\d")
_LONGEST_DATE_LINE = 80
_LABEL = re.compile(
    r"^\s*(?:datum|date|published|veröffentlicht|erschienen|erstellt|posted|publié|fecha|data|stand)\b",
    re.IGNORECASE,
)
_URL_DATE = re.compile(
    r"/(?P<y>(?:19|20)\d\d)[/-](?P<m>0?[1-9]|1[0-2])[/-](?P<d>0?[1-9]|[12]\d|3[01])(?=[/-]|$)"
    r"|/(?P<Y>(?:19|20)\d\d)(?P<M>0[1-9]|1[0-2])(?P<D>0[1-9]|[12]\d|3[01])(?=[/_-]|$)"
)
_EARLIEST = datetime(1991, 8, 6, tzinfo=UTC)
"""The first web page. What claims to be older is a default (1970) or the date of an event."""
_AHEAD = timedelta(days=2)
"""Publishers' clocks and zones are off by a day at most; what lies further ahead is an event."""


def find_published(signals: Signals, now: datetime) -> datetime | None:
    """Return when the article was published, in the zone the page states, by the first plausible source.

    JSON-LD, meta, microdata, `<time>`, elements whose class speaks of a date, lines near the heading,
    labelled lines, and where the URL has no date either, what htmldate makes of the page. Moments before
    the web or more than two days after `now` (an event's, not the article's) are passed over.
    """
    stated = first_plausible(_published_texts(signals), now)
    return stated if stated or url_date(signals.url) else _guessed(signals.tree, now)


def find_modified(signals: Signals, now: datetime) -> datetime | None:
    """Return when the page says that the article last changed."""
    return first_plausible(_modified_texts(signals), now)


def url_date(url: str) -> datetime | None:
    """Return the day in a URL's path, as in /2026/03/21/ or /20260321/; None where there is none."""
    found = _URL_DATE.search(urlsplit(url).path)
    if not found:
        return None
    try:
        year, month, day = (int(part) for part in found.groups() if part)
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None


def first_plausible(texts_found: Iterable[str], now: datetime) -> datetime | None:
    """Return the first of the texts that is a moment between the first web page and two days from `now`."""
    latest = now + _AHEAD
    moments = (parse_when(text) for text in texts_found)
    return next((when for when in moments if when and _EARLIEST <= when <= latest), None)


def _published_texts(signals: Signals) -> Iterator[str]:
    yield from texts(signals.article.get("datePublished"))
    yield from signals.stated(*_PUBLISHED_META)
    for element in chain.from_iterable(signals.itemprops.get(name, ()) for name in _PUBLISHED_PROPS):
        yield element.get("datetime") or element.get("title") or element_text(element)
    yield from signals.page_dates
    yield from texts(signals.article.get("dateCreated"))
    yield from texts(signals.article.get("uploadDate"))
    for element in _TIMES(signals.tree):
        if not is_marginal(element):
            yield element.get("datetime") or element_text(element)
    for element in _DATED(signals.tree):
        text = element.get("title") or element_text(element)
        if len(text) <= _LONGEST_DATE_LINE and not is_marginal(element):
            yield text
    yield from _near_headings(signals.tree)
    yield from _labelled(signals.tree)


def _near_headings(tree: HtmlElement) -> Iterator[str]:
    """Yield the short texts around each main heading that hold a year."""
    headings = islice(tree.iter("h1"), _MOST_HEADINGS)
    near = dict.fromkeys(element for heading in headings for element in _NEAR_HEADING(heading))
    for element in near:
        for text in ((element.text or "").strip(), (element.tail or "").strip()):
            if len(text) <= _LONGEST_DATE_LINE and _YEAR.search(text) and not is_marginal(element):
                yield text


def _labelled(tree: HtmlElement) -> Iterator[str]:
    """Yield the short texts that a label such as "Date:" introduces, in its element or beside it."""
    for element in tree.iter("span", "strong", "b", "dt", "th", "h4", "h5", "p", "div", "td", "li", "em"):
        if _LABEL.match(element.text or "") and not is_marginal(element):
            beside = element.getnext()
            text = one_line(f"{element_text(element)} {element.tail or ''}")
            if beside is not None and not _YEAR.search(text):
                text = f"{text} {element_text(beside)}"
            if len(text) <= _LONGEST_DATE_LINE:
                yield text


def _modified_texts(signals: Signals) -> Iterator[str]:
    yield from texts(signals.article.get("dateModified"))
    yield from signals.stated(*_MODIFIED_META)
    for element in signals.itemprops.get("datemodified", ()):
        yield element.get("datetime") or element_text(element)


def _guessed(tree: HtmlElement, now: datetime) -> datetime | None:
    """Return htmldate's finding, without its search of the whole text.

    Measured on 487 pages: 4 dates more for .35 ms a page; the whole text's finds 3 more and invents 31.
    """
    found = find_date(
        tree, original_date=True, extensive_search=False, min_date=_EARLIEST, max_date=now + _AHEAD
    )
    return parse_when(found) if found else None
