"""The demo's feeds in the two families of RSS, with the oddities that such feeds have."""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from worker.demo.markup import elements, title, xml

if TYPE_CHECKING:
    from worker.demo.content import DemoArticle, Outlet
    from worker.demo.edition import Edition

_DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
_TERMS = 'xmlns:dcterms="http://purl.org/dc/terms/"'
_CONTENT = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'


def rss20(edition: Edition, outlet: Outlet) -> bytes:
    """Return RSS 2.0 with CDATA titles, enclosures, edits as `dcterms:modified`, an item without link."""
    channel = elements(
        title=outlet.name,
        link=edition.url(outlet.prefix),
        description=outlet.tagline,
        language=outlet.language,
        lastBuildDate=format_datetime(edition.built_at(outlet)),
    )
    items = "".join(_rss20_item(edition, outlet, article) for article in outlet.listing())
    return xml(f'<rss version="2.0" {_DC} {_TERMS} {_CONTENT}><channel>{channel}{items}</channel></rss>')


def rss10(edition: Edition, outlet: Outlet) -> bytes:
    """Return RSS 1.0 (RDF): items stand beside the channel, which lists them in an `rdf:Seq`."""
    about = elements(title=outlet.name, link=edition.url(outlet.prefix), description=outlet.tagline)
    articles = outlet.listing()
    urls = [edition.listed_url(article) for article in articles]
    sequence = "".join(f"<rdf:li rdf:resource={quoteattr(url)}/>" for url in urls)
    items = "".join(_rss10_item(edition, article) for article in articles)
    return xml(
        f'<rdf:RDF xmlns="http://purl.org/rss/1.0/" {_DC}'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f"<channel rdf:about={quoteattr(edition.url(outlet.feed_path))}>{about}"
        f"<dc:language>{outlet.language}</dc:language>"
        f"<items><rdf:Seq>{sequence}</rdf:Seq></items></channel>{items}</rdf:RDF>"
    )


def _rss20_item(edition: Edition, outlet: Outlet, article: DemoArticle) -> str:
    published = format_datetime(edition.published_at(article))
    url = edition.listed_url(article)
    guid = f"{outlet.feed_path}:{article.slug}" if article.feed_only else url
    named = elements(
        link=None if article.feed_only else url,
        description=article.lead,
        category=article.section,
        pubDate=None if article.undated else published,
    )
    extended = elements(
        **{
            "dc:creator": article.author,
            "dc:language": None if article.language == outlet.language else article.language,
            "dcterms:modified": edition.updated_at(article).isoformat(),
            "content:encoded": _paragraphs(article) if article.feed_only else None,
        }
    )
    return (
        f"<item><title>{title(article)}</title>{named}{extended}"
        f'<guid isPermaLink="false">{escape(guid)}</guid>{_enclosure(edition, outlet, article)}</item>'
    )


def _enclosure(edition: Edition, outlet: Outlet, article: DemoArticle) -> str:
    # The RSS Best Practices Profile asks for length 0 where a publisher does not know it.
    image = quoteattr(edition.image_url(outlet, article))
    return f'<enclosure url={image} type="image/svg+xml" length="0"/>'


def _paragraphs(article: DemoArticle) -> str:
    return "".join(f"<p>{escape(text)}</p>" for text in article.paragraphs)


def _rss10_item(edition: Edition, article: DemoArticle) -> str:
    url = edition.listed_url(article)
    date = None if article.undated else edition.published_at(article).isoformat()
    core = elements(link=url, description=article.lead)
    dublin = elements(
        **{"dc:creator": article.author, "dc:subject": article.section, "dc:date": date},
    )
    return f"<item rdf:about={quoteattr(url)}><title>{title(article)}</title>{core}{dublin}</item>"
