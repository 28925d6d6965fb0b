"""The client's errors, translated once: the place, what is wrong, and what to do about it, in one line."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from elastic_transport import ConnectionTimeout, TlsError, TransportError
from elasticsearch import ApiError

from worker.errors import StoreError, StoreMissingError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OVERLOADED = frozenset({429, 502, 503, 504})
"""Statuses that pass by themselves: a full queue or breaker, a node that starts, a proxy without one."""
BLOCKED = "cluster_block_exception"
NO_INDEX = "index_not_found_exception"


@contextmanager
def store_errors(place: str) -> Iterator[None]:
    """Turn the client's errors about the cluster at `place` into leaves of the error tree."""
    try:
        yield
    except ApiError as error:
        raise fault_of(place, error.status_code, cause_of(error.body)) from error
    except TlsError as error:
        raise StoreError(f"{place}: the TLS connection failed: {error.message}") from error
    except ConnectionTimeout as error:
        raise StoreUnavailableError(f"{place}: did not answer in time") from error
    except TransportError as error:
        raise StoreUnavailableError(f"{place}: cannot be reached: {_said(error)}") from error


def fault_of(place: str, status: int, cause: Mapping[str, Any]) -> StoreError:
    """Return the error for an answer with this status and this cause (`type`, `reason`, `index`)."""
    kind, reason = cause.get("type", f"HTTP {status}"), _short(cause.get("reason") or "no reason given")
    if kind == NO_INDEX:
        index = cause.get("index") or "such index"
        return StoreMissingError(f"{place}: there is no {index}: run `feedmill setup`")
    if kind == BLOCKED:
        return StoreUnavailableError(f"{place}: {_block(reason)}")
    if status in OVERLOADED:
        return StoreUnavailableError(f"{place}: is overloaded or starting: {kind}: {reason}")
    if status in {401, 403}:
        return StoreError(f"{place}: refused our credentials: {kind}")
    return StoreError(f"{place}: {kind}: {reason}")


def _block(reason: str) -> str:
    if "flood-stage" in reason:
        return f"the disk is full: free some space, nothing was lost: {reason}"
    return f"an index is blocked: {reason}"


def cause_of(body: Any) -> Mapping[str, Any]:
    """Return what an error's body gives as its cause, as `fault_of` takes it."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return {"reason": str(error or body or "")}
    # The outer error of a search only says that all shards failed; the root cause says why.
    roots = error.get("root_cause") or [error]
    return roots[0] if isinstance(roots[0], dict) and roots[0].get("type") else error


def _said(error: TransportError) -> str:
    """Return what went wrong without the pool's account of which object it went wrong in."""
    said = _short(error.message)
    return said.partition("): ")[2] or said


def _short(text: object) -> str:
    """Return the first line of a message: reasons can hold whole documents."""
    return str(text).strip().partition("\n")[0][:300]
