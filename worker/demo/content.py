"""What the demo's outlets print: frozen values, without absolute URLs and without times yet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_TAG = re.compile(r"<[^>]+>")


class Kind(StrEnum):
    """How an article's page answers. Redirects are not a kind: any article may be listed under one."""

    ARTICLE = "article"
    SLOW = "slow"
    CONSENT = "consent"
    PAYWALL = "paywall"
    REMOVED = "removed"


class TitleStyle(StrEnum):
    """How the feed spells a title: as text, inside CDATA, or with HTML tags in it."""

    PLAIN = "plain"
    CDATA = "cdata"
    HTML = "html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What changes when the article is edited: its title, and a paragraph that goes first."""

    title: str
    paragraph: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoArticle:
    """One article as written. `path` and `canonical_path` are absolute paths of the demo site.

    `listed_as` is the path that the feed gives instead, which redirects with `listed_status`;
    an `undated`, `repeated` or `feed_only` one is the oddity of its name in the feed's listing.
    """

    path: str
    canonical_path: str
    title: str
    author: str
    section: str
    paragraphs: tuple[str, ...]
    language: str
    charset: str
    hours_ago: float
    updated_hours_ago: float
    summary: str = ""
    kind: Kind = Kind.ARTICLE
    title_style: TitleStyle = TitleStyle.PLAIN
    listed_as: str | None = None
    listed_query: str = ""
    listed_status: int = 302
    repeated: bool = False
    undated: bool = False
    feed_only: bool = False
    edit: Edit | None = None

    @property
    def plain_title(self) -> str:
        return _TAG.sub("", self.title)

    @property
    def lead(self) -> str:
        """Return what the feed says the article is about: its summary, else its first paragraph."""
        return self.summary or self.paragraphs[0]

    @property
    def slug(self) -> str:
        return self.path.rsplit("/", 1)[-1].removesuffix(".html")


@dataclass(frozen=True, slots=True, kw_only=True)
class Furniture:
    """The text around every article of an outlet: all that must never reach an article's body."""

    advert: str
    trending_heading: str
    trending: tuple[str, ...]
    related_heading: str
    cookie: str
    newsletter: str
    comments_heading: str
    comments: tuple[str, ...]
    footer: str
    paywall: str = ""

    def sentences(self) -> tuple[str, ...]:
        """Return every piece of boilerplate as printed on the page."""
        headings = (self.trending_heading, self.related_heading, self.comments_heading)
        boxes = (self.advert, self.cookie, self.newsletter, self.footer)
        return (*headings, *boxes, *self.trending, *self.comments, *filter(None, (self.paywall,)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One paper of the group: `prefix` is its path on the shared host, `feed_path` lies below it."""

    name: str
    prefix: str
    language: str
    tagline: str
    colour: str
    feed_path: str
    feed_format: str
    template: str
    charset: str
    date_format: str
    furniture: Furniture
    articles: tuple[DemoArticle, ...]

    def image_path(self, article: DemoArticle) -> str:
        return f"{self.prefix}img/{article.slug}.svg"

    def listing(self) -> list[DemoArticle]:
        """Return what the feed lists, newest first; a repeated article comes again at the end."""
        newest_first = self._newest_first()
        return newest_first + [article for article in newest_first if article.repeated]

    def readable(self) -> list[DemoArticle]:
        """Return the articles that the outlet's own pages link to, newest first."""
        shown = (Kind.ARTICLE, Kind.SLOW, Kind.PAYWALL)
        return [one for one in self._newest_first() if one.kind in shown and not one.feed_only]

    def sections(self) -> list[str]:
        return sorted({article.section for article in self.readable()})

    def _newest_first(self) -> list[DemoArticle]:
        return sorted(self.articles, key=lambda article: article.hours_ago)
