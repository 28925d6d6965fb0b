"""What the gate looks at, each fact gathered when a rule first asks: a long article costs nearly nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lxml.etree import XPath

from worker.extract.quality.phrases import PHRASES, find_phrases, folded
from worker.extract.structured import article_node, find_nodes, texts
from worker.extract.text import one_line, word_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lxml.html import HtmlElement

    from worker.extract.structured import Node
    from worker.models import Article, Entry, Page

_UNSEEN = frozenset({"script", "style", "noscript", "template", "svg", "head", "title"})
_MOST_TEXTS, _MOST_HEADINGS = 20_000, 3_000
"""Pieces of text and headings looked at: what comes first decides, and hostile pages have no end."""

_START = 4_000
"""Characters: over 400 words in every language that we know."""

LITTLE = 200
"""Words. A page that shows no more of them, navigation and footer included, is a wall or a short brief."""

_META = XPath("//meta[@property=$name or @name=$name]/@content")
_ARTICLE_TYPE = re.compile(rb'"@type"\s*:\s*\[?\s*"(?:https?://schema\.org/)?[a-z]*(?:article|posting)"')
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[^\W\d_{_CJK}]{{4,}}")
_CJK_RUN = re.compile(f"[{_CJK}]{{2,}}")
_ADDRESS = re.compile(r"https?://\S+")
_STEM = 5
"""Characters by which words are compared: inflected forms (выборы, выборов) mostly share them."""

_SPOKEN = 1 / 3
"""Least share of a title's words in a text that is about it. Of 589 labelled articles 95 % reach it; a wall
shares none but by accident."""


@dataclass(frozen=True)
class Facts:
    """One page and the article that was made of it. `tree` is None where the page is plain text.

    Not slotted: the facts are kept in the instance once computed.
    """

    article: Article
    tree: HtmlElement | None
    page: Page
    entry: Entry | None

    @cached_property
    def words(self) -> int:
        """How many words the start of the extracted text has: no rule asks for more than some hundred."""
        return word_count(self.article.body[:_START])

    @cached_property
    def body(self) -> str:
        """The extracted text, folded as phrases are."""
        return folded(self.article.body)

    @cached_property
    def shown(self) -> str:
        """Everything that the page shows without scripts, folded."""
        return self.body if self.tree is None else folded(" ".join(_shown_texts(self.tree)))

    @cached_property
    def shown_words(self) -> int:
        return word_count(self.shown)

    @cached_property
    def unscripted(self) -> str:
        """What the page shows only to readers without scripts, folded."""
        found = () if self.tree is None else islice(self.tree.iter("noscript"), 20)
        return folded(" ".join(element.text_content()[:1_000] for element in found))

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """What the page calls itself, folded: its `<title>` and first headings."""
        if self.tree is None:
            return ()
        elements = (*islice(self.tree.iter("title"), 1), *islice(self.tree.iter("h1"), 2))
        return tuple(folded(element.text_content()[:300]) for element in elements)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The page's JSON-LD objects, parsed only where a short page or a listing makes a rule ask."""
        return () if self.tree is None else find_nodes(self.tree)

    @cached_property
    def types(self) -> frozenset[str]:
        """The schema.org types that the page states, without their namespace."""
        return frozenset(kind.rpartition("/")[2] for n in self.nodes for kind in texts(n.get("@type")))

    @cached_property
    def stated_article(self) -> Node:
        """The JSON-LD object of the page's article; empty where there is none."""
        return article_node(self.nodes)

    @cached_property
    def is_marked_article(self) -> bool:
        """Whether the markup says that the page is an article: JSON-LD, microdata or a publication time."""
        named = b"article:published_time" in self.markup or b"articlebody" in self.markup
        return named or bool(_ARTICLE_TYPE.search(self.markup))

    @cached_property
    def markup(self) -> bytes:
        """The page's bytes in lower case: 20 times faster to search than by patterns that ignore case."""
        return self.page.body.lower()

    def find_markup(self, kind: str) -> str | None:
        """Return the first name of that kind which the page's markup holds."""
        return next((name for name in PHRASES[kind] if name.encode() in self.markup), None)

    @cached_property
    def speaks_of_its_title(self) -> bool:
        """Whether the text is about its title: the feed's, else the page's own.

        A page whose own title is a wall's says nothing about the text, nor do the words of an address
        that a refusal repeats.
        """
        stems = _stems(folded(self._subject))
        return bool(stems) and len(stems & _stems(_ADDRESS.sub(" ", self.body))) >= _SPOKEN * len(stems)

    @property
    def _subject(self) -> str:
        if self.entry and self.entry.title:
            return self.entry.title
        return self.article.title or "" if self.is_marked_article else ""

    def meta(self, name: str) -> Sequence[str]:
        """Return the contents of the meta elements of that name or property."""
        found: Any = () if self.tree is None else _META(self.tree, name=name)
        return [one_line(content) for content in found]

    @cached_property
    def headed_links(self) -> Sequence[HtmlElement]:
        """The links that are headlines of other pages: in or around a heading below the first level."""
        found = () if self.tree is None else _headed_links(self.tree)
        own = urlsplit(self.page.final_url).path.rstrip("/")
        return [link for link in found if not own or not _leads_to(own, link.get("href", ""))]

    @cached_property
    def said(self) -> str:
        """The text in which walls are looked for: the extracted one, or all that a small page shows."""
        return self.shown if self.shown_words <= LITTLE else self.body

    def phrases(self, kind: str) -> list[str]:
        """Return the phrases of that kind in what the page says."""
        return find_phrases(kind, self.said)


def _headed_links(tree: HtmlElement) -> Iterator[HtmlElement]:
    # Not by XPath: its unions take quadratic time, 17 s for 30,000 headings.
    for heading in islice(tree.iter("h2", "h3", "h4"), _MOST_HEADINGS):
        link = next(heading.iter("a"), heading.getparent())
        if link is not None and link.tag == "a" and link.get("href"):
            yield link


def _leads_to(path: str, href: str) -> bool:
    address = href.partition("#")[0].partition("?")[0].rstrip("/")
    return address.endswith(path) or not address


def _shown_texts(tree: HtmlElement) -> Iterator[str]:
    for element in islice(tree.iter(), _MOST_TEXTS):
        if isinstance(element.tag, str) and element.tag not in _UNSEEN:
            yield element.text or ""
        yield element.tail or ""


def _stems(text: str) -> frozenset[str]:
    # CJK writes without blanks: there a pair of characters stands for a word.
    pairs = (run[i : i + 2] for run in _CJK_RUN.findall(text) for i in range(len(run) - 1))
    return frozenset([*(word[:_STEM] for word in _WORD.findall(text)), *pairs])
