"""JSON-LD: the schema.org objects that a page states about itself, however badly written."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lxml.html import HtmlElement

Node = dict[str, Any]

_MOST_CHARACTERS = 500_000
"""Longer scripts are product catalogues; the longest of an article among 589 pages had 92,000."""

_ARTICLE_TYPE = re.compile(
    r"(?:Article|Posting|BlogPost|Report|Review|Recipe|HowTo|OpinionPiece)$|^(?:CreativeWork|VideoObject)$"
)
_OPENERS = ("//", "<!--", "<![CDATA[", "/*", "*/")
_CLOSERS = ("//", "-->", "]]>", "/*", "*/", ";")
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")


def find_nodes(tree: HtmlElement) -> tuple[Node, ...]:
    """Return every JSON-LD object of the page, those of lists and `@graph` too, in document order."""
    scripts = tree.iterfind(".//script[@type='application/ld+json']")
    return tuple(node for script in scripts for node in _flattened(_parsed(script.text or ""), depth=0))


def article_node(nodes: Sequence[Node]) -> Node:
    """Return the object that describes the page's article: the first of an article's type with a headline.

    Objects that only refer to each other by `@id` are resolved one step. Empty where there is none.
    """
    articles = [node for node in nodes if _is_article(node)]
    chosen = next((node for node in articles if node.get("headline")), articles[0] if articles else {})
    by_id = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    return {key: _resolved(value, by_id) for key, value in chosen.items()}


def texts(value: Any, key: str = "name") -> Iterator[str]:
    """Yield the strings in a JSON-LD value: itself, of a list, or under `key` of an object."""
    if isinstance(value, str):
        yield html.unescape(value)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part, key)
    elif isinstance(value, dict) and not isinstance(value.get(key), dict):
        yield from texts(value.get(key), key)


def first_text(value: Any, key: str = "name") -> str | None:
    """Return the first string of a JSON-LD value that is not blank."""
    return next((text for text in texts(value, key) if text.strip()), None)


def _is_article(node: Mapping[str, Any]) -> bool:
    return any(_ARTICLE_TYPE.search(kind.rpartition("/")[2]) for kind in texts(node.get("@type")))


def _resolved(value: Any, by_id: Mapping[str, Node]) -> Any:
    if isinstance(value, list):
        return [_resolved(part, by_id) for part in value]
    if isinstance(value, dict) and isinstance(value.get("@id"), str) and "name" not in value:
        return by_id.get(value["@id"], value)
    return value


def _flattened(value: Any, depth: int) -> Iterator[Node]:
    if depth > 4:
        return
    if isinstance(value, list):
        for part in value:
            yield from _flattened(part, depth + 1)
    elif isinstance(value, dict):
        yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _flattened(value.get(key), depth + 1)


def _parsed(text: str) -> Any:
    """Return the parsed script, mended where it takes only a step; None where it does not parse."""
    if len(text) > _MOST_CHARACTERS:
        return None
    bare = _unwrapped(text)
    for mend in (str, _without_trailing_commas, html.unescape):
        try:
            return json.loads(mend(bare), strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _unwrapped(text: str) -> str:
    """Return the script without the comment or CDATA marks that hid it from the browsers of 1998."""
    bare = text.strip()
    while opener := next((mark for mark in _OPENERS if bare.startswith(mark)), ""):
        bare = bare.removeprefix(opener).lstrip()
    while closer := next((mark for mark in _CLOSERS if bare.endswith(mark)), ""):
        bare = bare.removesuffix(closer).rstrip()
    return bare


def _without_trailing_commas(text: str) -> str:
    return _TRAILING_COMMA.sub("", text)
