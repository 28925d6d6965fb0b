"""The demo's home pages, where a reader finds the articles and a program finds the feeds."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from worker.demo.feeds import FORMATS
from worker.demo.load import template

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker.demo.content import DemoArticle, Outlet
    from worker.demo.edition import Edition

_GROUP = "The Loopback Press"


def outlet_home(edition: Edition, outlet: Outlet) -> bytes:
    """Return an outlet's home page: its articles by section, its feed as `rel=alternate`."""
    articles = outlet.readable()
    listed = {name: links(one for one in articles if one.section == name) for name in outlet.sections()}
    return _home(edition, outlet.name, outlet.tagline, outlet.language, (outlet,), listed)


def group_home(edition: Edition) -> bytes:
    """Return the page at "/": the outlets, and every outlet's feed as `rel=alternate`."""
    listed = {one.name: link(one.prefix, one.tagline) for one in edition.outlets}
    return _home(edition, _GROUP, "Five papers, one socket", "en", edition.outlets, listed)


def feed_link(edition: Edition, outlet: Outlet) -> str:
    """Return the element by which a page names its outlet's feed, for feed discovery."""
    kind = FORMATS[outlet.feed_format].content_type
    href = edition.url(outlet.feed_path)
    return f'<link rel="alternate" type="{kind}" title="{escape(outlet.name)}" href="{href}">'


def links(articles: Iterable[DemoArticle]) -> str:
    """Return list items that link to the articles by title."""
    return "".join(link(article.path, article.plain_title) for article in articles)


def link(href: str, text: str) -> str:
    """Return a list item with one link."""
    return f'<li><a href="{escape(href)}">{escape(text)}</a></li>'


def _home(
    edition: Edition,
    name: str,
    tagline: str,
    language: str,
    outlets: Iterable[Outlet],
    listed: dict[str, str],
) -> bytes:
    sections = "\n".join(
        f'<section id="{escape(heading.lower())}"><h2>{escape(heading)}</h2><ul>{items}</ul></section>'
        for heading, items in listed.items()
    )
    return (
        template("home.html")
        .substitute(
            language=language,
            name=escape(name),
            tagline=escape(tagline),
            feeds="\n".join(feed_link(edition, outlet) for outlet in outlets),
            sections=sections,
        )
        .encode()
    )
