"""Which URL is the article's: the page's own rel=canonical where it is plausible, else where it was found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from worker import urls
from worker.errors import RedirectedHomeError

_VARIANTS = frozenset({"amp", "print", "index.html", "index.php", "all", "full", "page"})
"""Last path segments under which sites serve another rendering of the same article."""

_PAGE_NUMBER = re.compile(r"^(?:page|seite|p)?[-_]?\d{1,3}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Identity:
    """The URL that names the article. `note` says why the page's own canonical link was refused.

    `fallback_url` is the fetched page's, where the canonical one was taken.
    """

    url: str
    fallback_url: str | None = None
    note: str | None = None


def choose_identity(requested: str, final: str, canonical: str | None) -> Identity:
    """Return the article's identity among the URL asked for, the one that answered, and rel=canonical.

    Raises:
        RedirectedHomeError: an article's URL led to a home page.
    """
    if urls.is_home(final) and not urls.is_home(requested):
        raise RedirectedHomeError(requested, f"leads to {final}")
    if canonical is None or urls.identity_url(canonical) == urls.identity_url(final):
        return Identity(final)
    refused = _refusal(final, canonical)
    return (
        Identity(final, note=f"canonical: {refused}") if refused else Identity(canonical, fallback_url=final)
    )


def _refusal(final: str, canonical: str) -> str | None:
    """Return why `canonical` is no plausible name of the article found at `final`.

    A section page is known by its path: the article's own path continues it ("/politics" of
    "/politics/storm-hits-coast"), unless what follows only numbers the pages of a long article.
    """
    if urls.site_of(canonical) != urls.site_of(final):
        return "other_site"
    if urls.is_home(canonical):
        return "home"
    if _continues(urlsplit(final).path, urlsplit(canonical)):
        return "section"
    return None


def _continues(path: str, shorter: SplitResult) -> bool:
    segments, prefix = _segments(path), _segments(shorter.path)
    rest = segments[len(prefix) :]
    if not rest or segments[: len(prefix)] != prefix or shorter.query:
        return False
    return not all(_PAGE_NUMBER.match(segment) or segment in _VARIANTS for segment in rest)


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]
