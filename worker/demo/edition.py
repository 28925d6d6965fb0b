"""The state of the demo site at one moment: where it is served, what time it is, what is printed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from worker.demo.content import DemoArticle, Outlet


@dataclass(frozen=True, slots=True)
class Edition:
    """One printing of the whole site. `base` is its URL without a slash at the end."""

    base: str
    now: datetime
    outlets: tuple[Outlet, ...]

    def url(self, path: str) -> str:
        return self.base + path

    def listed_url(self, article: DemoArticle) -> str:
        """Return the link that a feed gives, which may redirect to the article's own URL."""
        query = f"?{article.listed_query}" if article.listed_query else ""
        return self.url(article.listed_as or article.path) + query

    def image_url(self, outlet: Outlet, article: DemoArticle) -> str:
        return self.url(outlet.image_path(article))

    def published_at(self, article: DemoArticle) -> datetime:
        return self._ago(article.hours_ago)

    def updated_at(self, article: DemoArticle) -> datetime:
        return self._ago(article.updated_hours_ago)

    def built_at(self, outlet: Outlet) -> datetime:
        """Return when the outlet's feed last changed: at its latest publication or edit."""
        return max(map(self.updated_at, outlet.articles))

    def revised(self) -> Edition:
        """Return the edition in which every edit that was still to come is made, dated now."""
        outlets = (replace(one, articles=tuple(map(_edited, one.articles))) for one in self.outlets)
        return replace(self, outlets=tuple(outlets))

    def _ago(self, hours: float) -> datetime:
        # HTTP and RSS dates have whole seconds; a fraction would never compare equal to them.
        return (self.now - timedelta(hours=hours)).replace(microsecond=0)


def _edited(article: DemoArticle) -> DemoArticle:
    edit = article.edit
    if edit is None:
        return article
    paragraphs = (edit.paragraph, *article.paragraphs)
    return replace(article, title=edit.title, paragraphs=paragraphs, updated_hours_ago=0.0, edit=None)
