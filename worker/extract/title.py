"""Which of a page's many titles is the article's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml.etree import XPath

from worker.extract.signals import LONGEST_FIELD
from worker.extract.structured import first_text
from worker.extract.text import one_line
from worker.urls import host_of, site_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lxml.html import HtmlElement

    from worker.extract.signals import Signals

_SEPARATOR = re.compile(r"\s+[-\u2013\u2014|·•:»«\u203a/~*]{1,2}\s+|\s*\|\s*|\s+::\s+")
_BAR = re.compile(r"\s*[|\u2502]\s*")
_KICKER_END = re.compile(r"(?:[:|/\u2502]|\s[-\u2013\u2014])\s*$")
_FEWEST_WORDS = 3
_HEADLINES = XPath(
    """//h1 | //h2[contains(@class, 'entry-title') or contains(@class, 'post-title')
                  or contains(@class, 'headline')]"""
)
_TEMPLATE_WORDS = frozenset(
    {
        "home",
        "homepage",
        "startseite",
        "index",
        "detail",
        "details",
        "article",
        "artikel",
        "untitled",
        "navigation",
    }
)
_MOST_HEADINGS = 50
_NOT_HEADLINE = frozenset({"small", "time", "sup", "button", "svg", "script", "style"})
_KICKER = re.compile(
    r"kicker|overline|topline|roofline|dachzeile|spitzmarke|supertitle|eyebrow|label|badge|hidden|aural|sr-only"
    r"|screen-reader|colon|category|date",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")


def find_title(signals: Signals) -> str | None:
    """Return the article's title: as readers see it, where what the page states bears that out.

    A heading that shares at least half of its words with a stated title (JSON-LD, OpenGraph,
    `<title>`) wins over it: stated ones are often shortened or carry the site's name.
    """
    stated = [title for title in _stated(signals) if title]
    headings = [h for h in _headings(signals) if h and not is_generic_title(h, signals)]
    agreeing = max(headings, key=lambda h: _agreement(h, stated), default=None)
    if agreeing and _agreement(agreeing, stated) >= 0.5:
        return _without_margin(_without_kicker(agreeing, stated))
    telling = [title for title in stated if not is_generic_title(title, signals)]
    chosen = _whole(telling[0], telling) if telling else next(iter([*headings, *stated]), None)
    return _without_margin(chosen) if chosen else None


def is_generic_title(title: str, signals: Signals) -> bool:
    """Return whether the title names the site instead of an article."""
    return names_no_article(title, (*signals.site_names, site_of(signals.url)))


def names_no_article(title: str, site_names: Iterable[str]) -> bool:
    """Return whether the title is one of the site's names, or a word that templates put there."""
    return _folded(title) in _TEMPLATE_WORDS.union(map(_folded, site_names))


def without_site_name(title: str, site_names: Iterable[str], url: str, headings: Iterable[str] = ()) -> str:
    """Return `title` without the site's name before or after a separator ("Storm hits - The Post").

    A part is the site's name if it equals a stated one or the host's, or if what is left is a heading
    of the page.
    """
    names = {*map(_folded, site_names), *_host_names(url)}
    shown = set(map(_folded, headings))
    for separator in reversed(list(_SEPARATOR.finditer(title))):
        head, tail = title[: separator.start()], title[separator.end() :]
        if _folded(tail) in names or _folded(head) in shown:
            return without_site_name(head, site_names, url, shown)
    first = _SEPARATOR.search(title)
    if first and (_folded(title[: first.start()]) in names or _folded(title[first.end() :]) in shown):
        return title[first.end() :]
    return title


def _stated(signals: Signals) -> Iterator[str]:
    headings = list(_headings(signals))
    raw = [
        one_line(first_text(signals.article.get("headline"))),
        *signals.stated("og:title", "twitter:title", "dc.title", "dcterms.title", "headline"),
        *(one_line(element.text) for element in signals.tree.iterfind("./head/title")),
        one_line(first_text(signals.article.get("name"))),
    ]
    for title in raw:
        if title and len(title) <= LONGEST_FIELD:
            yield without_site_name(title, signals.site_names, signals.url, headings)


def _headings(signals: Signals) -> Iterator[str]:
    for element in (*signals.itemprops.get("headline", ()), *_HEADLINES(signals.tree))[:_MOST_HEADINGS]:
        text = one_line(" ".join(_headline_parts(element))).strip(" :/|")
        if text and len(text) <= LONGEST_FIELD:
            yield text


def _headline_parts(element: HtmlElement) -> Iterator[str]:
    """Yield the text of a heading, passing over kickers, dates and what only screen readers get."""
    if element.tag in _NOT_HEADLINE or _KICKER.search(element.get("class") or ""):
        return
    yield element.text or ""
    for child in element:
        yield from _headline_parts(child)
        yield child.tail or ""


def _without_kicker(heading: str, stated: Sequence[str]) -> str:
    """Return the stated title that the heading ends with, where what stands before is set off from it."""
    for title in stated:
        before = heading.removesuffix(title)
        if before != heading and _KICKER_END.search(before):
            return title
    return heading


def _whole(title: str, stated: Sequence[str]) -> str:
    """Return the stated title that this one is the beginning of: attributes end at a quotation mark.

    What follows a separator is the name of a section or the site and no part of the title.
    """
    longer = (one for one in stated if one.startswith(title) and one[len(title) :].startswith(' "'))
    return next(longer, title)


def _without_margin(title: str) -> str:
    """Return the longest part of a title with bars, if it can be a headline: others are site and section."""
    longest = max(_BAR.split(title), key=len)
    return longest if len(longest.split()) >= _FEWEST_WORDS else title


def _agreement(heading: str, stated: Sequence[str]) -> float:
    """Return the largest share of words that the heading has in common with a stated title (Jaccard)."""
    words = _words(heading)
    return max((_overlap(words, _words(title)) for title in stated), default=0.0)


def _overlap(left: frozenset[str], right: frozenset[str]) -> float:
    return len(left & right) / len(left | right) if left | right else 0.0


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))


def _folded(text: str) -> str:
    return "".join(_WORD.findall(text.casefold()))


def _host_names(url: str) -> set[str]:
    site, host = site_of(url), host_of(url)
    return {_folded(name) for name in (site, site.partition(".")[0], host, host.removeprefix("www."))}
