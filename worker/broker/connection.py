"""How Feedmill connects to Redis, itself and through Celery, and what the errors of both mean."""

from __future__ import annotations

import socket
import ssl
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import redis
from kombu.exceptions import OperationalError
from redis import exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry

from worker.errors import BrokerError, BrokerUnavailableError
from worker.urls import without_credentials

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOCKET_TIMEOUT_S = 5.0
"""Bound on one answer. Ours take a millisecond and a consumer's longest wait one second (kombu's BRPOP)."""
CONNECT_TIMEOUT_S = 5.0
"""A lost first packet is sent again after one second and after three (RFC 6298): two losses are survived."""
HEALTH_CHECK_S = 10
"""A connection that was idle this long is tried before it is used. A consumer on a dead one recovers within
1 s + twice this (kombu's redis transport), so well within a minute."""
_KEEPALIVE_S = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
"""A dead peer is noticed after 45 s; the kernel's own default starts after two hours. redis-py's defaults,
which kombu switches off unless it is given some."""

_REFUSED = (
    exceptions.AuthenticationError,
    exceptions.AuthorizationError,
    exceptions.AuthenticationWrongNumberOfArgsError,
)
_PASSING = {
    exceptions.TimeoutError: "did not answer in time",
    exceptions.BusyLoadingError: "is starting",
    exceptions.OutOfMemoryError: "is full (maxmemory)",
    exceptions.ReadOnlyError: "is a replica",
    exceptions.MasterDownError: "has lost its master",
    exceptions.ClusterDownError: "is part of a cluster that is down",
    exceptions.TryAgainError: "is being rebalanced",
    exceptions.NoScriptError: "was flushed",
}
"""What passes by itself, or by an operator's work on the server."""
_PASSING_WORDS = {
    "MISCONF": "can't save to its disk",
    "NOREPLICAS": "has too few replicas",
    "BUSY": "runs a script",
}
"""The same by the first word of the answer, where redis-py has no class for it."""


def open_redis(url: str, ca_file: Path | None = None) -> redis.Redis:
    """Return a client of the server at `url` that any thread may use. Nothing is sent yet.

    It never tries twice: a gate that can't be asked defers, a tick comes again, and whoever calls
    knows what a second try would mean.

    Args:
        url: `redis://` or `rediss://`, with user and password in it where the server wants them.
        ca_file: certificates (PEM) to trust besides the system's; only for `rediss://`.

    Raises:
        BrokerError: the URL is none, or the file is not there.
    """
    place = without_credentials(url)
    if ca_file and not ca_file.is_file():
        raise BrokerError(f"{ca_file}: no such file of certificates")
    # What the parsers say of such a URL is not told: it quotes parts of the password.
    with suppress(ValueError):
        if urlsplit(url).netloc.rpartition("@")[2] == urlsplit(place).netloc:
            return _client(url, ca_file)
    raise BrokerError(
        f"{place}: is not the URL of a Redis: redis://USER:PASSWORD@HOST:PORT/DB, with #, / and ? in a "
        "password written as %23, %2F and %3F"
    )


def _client(url: str, ca_file: Path | None) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=SOCKET_TIMEOUT_S,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_keepalive=True,
        health_check_interval=HEALTH_CHECK_S,
        retry=Retry(NoBackoff(), 0),
        # Not tried again either, but the connection is dropped: the next one may find the new master.
        retry_on_error=[exceptions.ReadOnlyError],
        **(ssl_options(ca_file) if url.startswith("rediss://") else {}),
    )


def place_of(client: redis.Redis) -> str:
    """Return where a client connects to, as it may be shown."""
    pool = client.connection_pool
    scheme = "rediss" if issubclass(pool.connection_class, redis.SSLConnection) else "redis"
    at = pool.connection_kwargs
    return f"{scheme}://{at.get('host', 'localhost')}:{at.get('port', 6379)}/{at.get('db', 0)}"


def ssl_options(ca_file: Path | None) -> dict[str, Any]:
    """Return what `rediss://` needs, for redis-py and as Celery's `broker_use_ssl`.

    Celery must be given it: kombu takes `rediss://` without any for CERT_NONE, which verifies nothing.
    """
    trusted = {"ssl_ca_certs": str(ca_file)} if ca_file else {}
    return {"ssl_cert_reqs": "required", "ssl_check_hostname": True, **trusted}


def transport_options() -> dict[str, Any]:
    """Return Celery's `broker_transport_options` for Redis (names as in kombu.transport.redis)."""
    return {
        "socket_timeout": SOCKET_TIMEOUT_S,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_keepalive": True,
        "socket_keepalive_options": _keepalive_options(),
        "health_check_interval": HEALTH_CHECK_S,
        # A publish whose answer is late may have been done: sent again, it would be two hints for one claim.
        "retry_on_timeout": False,
        # One try at a connection: by default a publish to a server that is away sleeps six seconds first.
        "max_retries": 0,
        # We use no priorities; by default every consumer waits on four lists per queue.
        "priority_steps": [0],
    }


def _keepalive_options() -> dict[int, int]:
    """Return the options that this platform has."""
    return {getattr(socket, name): value for name, value in _KEEPALIVE_S.items() if hasattr(socket, name)}


@contextmanager
def broker_errors(place: str) -> Iterator[None]:
    """Turn what redis-py raises about the server at `place` into leaves of the error tree."""
    try:
        yield
    except redis.RedisError as error:
        raise fault_of(place, error) from error


@contextmanager
def publish_errors(place: str) -> Iterator[None]:
    """Turn everything that Celery raises for a message that could not be sent into one leaf.

    Also what won't pass by itself, such as a password that was changed: what was to be sent comes
    due again, and a later try is all that there is to do.
    """
    try:
        yield
    except (OperationalError, redis.RedisError, OSError) as error:
        # kombu's error holds only the text of the one that caused it.
        known = next((e for e in (error, error.__cause__) if isinstance(e, redis.RedisError)), None)
        said = str(fault_of(place, known)) if known else f"{place}: cannot be reached: {_short(error)}"
        raise BrokerUnavailableError(said) from error


def fault_of(place: str, error: redis.RedisError) -> BrokerError:
    """Return the leaf for an error of redis-py: unavailable where it passes by itself."""
    said = _short(error)
    if isinstance(error, _REFUSED):
        return BrokerError(f"{place}: refused our credentials: {said}")
    if isinstance(error, exceptions.NoPermissionError):
        return BrokerError(f"{place}: our user lacks a permission: {said}")
    if means := _passing(error, said):
        return BrokerUnavailableError(f"{place}: {means}: {said}")
    if isinstance(error, exceptions.ConnectionError):
        return _lost(place, error)
    return BrokerError(f"{place}: {said}")


def _passing(error: redis.RedisError, said: str) -> str | None:
    for kind, means in _PASSING.items():
        if isinstance(error, kind):
            return means
    return _PASSING_WORDS.get(said.partition(" ")[0])


def _lost(place: str, error: redis.ConnectionError) -> BrokerError:
    cause = error.__context__
    # A server that goes away while hands are shaken ends the stream, and comes back.
    if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
        return BrokerError(f"{place}: the TLS connection failed: {_short(cause)}")
    return BrokerUnavailableError(f"{place}: cannot be reached: {_short(error)}")


def _short(error: BaseException) -> str:
    """Return the first line of what an error says, without a pipeline's account of the whole command."""
    line = str(error).strip().partition("\n")[0]
    return line.rpartition("of pipeline caused error: ")[2][:300]
