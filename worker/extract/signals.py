"""What a page says about itself, gathered in one walk: the evidence that the field rules weigh."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from lxml.etree import XPath

from worker.extract.structured import article_node, find_nodes, first_text, texts
from worker.extract.text import one_line
from worker.urls import find_link

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lxml.html import HtmlElement

    from worker.extract.structured import Node

_LONGEST_SITE_NAME = 60
LONGEST_FIELD = 500
"""Characters; what is longer is no title, name or date."""

_ITEMPROPS = XPath("//*[@itemprop][not(self::meta or self::link)]")
_MARGIN = re.compile(
    r"(?:^|[\s_-])(?:comments?|kommentare?|related|recommend\w*|disqus|respond)(?:$|[\s_-])",
    re.IGNORECASE,
)
_PAGE_WIDE = frozenset({"html", "body", "main", "article"})
_SITE_TITLES = XPath(
    "//*[contains(@class, 'site-title') or contains(@class, 'site-name') or contains(@class, 'blog-title')]"
)
_PUBLISHER_TYPES = ("Organization", "NewsMediaOrganization", "WebSite")


@dataclass(frozen=True, slots=True)
class Signals:
    """Evidence of one page. `meta` has lower-case names (property, name, itemprop, http-equiv)."""

    tree: HtmlElement
    url: str
    meta: Mapping[str, Sequence[str]]
    article: Node
    itemprops: Mapping[str, Sequence[HtmlElement]]
    site_names: tuple[str, ...]
    persons: tuple[str, ...]
    page_dates: tuple[str, ...]

    def stated(self, *names: str) -> Iterator[str]:
        """Yield the contents of the meta elements so named, in the order of the names."""
        for name in names:
            yield from self.meta.get(name, ())

    def link(self, value: Any) -> str | None:
        """Return a URL that the page states, made absolute; None where it is none."""
        return find_link(value, self.base) if isinstance(value, str) else None

    @property
    def base(self) -> str:
        """What relative links are resolved against (HTML, 4.2.3)."""
        href = next((e.get("href") for e in self.tree.iterfind(".//base[@href]")), None)
        try:
            return urljoin(self.url, href) if href else self.url
        except ValueError:
            return self.url


def read_signals(tree: HtmlElement, url: str) -> Signals:
    """Return what the parsed page at `url` says about itself."""
    nodes = find_nodes(tree)
    meta = _meta(tree)
    article = article_node(nodes)
    return Signals(
        tree=tree,
        url=url,
        meta=meta,
        article=article,
        itemprops=_itemprops(tree),
        site_names=(*_site_names(meta, article, nodes), *_shown_site_names(tree)),
        persons=tuple(_persons(nodes)),
        page_dates=tuple(text for node in nodes for text in texts(node.get("datePublished"))),
    )


def _meta(tree: HtmlElement) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for element in tree.iter("meta"):
        content = one_line(element.get("content"))
        if content:
            for attribute in ("property", "name", "itemprop", "http-equiv"):
                name = (element.get(attribute) or "").strip().lower()
                if name:
                    found.setdefault(name, []).append(content)
    return found


def _itemprops(tree: HtmlElement) -> dict[str, list[HtmlElement]]:
    found: dict[str, list[HtmlElement]] = {}
    for element in _ITEMPROPS(tree):
        if is_marginal(element):
            continue
        for name in element.get("itemprop").split():
            found.setdefault(name.lower(), []).append(element)
    return found


def _site_names(meta: Mapping[str, Sequence[str]], article: Node, nodes: Sequence[Node]) -> Iterator[str]:
    for name in ("og:site_name", "application-name", "apple-mobile-web-app-title", "twitter:app:name:iphone"):
        yield from meta.get(name, ())
    for stated in (
        first_text(article.get("publisher")) if _is_company(article.get("publisher")) else None,
        *(first_text(node.get("name")) for node in nodes if node.get("@type") in _PUBLISHER_TYPES),
    ):
        if stated:
            yield one_line(stated)


def _shown_site_names(tree: HtmlElement) -> Iterator[str]:
    for element in _SITE_TITLES(tree):
        name = one_line("".join(element.itertext()))
        if 0 < len(name) <= _LONGEST_SITE_NAME:
            yield name


def _persons(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        name = first_text(node.get("name"))
        if name and "Person" in texts(node.get("@type")):
            yield one_line(name)


def element_text(element: HtmlElement) -> str:
    """Return the element's text on one line: its `content` where it states one, else what it shows."""
    return one_line(element.get("content") or " ".join(element.itertext()))


def is_marginal(element: HtmlElement) -> bool:
    """Return whether the element lies in a comment, a footer, navigation or a box of other articles.

    Classes of the page's outermost elements say nothing: themes write "comments-open" there.
    """
    for outer in (element, *element.iterancestors()):
        if outer.tag in ("nav", "footer"):
            return True
        named = f"{outer.get('class', '')} {outer.get('id', '')}"
        if outer.tag not in _PAGE_WIDE and _MARGIN.search(named):
            return True
    return False


def _is_company(publisher: Any) -> bool:
    """Return whether a publisher is no person: a blogger's own name is the author's, not the site's."""
    return "Person" not in texts(publisher.get("@type")) if isinstance(publisher, dict) else True
