"""Who wins where feed and page both say something: one table of rules a field, the first that gives a value.

    title      feed if it goes on where the page's ends, or the page's is cut off and it is not; page if
               telling, feed if telling, page, feed, the text's beginning
    authors    page, feed; neither names the site or the feed
    published  the time of one on the day of the other, feed, page, URL, the feed's other date, first seen
    modified   page, feed
    section    page if telling, feed if telling, page, feed
    image      page if no logo, feed, page
    summary    feed, page

The feed is the publisher's own list of what came when, and its summary was written for listing; of all
else the page says more. The language is measured (`worker.enrich.language`); in doubt page, then feed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, TypeVar

from worker.extract.authors import clean_authors, without_site
from worker.extract.dates import url_date
from worker.extract.text import one_line, shortened
from worker.extract.title import names_no_article, without_site_name
from worker.urls import site_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.models import Article, Entry

_MADE_TITLE = 100
"""Characters of the text that stand for a title where neither page nor feed has one."""

_NEIGHBOURS = timedelta(days=1)
"""How far a bare day may lie from a time for both to mean one moment: the width of the time zones."""

_CUT_OFF = ("…", "...")
_NO_SECTION = re.compile(
    r"uncategori[sz]ed|allgemein|unkategorisiert|sin categoría|non classé|senza categoria|sem categoria"
    r"|general|default|none|home(?:page)?|startseite|start|artikel|articles?|posts?|blog|all|alle|news",
    re.IGNORECASE,
)
_NO_PICTURE = re.compile(
    r"[/_.-](?:logo|placeholder|favicon|default|dummy|blank|spacer|avatar)[\d_x-]*\.\w{2,5}(?:\?|$)",
    re.IGNORECASE,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Said:
    """What page, feed and URL say of one article, and when it was first seen."""

    article: Article
    entry: Entry
    url: str
    first_seen_at: datetime
    feed_title: str | None = None

    @property
    def site_names(self) -> tuple[str, ...]:
        """What an article's title or author can't be."""
        return tuple(filter(None, (self.article.site_name, self.feed_title, site_of(self.url))))


def title(said: Said) -> str:
    """Return the article's title; never empty where there is any text."""
    own, listed = one_line(said.article.title), _listed_title(said)
    made = shortened(one_line(said.article.body), _MADE_TITLE)
    telling = own if _is_telling(own, said) else ""
    if _is_longer_version(listed, telling) or (_is_cut_off(own) and listed and not _is_cut_off(listed)):
        return listed
    return telling or (listed if _is_telling(listed, said) else "") or own or listed or made


def authors(said: Said) -> tuple[str, ...]:
    """Return who wrote it: no roles, addresses or links, and not the site or the feed itself."""
    own = without_site(said.article.authors, said.site_names)
    return own or without_site(clean_authors(said.entry.authors), said.site_names)


def published(said: Said) -> tuple[datetime, str]:
    """Return when it was published and whose word that is: feed, page, url or first_seen."""
    return next((when, source) for source, find in _PUBLISHED if (when := find(said)))


def modified(said: Said) -> datetime | None:
    """Return when it last changed."""
    return said.article.modified_at or said.entry.updated_at


def section(said: Said) -> str | None:
    """Return the section; one that says no more than "News" only where there is no better."""
    stated = [one_line(name) for name in (said.article.section, said.entry.section) if name]
    own = {name.casefold() for name in said.site_names}
    telling = (name for name in stated if not _NO_SECTION.fullmatch(name) and name.casefold() not in own)
    return next(telling, None) or next(iter(stated), None)


def image_url(said: Said) -> str | None:
    """Return the picture; one whose address says logo or placeholder only where there is no other."""
    stated = [link for link in (said.article.image_url, said.entry.image_url) if link]
    return next((link for link in stated if not _NO_PICTURE.search(link)), None) or next(iter(stated), None)


def summary(said: Said) -> str | None:
    """Return the summary: the feed's, else the page's description."""
    return said.entry.summary or said.article.summary


def _is_day(when: datetime) -> bool:
    """Return whether the moment is a bare date: midnight to the second, as readers of dates make it."""
    return when.time() == time()


def _time_on_the_feeds_day(said: Said) -> datetime | None:
    """Return the page's time where the feed states only its day."""
    listed, own = said.entry.published_at, said.article.published_at
    if listed is None or own is None or not _is_day(listed) or _is_day(own):
        return None
    return own if listed - _NEIGHBOURS <= own < listed + 2 * _NEIGHBOURS else None


_PUBLISHED: tuple[tuple[str, Callable[[Said], datetime | None]], ...] = (
    ("page", _time_on_the_feeds_day),
    ("feed", lambda said: said.entry.published_at),
    ("page", lambda said: said.article.published_at),
    ("url", lambda said: url_date(said.url)),
    ("feed", lambda said: said.entry.updated_at),
    ("first_seen", lambda said: said.first_seen_at),
)


def _listed_title(said: Said) -> str:
    return without_site_name(one_line(said.entry.title), said.site_names, said.url)


def _is_telling(text: str, said: Said) -> bool:
    return bool(text) and not names_no_article(text, said.site_names)


def _is_cut_off(text: str) -> bool:
    return text.endswith(_CUT_OFF)


def _is_longer_version(listed: str, own: str) -> bool:
    """Return whether the feed's title goes on where the page's ends, at the end of a word."""
    stem = own.rstrip("….").rstrip().casefold()
    rest = listed.casefold().removeprefix(stem) if stem else ""
    return rest.startswith(" ") and rest != listed.casefold() and rest.strip()[:1].isalnum()
