"""Every path of the demo site and its answer, computed at once from one edition; pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from worker.demo.content import Kind
from worker.demo.feeds import FORMATS
from worker.demo.home import group_home, outlet_home
from worker.demo.pages import article_page, picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.demo.content import DemoArticle, Outlet
    from worker.demo.edition import Edition

_HTML = "text/html; charset=utf-8"
_ROBOTS = b"User-agent: *\nDisallow: /private/\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one path says. Validators are None where the answer has none; `slow` ones make one wait."""

    status: HTTPStatus
    content_type: str
    body: bytes
    location: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    slow: bool = False


NOT_FOUND = Answer(HTTPStatus.NOT_FOUND, _HTML, b"<!doctype html><title>404</title><h1>No such page</h1>")


def answers(edition: Edition) -> dict[str, Answer]:
    """Return the whole site by path."""
    site = {
        "/": Answer(HTTPStatus.OK, _HTML, group_home(edition)),
        "/robots.txt": Answer(HTTPStatus.OK, "text/plain", _ROBOTS),
    }
    for outlet in edition.outlets:
        home = Answer(HTTPStatus.OK, _HTML, outlet_home(edition, outlet))
        site |= {outlet.prefix: home, f"{outlet.prefix}index.html": home}
        site[outlet.feed_path] = _feed(edition, outlet)
        site |= {path: answer for one in outlet.articles for path, answer in _article(edition, outlet, one)}
    return site


def _feed(edition: Edition, outlet: Outlet) -> Answer:
    kind = FORMATS[outlet.feed_format]
    body = kind.render(edition, outlet)
    # Weak: the same feed is sent plain or gzipped under one tag (RFC 9110, 8.8.1).
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:16]}"'
    changed = format_datetime(edition.built_at(outlet), usegmt=True)
    return Answer(HTTPStatus.OK, kind.content_type, body, etag=etag, last_modified=changed)


def _article(edition: Edition, outlet: Outlet, article: DemoArticle) -> Iterator[tuple[str, Answer]]:
    """Yield the article's own path, its picture's, and that of the link which redirects to it."""
    if article.kind is Kind.REMOVED:
        yield article.path, NOT_FOUND
        return
    yield outlet.image_path(article), Answer(HTTPStatus.OK, "image/svg+xml", picture(outlet, article))
    if not article.feed_only:
        content_type = f"text/html; charset={article.charset}"
        body = article_page(edition, outlet, article)
        yield article.path, Answer(HTTPStatus.OK, content_type, body, slow=article.kind is Kind.SLOW)
    if article.listed_as:
        target = edition.url(article.path)
        yield article.listed_as, Answer(HTTPStatus(article.listed_status), _HTML, b"", location=target)
