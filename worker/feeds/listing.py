"""What a feed's bytes say, in one shape for every format and before any rule was applied.

`xmlfeed` and `jsonfeed` write it, `entries` reads it: text is still markup, links may be relative.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from worker.models import Hints


@dataclass(frozen=True, slots=True)
class StatedTime:
    """A time as the feed wrote it, and what that means in UTC where it could be read."""

    text: str = ""
    time: datetime | None = None


NOT_STATED = StatedTime()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEntry:
    """One entry. `links` and `images` are candidates, best first.

    `full_texts` are elements that a format reserves for the whole text; `descriptions` may hold a
    teaser as well as the whole, in listing order.
    """

    links: tuple[str, ...] = ()
    guid: str | None = None
    title: str | None = None
    descriptions: tuple[str, ...] = ()
    full_texts: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    language: str | None = None
    published: StatedTime = NOT_STATED
    updated: StatedTime = NOT_STATED


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A feed and its entries. `base` is the absolute URL that relative links start from."""

    format: str
    base: str
    title: str | None = None
    site_url: str | None = None
    language: str | None = None
    hub_url: str | None = None
    hints: Hints | None = None
    entries: tuple[RawEntry, ...] = ()
    notes: tuple[str, ...] = ()


def is_absolute(guid: str | None) -> bool:
    """Return whether a guid is a web address as it stands, so that it can serve as a link."""
    return bool(guid) and str(guid).lower().startswith(("http://", "https://"))
