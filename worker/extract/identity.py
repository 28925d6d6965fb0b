"""Which URL is the article's: the page's own rel=canonical where it is plausible, else where it was found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from worker import urls
from worker.errors import RedirectedHomeError

_VARIANTS = frozenset({"amp", "print", "index.html", "index.php", "all", "full", "page"})
"""Last path segments under which sites serve another rendering of the same article."""

_PAGE_NUMBER = re.compile(r"^(?:page|seite|p)?[-_]?\d{1,3}$", re.IGNORECASE)

_OWNER = re.compile(r"/(?:users?/|people/|members?/|u/|(?=[~@]))([^/]+)", re.IGNORECASE)
"""Where hosts that many share keep each user's pages: /~alice, /@alice, /users/alice."""

_SCRIPT = re.compile(r"\.(?:php\d?|aspx?|jsp|cgi|pl|do|cfm)$", re.IGNORECASE)
_SELECTING = re.compile(r"=[^&]*\d")
_EXTENSION = re.compile(r"\.\w{2,5}$")
_WORD = re.compile(r"[^\W\d_]{4,}")


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
    "/politics/storm-hits-coast"), unless what follows only numbers the pages of a long article. Another
    page is known by its last segment, which has no word in common: a template that names one page for
    all. All 25 plausible ones among 589 labelled pages share one or differ only in host or query.
    """
    here, there = urlsplit(final), urlsplit(canonical)
    refusals = (
        ("other_site", urls.site_of(canonical) != urls.site_of(final)),
        ("home", urls.is_home(canonical)),
        ("other_user", _is_other_user(here.path, there.path)),
        ("section", _continues(here.path, there) or _drops_what_selects(here, there)),
        ("other_page", _is_other_page(here.path, there.path)),
    )
    return next((why for why, refused in refusals if refused), None)


def _is_other_user(path: str, other: str) -> bool:
    """Return whether both paths lie in users' own parts of a shared host, and in different ones."""
    owners = [found[1].casefold() for found in map(_OWNER.match, (path, other)) if found]
    return len(owners) == 2 and owners[0] != owners[1]


def _drops_what_selects(here: SplitResult, there: SplitResult) -> bool:
    """Return whether the canonical link is the script without the number that selects the article."""
    script = here.path == there.path and _SCRIPT.search(here.path)
    return bool(script) and not there.query and bool(_SELECTING.search(here.query))


def _is_other_page(path: str, other: str) -> bool:
    names = _name_words(path), _name_words(other)
    return path != other and all(names) and not names[0] & names[1]


def _name_words(path: str) -> frozenset[str]:
    """Return the words of the last segment that names something: none where that is a number or a code."""
    named = [segment for segment in _segments(path) if not _is_variant(segment)]
    return (
        frozenset(_WORD.findall(_EXTENSION.sub("", unquote(named[-1]).casefold()))) if named else frozenset()
    )


def _continues(path: str, shorter: SplitResult) -> bool:
    segments, prefix = _segments(path), _segments(shorter.path)
    rest = segments[len(prefix) :]
    if not rest or segments[: len(prefix)] != prefix or shorter.query:
        return False
    return not all(map(_is_variant, rest))


def _is_variant(segment: str) -> bool:
    return segment in _VARIANTS or bool(_PAGE_NUMBER.match(segment))


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]
