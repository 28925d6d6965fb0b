"""Who wrote it, by what the page says and shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml.etree import XPath

from worker.extract.authors import DATE_AHEAD, clean_authors, without_site
from worker.extract.signals import element_text, is_marginal
from worker.extract.structured import texts
from worker.extract.text import one_line
from worker.urls import site_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.extract.signals import Signals

_META = (
    "author", "article:author", "article:author_name", "dc.creator", "dcterms.creator", "dc.contributor",
    "byl", "sailthru.author", "parsely-author", "citation_author", "article.author",
)  # fmt: skip
_WRITTEN_BY = frozenset(
    # Labels that WordPress plugins give twitter:data1 where it is the author.
    {
        "Written by",
        "Verfasst von",
        "Geschrieben von",
        "Écrit par",
        "Escrito por",
        "Scritto da",
        "Napisane przez",
    }
)
_BYLINES = XPath(
    """//*[contains(@class, 'author') or contains(@class, 'Author') or contains(@class, 'byline')
       or contains(@class, 'Byline') or contains(@class, 'autor') or contains(@class, 'Autor')
       or contains(@class, 'username') or @rel='author' or self::byline
       or (self::a and (contains(@href, '/author/') or contains(@href, '/authors/')
           or contains(@href, '/autor/') or contains(@href, '/auteur/')))]"""
)
_SPOKEN = re.compile(
    r"^\s*(?:(?:written |posted )?by|von|par|por|di|text|autor(?:in|en)?|authors?|автор)\b\s*:?\s*",
    re.IGNORECASE,
)
_SPOKEN_IN = ("p", "span", "div", "li", "em", "strong", "b", "small", "h3", "h4", "h5", "td", "address", "i")
_CAPITALISED = r"[^\W\d_a-zà-ÿ][\w.'\u2019-]*"
_FULL_NAME = re.compile(
    rf"{_CAPITALISED}(?:\s+(?:von|van|de|der|den|da|di|la|le|del|zu|bin|al|{_CAPITALISED})){{1,4}}"
)
_LONGEST_BYLINE = 100


def find_authors(signals: Signals) -> tuple[str, ...]:
    """Return the authors by the first source that names one, never the site itself.

    JSON-LD, meta, microdata, elements whose class or link says author, a line that opens with "By", a
    line of a date and a name, and last the only person whom the page's JSON-LD describes.
    """
    own = (site_of(signals.url), *signals.site_names)
    for source in (_structured, _stated, _microdata, _bylines, _spoken, _after_date, _persons):
        # Before they are split too: "Jobs & Hire" is one site and no two people.
        if names := without_site(clean_authors(without_site(source(signals), own)), own):
            return names
    return ()


def _structured(signals: Signals) -> Iterator[str]:
    yield from texts(signals.article.get("author"))
    yield from texts(signals.article.get("creator"))


def _stated(signals: Signals) -> Iterator[str]:
    """Yield the bylines of the first meta element that names somebody: profile links do not."""
    for name in _META:
        bylines = [text for text in signals.stated(name) if "://" not in text]
        if without_site(clean_authors(bylines), signals.site_names):
            yield from bylines
            return
    if _WRITTEN_BY.intersection(signals.stated("twitter:label1")):
        yield from signals.stated("twitter:data1")


def _microdata(signals: Signals) -> Iterator[str]:
    for element in signals.itemprops.get("author", ()):
        named = element.find(".//*[@itemprop='name']")
        yield element_text(element if named is None else named)


def _bylines(signals: Signals) -> Iterator[str]:
    """Yield the first short text that is marked up as a byline and names somebody."""
    for element in _BYLINES(signals.tree):
        text = element_text(element)
        if 0 < len(text) <= _LONGEST_BYLINE and clean_authors([text]) and not is_marginal(element):
            yield text
            return


def _spoken(signals: Signals) -> Iterator[str]:
    """Yield the names in the first short line that opens with "By" and goes on with a full name."""
    for element in signals.tree.iter(*_SPOKEN_IN):
        said = _SPOKEN.match(element.text or "")
        if said and not is_marginal(element):
            line = element_text(element)
            holder = element.getparent()
            if len(line) <= said.end() + 2 and holder is not None:
                # The element holds only the label ("Autor:"), what holds it also holds the name.
                line = element_text(holder)
            names = clean_authors([line]) if len(line) <= _LONGEST_BYLINE else ()
            if any(_FULL_NAME.fullmatch(name) for name in names):
                yield from names
                return


def _after_date(signals: Signals) -> Iterator[str]:
    """Yield the full name that follows a date on a line of its own ("24.03.2026 - Jane Doe")."""
    for element in signals.tree.iter(*_SPOKEN_IN):
        line = one_line(element.text)
        dated = DATE_AHEAD.match(line) if len(line) <= _LONGEST_BYLINE else None
        if dated and _FULL_NAME.fullmatch(line[dated.end() :]) and not is_marginal(element):
            yield line[dated.end() :]
            return


def _persons(signals: Signals) -> Iterator[str]:
    if len(set(signals.persons)) == 1:
        yield from signals.persons
