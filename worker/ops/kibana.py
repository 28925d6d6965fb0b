"""Importing saved objects into a Kibana, which may still be starting, over its HTTP API."""

from __future__ import annotations

import json
from base64 import b64encode
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3 import exceptions

from worker.errors import OperationError
from worker.urls import without_credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from worker.clock import Clock

PATH = "/api/saved_objects/_import?overwrite=true"
PATIENCE_S, PAUSE_S = 180.0, 3.0
"""A first start of Kibana takes one to two minutes, in which it or a proxy before it answers `STARTING`."""
STARTING = frozenset({502, 503, 504})
TIMEOUT_S = 60.0


def import_objects(
    url: str, ndjson: str, *, clock: Clock, on_wait: Callable[[str], None], ca_file: Path | None = None
) -> Iterator[str]:
    """Send the objects, over whatever has the same ids; yield one line per object, refused ones first.

    Args:
        url: of Kibana; user and password in it are used, and never shown.
        ndjson: the objects, one a line.
        clock: waits while Kibana is starting.
        on_wait: told once if it is.
        ca_file: certificates (PEM) to trust instead of the system's.

    Raises:
        OperationError: Kibana cannot be reached, or refuses the request or some of the objects.
    """
    place = without_credentials(url)
    with _kibana_errors(place), _pool(ca_file) as pool:
        response = _patiently(lambda: _post(pool, url, ndjson), place, clock, on_wait)
    answer = _answer(place, response)
    errors = answer.get("errors", [])
    yield from (f"{_name(each)}: refused: {_why(each['error'])}" for each in errors)
    yield from (f"{_name(each)}: {_how(each)}" for each in answer.get("successResults", []))
    if errors or not answer["success"]:
        raise OperationError(f"{place}: {len(errors)} of the objects were refused")


@contextmanager
def _kibana_errors(place: str) -> Iterator[None]:
    try:
        yield
    except exceptions.HTTPError as error:
        raise OperationError(f"{place}: {_fault(error)}") from error


def _fault(error: exceptions.HTTPError) -> str:
    said = str(error).partition("): ")[2] or str(error)  # without the pool's account of itself
    if isinstance(error, exceptions.SSLError):
        return f"the TLS connection failed: {said}"
    if isinstance(error, exceptions.ReadTimeoutError):
        return "did not answer in time"
    return f"cannot be reached: {said}"


def _pool(ca_file: Path | None) -> urllib3.PoolManager:
    if ca_file and not ca_file.is_file():
        raise OperationError(f"{ca_file}: no such file of certificates")
    return urllib3.PoolManager(ca_certs=str(ca_file) if ca_file else None, retries=False, timeout=TIMEOUT_S)


def _post(pool: urllib3.PoolManager, url: str, ndjson: str) -> urllib3.BaseHTTPResponse:
    return pool.request(
        "POST",
        without_credentials(url).rstrip("/") + PATH,
        fields={"file": ("feedmill.ndjson", ndjson.encode(), "application/ndjson")},
        headers={"kbn-xsrf": "true", **_authorization(url)},  # it refuses what a web page could send
        redirect=False,
    )


def _authorization(url: str) -> dict[str, str]:
    """Return the header for the user in the URL; urllib3 has one of its own only for Latin-1."""
    parts = urlsplit(url)
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _patiently(
    send: Callable[[], urllib3.BaseHTTPResponse], place: str, clock: Clock, on_wait: Callable[[str], None]
) -> urllib3.BaseHTTPResponse:
    response = send()
    if response.status in STARTING:
        on_wait(f"{place} is starting ({response.status}): waiting up to {PATIENCE_S:.0f} s")
    give_up_at = clock.monotonic() + PATIENCE_S
    while response.status in STARTING and clock.monotonic() < give_up_at:
        clock.sleep(PAUSE_S)
        response = send()
    return response


def _answer(place: str, response: urllib3.BaseHTTPResponse) -> Mapping[str, Any]:
    """Return what Kibana says of the objects: an answer of 200 may still say that it refused them."""
    try:
        said = json.loads(response.data)
    except ValueError:
        said = None
    if response.status in {401, 403}:
        raise OperationError(f"{place}: refused our credentials")
    if response.status == 200 and isinstance(said, dict) and isinstance(said.get("success"), bool):
        return said
    message = said.get("message") if isinstance(said, dict) else None
    raise OperationError(f"{place}: HTTP {response.status}: {message or 'this is no answer of a Kibana'}")


def _name(each: Mapping[str, Any]) -> str:
    return f"{each['type']} {each['id']}"


def _how(each: Mapping[str, Any]) -> str:
    return "replaced" if each.get("overwrite") else "imported"


def _why(error: Mapping[str, Any]) -> str:
    """Return Kibana's word for it, and what is missing or its message, where it says so."""
    missing = [_name(each) for each in error.get("references", [])]
    details = ", ".join(missing) or error.get("message") or error.get("reason") or ""
    return f"{error['type']}: {details}" if details else str(error["type"])
