"""The demo's feeds by format; each renders `(edition, outlet) → bytes`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import quoteattr

from worker.demo.content import TitleStyle
from worker.demo.markup import elements, title, xml
from worker.demo.rss import rss10, rss20

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.demo.content import DemoArticle, Outlet
    from worker.demo.edition import Edition


class FeedFormat(NamedTuple):
    """How a format is announced over HTTP, and how it is written."""

    content_type: str
    render: Callable[[Edition, Outlet], bytes]


def atom10(edition: Edition, outlet: Outlet) -> bytes:
    """Return Atom 1.0 whose entries link relative to the feed's `xml:base` (RFC 4287, 2)."""
    about = elements(
        id=edition.url(outlet.feed_path),
        title=outlet.name,
        subtitle=outlet.tagline,
        updated=edition.built_at(outlet).isoformat(),
    )
    links = f'<link rel="self" href={quoteattr(edition.url(outlet.feed_path))}/><link href="./"/>'
    entries = "".join(_atom10_entry(edition, outlet, article) for article in outlet.listing())
    namespace = f'xmlns="http://www.w3.org/2005/Atom" xml:lang="{outlet.language}"'
    base = quoteattr(edition.url(outlet.prefix))
    return xml(f"<feed {namespace} xml:base={base}>{about}{links}{entries}</feed>")


def json_feed(edition: Edition, outlet: Outlet) -> bytes:
    """Return JSON Feed 1.1."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "description": outlet.tagline,
        "language": outlet.language,
        "home_page_url": edition.url(outlet.prefix),
        "feed_url": edition.url(outlet.feed_path),
        "items": [_json_item(edition, outlet, article) for article in outlet.listing()],
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()


FORMATS = {
    "rss20": FeedFormat("application/rss+xml", rss20),
    "atom10": FeedFormat("application/atom+xml", atom10),
    "rss10": FeedFormat("application/rdf+xml", rss10),
    "json": FeedFormat("application/feed+json", json_feed),
}


def _atom10_entry(edition: Edition, outlet: Outlet, article: DemoArticle) -> str:
    kind = "html" if article.title_style is TitleStyle.HTML else "text"
    href = quoteattr((article.listed_as or article.path).removeprefix(outlet.prefix))
    dated = elements(
        id=edition.url(article.path),
        updated=edition.updated_at(article).isoformat(),
        published=edition.published_at(article).isoformat(),
        summary=article.lead,
    )
    return (
        f'<entry xml:lang="{article.language}"><title type="{kind}">{title(article)}</title>'
        f"<link href={href}/>{dated}<author>{elements(name=article.author)}</author>"
        f"<category term={quoteattr(article.section)}/></entry>"
    )


def _json_item(edition: Edition, outlet: Outlet, article: DemoArticle) -> dict[str, object]:
    url = edition.listed_url(article)
    return {
        "id": url,
        "url": url,
        "title": article.title,
        "summary": article.lead,
        "image": edition.image_url(outlet, article),
        "date_published": edition.published_at(article).isoformat(),
        "date_modified": edition.updated_at(article).isoformat(),
        "authors": [{"name": article.author}],
        "tags": [article.section],
        "language": article.language,
    }
