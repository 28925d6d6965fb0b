"""The demo's article pages, each outlet in its own markup with its own furniture around the text."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from worker.demo.content import Kind
from worker.demo.home import feed_link, link, links
from worker.demo.load import template

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker.demo.content import DemoArticle, Furniture, Outlet
    from worker.demo.edition import Edition

_RIGHT_TO_LEFT = ("ar", "fa", "he", "ur")
_RELATED = 3


def article_page(edition: Edition, outlet: Outlet, article: DemoArticle) -> bytes:
    """Return the article's page in the outlet's template and the article's own charset."""
    name = "consent.html" if article.kind is Kind.CONSENT else outlet.template
    text = template(name).substitute(
        _outlet_fields(edition, outlet),
        **_article_fields(edition, outlet, article),
        **_text_fields(outlet, article),
        **_furniture_fields(outlet.furniture),
    )
    # What the charset lacks (another script in a related title) is written as character references.
    return text.encode(article.charset, "xmlcharrefreplace")


def picture(outlet: Outlet, article: DemoArticle) -> bytes:
    """Return a drawing in the outlet's colour, for a reader who opens the site in a browser."""
    title = escape(article.plain_title)
    return (
        template("picture.svg")
        .substitute(colour=outlet.colour, title=title, letter=escape(article.plain_title[0]))
        .encode()
    )


def _outlet_fields(edition: Edition, outlet: Outlet) -> dict[str, str]:
    return {
        "site_name": escape(outlet.name),
        "tagline": escape(outlet.tagline),
        "home": outlet.prefix,
        "colour": outlet.colour,
        "feed_link": feed_link(edition, outlet),
        "nav": "".join(link(f"{outlet.prefix}#{quote(name.lower())}", name) for name in outlet.sections()),
    }


def _article_fields(edition: Edition, outlet: Outlet, article: DemoArticle) -> dict[str, str]:
    published = edition.published_at(article)
    return {
        "language": article.language,
        "direction": "rtl" if article.language in _RIGHT_TO_LEFT else "ltr",
        "charset": article.charset,
        "title": escape(article.plain_title),
        "author": escape(article.author),
        "section": escape(article.section),
        "url": edition.url(article.path),
        "canonical": edition.url(article.canonical_path),
        "image": edition.image_url(outlet, article),
        "published": published.isoformat(),
        "published_text": published.strftime(outlet.date_format),
        "modified": edition.updated_at(article).isoformat(),
        "json_ld": _json_ld(edition, outlet, article),
    }


def _text_fields(outlet: Outlet, article: DemoArticle) -> dict[str, str]:
    locked = article.kind is Kind.PAYWALL
    return {
        "description": escape(article.lead),
        "opening": _paragraphs(article.paragraphs[:2]),
        "remainder": _paragraphs(article.paragraphs[2:]),
        "tier": "locked" if locked else "free",
        "paywall": f'<div class="paywall">{escape(outlet.furniture.paywall)}</div>' if locked else "",
        "related": links(_related(outlet, article)),
    }


def _furniture_fields(furniture: Furniture) -> dict[str, str]:
    return {
        "advert": escape(furniture.advert),
        "trending_heading": escape(furniture.trending_heading),
        "trending": "".join(link("#", headline) for headline in furniture.trending),
        "related_heading": escape(furniture.related_heading),
        "cookie": escape(furniture.cookie),
        "newsletter": escape(furniture.newsletter),
        "comments_heading": escape(furniture.comments_heading),
        "comments": "".join(f'<li class="comment">{escape(text)}</li>' for text in furniture.comments),
        "footer": escape(furniture.footer),
    }


def _json_ld(edition: Edition, outlet: Outlet, article: DemoArticle) -> str:
    about = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": article.plain_title,
        "datePublished": edition.published_at(article).isoformat(),
        "dateModified": edition.updated_at(article).isoformat(),
        "author": [{"@type": "Person", "name": article.author}],
        "articleSection": article.section,
        "image": [edition.image_url(outlet, article)],
        "inLanguage": article.language,
        "mainEntityOfPage": edition.url(article.canonical_path),
        "publisher": {"@type": "NewsMediaOrganization", "name": outlet.name},
    }
    # "</script>" in a value would end the element (HTML Standard, 4.12.1.3).
    return json.dumps(about, ensure_ascii=False).replace("<", "\\u003c")


def _related(outlet: Outlet, article: DemoArticle) -> list[DemoArticle]:
    """Return the next few articles of the outlet, going round at its end."""
    others = [one for one in outlet.readable() if one.path != article.path]
    start = sum(one.hours_ago < article.hours_ago for one in others)
    return [others[(start + step) % len(others)] for step in range(_RELATED)]


def _paragraphs(texts: Iterable[str]) -> str:
    return "\n".join(f"<p>{escape(text)}</p>" for text in texts)
