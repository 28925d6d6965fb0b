"""Pages that lead to articles instead of being one: home, section, tag, author, search pages; link lists."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from worker.extract.quality.phrases import PHRASES, folded
from worker.extract.text import word_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

    from worker.extract.quality.facts import Facts

FEWEST_TEASERS = 6
"""Headlines that lead elsewhere. 138 of 589 labelled articles have as many around them, so their number alone
says nothing: the extracted text must stand beside them."""

TEASER_SHARE = 0.7
"""Least share of the text's words that stand in teasers, or are links, on a page that is nothing else."""

STATED_SHARE = 0.4
"""The same where the page itself says that it is a listing."""

LONGEST_TEASER = 120
"""Words of a headline's surroundings that still are its teaser; what is longer is an article."""

FEWEST_LINKS = 5
_HEADLINE = 3
"""Words of a link that is more than a name inside a sentence."""

_STOPS = ".!?\u3002\uff01\uff1f\u061f\u0964"
_SENTENCE = 30
"""Words. Only texts with fewer sentence ends than one in so many are looked at: 24 of 589 articles."""

_LISTING_TYPES = frozenset({"CollectionPage", "SearchResultsPage", "ProfilePage", "ItemList"})
_LISTING_KINDS = frozenset({"website", "profile", "blog"})
_LISTING_PATH = re.compile(
    rf"^/(?:[a-z]{{2}}/)?(?:{'|'.join(PHRASES['listing_paths'])})(?:/|$)", re.IGNORECASE
)
_MOST_LINKS = 3_000
_BULLET = "-*\u2022\u00b7 "


def index_page(facts: Facts) -> str | None:
    """Return why the page is a home, section, tag, author or search page: its text is teasers."""
    if len(facts.headed_links) < FEWEST_TEASERS:
        return None
    is_listing = _says_listing(facts)
    share = _share(facts, folded(" ".join(_teasers(facts))))
    if share < (STATED_SHARE if is_listing else TEASER_SHARE):
        return None
    said = "calls itself a listing, " if is_listing else ""
    return f"{said}{share:.0%} of the text beside {len(facts.headed_links)} headlines of others"


def link_list(facts: Facts) -> str | None:
    """Return why the text is hardly more than the words of links.

    Extractors may run a list together into one line, so links are looked for anywhere in the text.
    """
    if facts.tree is None or sum(map(facts.body.count, _STOPS)) * _SENTENCE > facts.words:
        return None
    texts = {folded(link.text_content()) for link in islice(facts.tree.iter("a"), _MOST_LINKS)}
    found = [words for text in texts if text in facts.body and (words := word_count(text)) >= _HEADLINE]
    share = sum(found) / max(word_count(facts.body), 1)
    if len(found) < FEWEST_LINKS or share < TEASER_SHARE:
        return None
    return f"{share:.0%} of the text is {len(found)} links"


def _says_listing(facts: Facts) -> bool:
    """Return whether the page says that it is a listing, and nothing in it that it is an article."""
    if facts.is_marked_article:
        return False
    kinds = {kind.lower() for kind in facts.meta("og:type")}
    addressed = bool(_LISTING_PATH.match(urlsplit(facts.page.final_url).path))
    return bool(facts.types & _LISTING_TYPES or kinds & _LISTING_KINDS or addressed)


def _teasers(facts: Facts) -> Iterator[str]:
    """Yield the texts around headlines that lead elsewhere, each once."""
    seen: set[HtmlElement] = set()
    for link in facts.headed_links:
        block = _block(link)
        if block not in seen:
            seen.add(block)
            text = block.text_content()[: LONGEST_TEASER * 20]
            if word_count(text) <= LONGEST_TEASER:
                yield text


def _block(link: HtmlElement) -> HtmlElement:
    """Return what a headline stands in: the parent of its heading, or of the link that is around one."""
    heading = next((e for e in link.iterancestors("h2", "h3", "h4")), link)
    parent = heading.getparent()
    return heading if parent is None else parent


def _share(facts: Facts, teasers: str) -> float:
    """Return how much of the text, by words of its lines, the teasers hold."""
    counts = [(line, word_count(line)) for line in _lines(facts)]
    total = sum(words for _, words in counts)
    return sum(words for line, words in counts if line in teasers) / max(total, 1)


def _lines(facts: Facts) -> list[str]:
    lines = (folded(line).strip(_BULLET) for line in facts.article.body.split("\n"))
    return [line for line in lines if line]
