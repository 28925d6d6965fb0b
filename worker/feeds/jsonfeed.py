"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/), read as leniently as RSS is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from worker.errors import ParseError
from worker.feeds.clean import fold
from worker.feeds.dates import find_time
from worker.feeds.kind import describe_body
from worker.feeds.listing import Listing, RawEntry, StatedTime, is_absolute
from worker.urls import find_link

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSIONS = {"1": "json10", "1.1": "json11"}


def is_json(body: bytes) -> bool:
    """Return whether the body begins like a JSON object, in any of JSON's encodings."""
    return body.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1] == b"{"


def read_json(body: bytes, url: str) -> Listing:
    """Return what a JSON Feed says.

    Raises:
        ParseError: the body is no JSON, or JSON of another kind.
    """
    feed = _load(body, url)
    entries = tuple(_entry(item, feed) for item in _dicts(feed, "items"))
    site_url = find_link(_text(feed, "home_page_url"), url)
    return Listing(
        format=_VERSIONS.get(_version(feed), "json11"),
        base=url,
        title=_text(feed, "title"),
        site_url=site_url,
        language=_text(feed, "language"),
        hub_url=next((find_link(_text(hub, "url"), url) for hub in _dicts(feed, "hubs")), None),
        entries=entries,
    )


def _load(body: bytes, url: str) -> dict[str, Any]:
    try:
        feed = json.loads(body)
    except RecursionError:
        raise ParseError(url, "not a feed: JSON nested too deep") from None
    except ValueError as error:
        raise ParseError(url, f"broken JSON ({fold(str(error))})") from None
    if not isinstance(feed, dict) or "jsonfeed.org/version/" not in str(feed.get("version")):
        raise ParseError(url, describe_body(body))
    return feed


def _version(feed: dict[str, Any]) -> str:
    return str(feed["version"]).rstrip("/").rpartition("/")[2]


def _entry(item: dict[str, Any], feed: dict[str, Any]) -> RawEntry:
    guid = item.get("id")
    return RawEntry(
        links=tuple(_links(item)),
        # The specification asks for a string and for readers to coerce what is none.
        guid=str(guid) if isinstance(guid, (str, int, float)) else None,
        title=_text(item, "title"),
        descriptions=tuple(_texts(item, "summary")),
        full_texts=tuple(_texts(item, "content_html")) or tuple(_texts(item, "content_text")),
        authors=tuple(_authors(item)) or tuple(_authors(feed)),
        categories=tuple(tag for tag in _list(item, "tags") if isinstance(tag, str)),
        images=tuple(_images(item)),
        language=_text(item, "language"),
        published=_stated(item, "date_published"),
        updated=_stated(item, "date_modified"),
    )


def _links(item: dict[str, Any]) -> Iterator[str]:
    # `id` comes last: "ideally the full URL", in the specification's words, where `url` is missing.
    yield from _texts(item, "url")
    yield from filter(is_absolute, _texts(item, "id"))


def _authors(context: dict[str, Any]) -> Iterator[str]:
    """Yield names; version 1.0 has a single `author`."""
    author = context.get("author")
    for person in [*_dicts(context, "authors"), *([author] if isinstance(author, dict) else [])]:
        yield from _texts(person, "name")


def _images(item: dict[str, Any]) -> Iterator[str]:
    yield from _texts(item, "image", "banner_image")
    for attachment in _dicts(item, "attachments"):
        if str(attachment.get("mime_type", "")).startswith("image/"):
            yield from _texts(attachment, "url")


def _stated(item: dict[str, Any], name: str) -> StatedTime:
    text = fold(_text(item, name) or "")
    return StatedTime(text, find_time(text))


def _text(context: dict[str, Any], name: str) -> str | None:
    return next(_texts(context, name), None)


def _texts(context: dict[str, Any], *names: str) -> Iterator[str]:
    for name in names:
        value = context.get(name)
        if isinstance(value, str) and value:
            yield value


def _dicts(context: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [value for value in _list(context, name) if isinstance(value, dict)]


def _list(context: dict[str, Any], name: str) -> list[Any]:
    value = context.get(name)
    return value if isinstance(value, list) else []
