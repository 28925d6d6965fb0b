"""What ssl, http.client and urllib3 raise, as leaves of our error tree: translated here and only here."""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from http.client import HTTPException, IncompleteRead
from typing import TYPE_CHECKING

from urllib3 import exceptions as urllib3

from worker.errors import (
    ConnectionCutError,
    ContentCodingError,
    FetchError,
    FetchTimeoutError,
    ProtocolError,
    TlsError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.fetch.watchdog import Alarm

_LEAVES: tuple[tuple[tuple[type[BaseException], ...], type[FetchError]], ...] = (
    ((TimeoutError, urllib3.ReadTimeoutError), FetchTimeoutError),
    ((ssl.SSLError,), TlsError),
    ((urllib3.DecodeError,), ContentCodingError),
    ((urllib3.InvalidChunkLength,), ProtocolError),
    ((IncompleteRead, OSError), ConnectionCutError),
    ((HTTPException, urllib3.HTTPError), ProtocolError),
)
"""Tried in this order: the first match is the most specific."""

_CUT_AT_A_CHUNK = "Response ended prematurely"
"""urllib3 says in words only that the connection ended where a chunk's length should be."""


@contextmanager
def fetch_errors(url: str, alarm: Alarm) -> Iterator[None]:
    """Translate what happens on a guarded connection to the most specific `FetchError`.

    A cut by the watchdog may surface as any error or as none (http.client takes the end of the
    stream for the end of the headers), so a fired alarm decides whatever else was raised.
    """
    try:
        yield
    except (HTTPException, urllib3.HTTPError, OSError, FetchError) as error:
        if alarm.fired:
            raise FetchTimeoutError(url, "the deadline passed") from error
        if isinstance(error, FetchError):
            raise
        raise translated(url, error) from error
    if alarm.fired:
        raise FetchTimeoutError(url, "the deadline passed")


def translated(url: str, error: BaseException) -> FetchError:
    """Return the leaf for an error of ssl, http.client or urllib3."""
    cause = _innermost(error)
    if str(cause) == _CUT_AT_A_CHUNK:
        return ConnectionCutError(url, "the connection ended between two chunks")
    leaf = next((leaf for kinds, leaf in _LEAVES if isinstance(cause, kinds)), ProtocolError)
    return leaf(url, _said(cause))


def _innermost(error: BaseException) -> BaseException:
    """Return what urllib3 wrapped; its own wrapper only says that the connection broke."""
    wrappers = (urllib3.ProtocolError, urllib3.SSLError)
    if isinstance(error, wrappers) and isinstance(error.__cause__, HTTPException | OSError):
        return error.__cause__
    return error


def _said(error: BaseException) -> str:
    """Return the library's message as one line; it may quote the server, so it is cut short and cleaned."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    line = " ".join((said or type(error).__name__).split())[:200]
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
