"""What a response's status and headers mean for the fetch. Pure: decided before a body is read."""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin

from worker.errors import (
    ContentCodingError,
    ContentTypeError,
    FetchError,
    GoneError,
    HttpRetryableError,
    HttpStatusError,
    NotFoundError,
    ProtocolError,
    RedirectError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from worker.fetch.policy import FetchKind

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""The redirects that name one target for a GET (RFC 9110, 15.4)."""

NOT_MODIFIED = 304

_WITH_ANSWER = frozenset({200, 203, 204, 205})
_ASK_LATER = frozenset({202, 408, 425, 429})
"""202 too: the server says itself that the answer is not ready; bot checks use it as a throttle."""

_VALIDATORS = {"if-none-match": "If-None-Match", "if-modified-since": "If-Modified-Since"}
_SENDABLE = re.compile(r"[\t\x20-\x7e\x80-\xff]+\Z")  # field values: RFC 9110, 5.5

_CODINGS = frozenset({"gzip", "x-gzip", "deflate", "br", "zstd"})
ACCEPT_ENCODING = "gzip, deflate, br, zstd"

_LONGEST_DELAY = 10**9
"""Seconds (30 years). Longer numbers are not parsed: int() itself gets slow, and the gate caps at a day."""


def find_status_error(url: str, status: int, retry_after_s: float | None) -> FetchError | None:
    """Return the error that a final (not redirecting, not 304) status stands for, None for an answer.

    An empty answer (204, 205) is an answer: its reader finds nothing in it. 206 was not asked for,
    since no Range was sent, and a part is not the page; so are other 2xx and 1xx. What is no status at
    all (999) counts as a 5xx (RFC 9110, 15).
    """
    if status in _WITH_ANSWER:
        return None
    if status in _ASK_LATER or status >= 500:
        return HttpRetryableError(url, status, retry_after_s)
    if status < 300 or status == NOT_MODIFIED:
        return ProtocolError(url, f"HTTP {status} does not answer this request")
    if status < 400:
        return RedirectError(url, f"HTTP {status} names no single target")
    kind = {404: NotFoundError, 410: GoneError}.get(status, HttpStatusError)
    return kind(url, status, retry_after_s)


def find_retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110, 10.2.3), None if unreadable.

    Both forms: a number of seconds, or an HTTP date (a passed one is 0).
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:12]), _LONGEST_DELAY))
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def redirect_target(url: str, headers: Mapping[str, str]) -> str:
    """Return the absolute URL that a redirect from `url` leads to, without its fragment.

    Raises:
        RedirectError: there is no Location, or it is no URL reference.
    """
    location = _utf8(headers.get("location", "").strip())
    if not location:
        raise RedirectError(url, "a redirect without a Location")
    try:
        return urldefrag(urljoin(url, location)).url
    except ValueError as error:
        raise RedirectError(url, "a redirect whose Location is no URL") from error


def check_coding(url: str, header: str) -> None:
    """Refuse content codings that were not asked for: urllib3 would pass them on undecoded.

    Raises:
        ContentCodingError: one of them is unknown.
    """
    codings = [coding.strip().lower() for coding in header.split(",") if coding.strip()]
    if codings not in ([], ["identity"]) and not _CODINGS.issuperset(codings):
        raise ContentCodingError(url, f"content coding {', '.join(codings)[:80]!r} was not asked for")


def check_type(url: str, header: str, kind: FetchKind) -> None:
    """Refuse media types that `kind` is never served as. No type at all is taken.

    Raises:
        ContentTypeError: the media type is one of `kind.refused_types`.
    """
    media_type = header.partition(";")[0].strip().lower()
    if media_type.startswith(kind.refused_types):
        raise ContentTypeError(url, f"the response is {media_type[:80]!r}")


def sendable_validators(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the conditional headers among `headers` that can be sent; nothing else ever is.

    A stored ETag with characters that no header may carry is as good as none.
    """
    return {
        _VALIDATORS[name.lower()]: value
        for name, value in headers.items()
        if name.lower() in _VALIDATORS and _SENDABLE.match(value)
    }


def _utf8(text: str) -> str:
    """Return a header value with raw UTF-8 undone from http.client's Latin-1 reading, if it is that."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
