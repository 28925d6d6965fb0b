"""The fetch client: all HTTP policy, for feeds and pages alike.

Per hop: judge the URL ─► ask for permission (robots.txt) ─► take a seat of the site ─► resolve once ─►
judge every address ─► ask the gate ─► connect to an address ─► arm the watchdog ─► TLS ─► GET ─► judge
status and headers ─► read up to the cap.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from worker.clock import milliseconds
from worker.errors import FetchTimeoutError, HttpRetryableError, RedirectError
from worker.fetch.answer import (
    ACCEPT_ENCODING,
    NOT_MODIFIED,
    REDIRECTS,
    check_coding,
    check_type,
    find_retry_after,
    find_status_error,
    redirect_target,
    sendable_validators,
)
from worker.fetch.connection import dial, peer_of, read_body, requested, secure, shared_tls_context
from worker.fetch.failures import fetch_errors
from worker.fetch.guard import Target, check_peer, choose_addresses, parse_target
from worker.fetch.policy import FEED, PAGE, PATIENCE_S, FetchKind, FetchPolicy
from worker.fetch.resolver import BoundedResolver, Resolver, system_resolver
from worker.fetch.seats import Seats
from worker.fetch.watchdog import Watchdog
from worker.models import Hop, Page
from worker.urls import site_of_host

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from urllib3.response import HTTPResponse

    from worker.clock import Clock
    from worker.fetch.addresses import Address
    from worker.fetch.gate import HostGate

__all__ = ["FEED", "PAGE", "FetchKind", "FetchPolicy", "Fetcher"]

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def anything(_url: str) -> None:
    """Permit every URL: nobody's wishes but the guard's and the gate's count."""


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Order:
    """What stays the same on every hop of one fetch. `deadline` is monotonic."""

    kind: FetchKind
    validators: Mapping[str, str]
    deadline: float


class Fetcher:
    """Fetches feeds and pages; safe to use from many threads at once. Close it when done."""

    def __init__(
        self,
        policy: FetchPolicy,
        gate: HostGate,
        clock: Clock,
        resolver: Resolver = system_resolver,
        *,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._gate = gate
        self._clock = clock
        self._resolver = BoundedResolver(resolver)
        self._seats = Seats(policy.per_site)
        self._tls = tls or shared_tls_context()
        self._watchdog = Watchdog(clock)

    def fetch(
        self,
        url: str,
        kind: FetchKind,
        headers: Mapping[str, str] = _NO_HEADERS,
        *,
        permit: Callable[[str], None] = anything,
    ) -> Page:
        """Return what `url` answers with: a 2xx with its body, or a 304 with none.

        `headers` are If-None-Match and If-Modified-Since; others are not sent. They go with every
        hop: a stored validator came from the response at the *end* of the redirects, so that asking
        only the first URL conditionally would fetch a redirected feed in full at every poll.

        `permit` is asked about the URL of each hop before anything is sent there, and raises where it
        may not be fetched.

        Raises:
            FetchError: one of its leaves, with the URL of the hop that failed.
            HostBusyError: the gate asks for a longer wait than a thread may sleep, or the site has as
                many threads as it may have.
        """
        started = self._clock.monotonic()
        order = _Order(kind, sendable_validators(headers), started + self._policy.timeout_s)
        target = parse_target(url, self._policy)
        hops: list[Hop] = []
        patience_s, waited_s = PATIENCE_S, 0.0
        while True:
            permit(target.url)
            reply, wait_s = self._hop(target, order, patience_s)
            waited_s += wait_s
            if reply.status not in REDIRECTS:
                break
            hops.append(Hop(status=reply.status, url=target.url))
            target = self._next_target(target, reply, hops, kind.max_hops)
            # One more delay for hops: deferring would waste the request just made and start over,
            # and a site that redirects all its links would never get past the first hop.
            patience_s = PATIENCE_S + self._policy.host_delay_s
        total_ms = milliseconds(started, self._clock.monotonic())
        wait_ms = round(waited_s * 1000)
        return Page(
            url=url,
            final_url=target.url,
            status=reply.status,
            headers=reply.headers,
            body=reply.body,
            fetched_at=self._clock.now(),
            redirects=tuple(hops),
            wait_ms=wait_ms,
            fetch_ms=max(0, total_ms - wait_ms),
        )

    def close(self) -> None:
        """Stop the watchdog's thread. Fetches still under way lose their deadline."""
        self._watchdog.close()

    def _hop(self, target: Target, order: _Order, patience_s: float) -> tuple[_Reply, float]:
        """Make one request; return its reply, and the seconds for which the gate had it wait."""
        with self._seats.taken(site_of_host(target.host)):
            addresses = self._resolve(target, order.deadline)
            wait_s = self._wait_for_slot(target, min(patience_s, self._left(target, order.deadline)))
            return self._exchange(target, addresses, order), wait_s

    def _resolve(self, target: Target, deadline: float) -> tuple[Address, ...]:
        if target.address is not None:
            return choose_addresses(target, (target.address,), self._policy)
        timeout_s = min(self._policy.connect_timeout_s, self._left(target, deadline))
        return choose_addresses(
            target, self._resolver.resolve(target.host, target.url, timeout_s), self._policy
        )

    def _wait_for_slot(self, target: Target, patience_s: float) -> float:
        wait_s = self._gate.ask(site_of_host(target.host), self._policy.host_delay_s, patience_s)
        if wait_s > 0:
            self._clock.sleep(wait_s)
        return wait_s

    def _next_target(self, target: Target, reply: _Reply, hops: Sequence[Hop], max_hops: int) -> Target:
        if len(hops) > max_hops:
            raise RedirectError(target.url, f"more than {max_hops} redirects")
        following = parse_target(redirect_target(target.url, reply.headers), self._policy)
        if any(hop.url == following.url for hop in hops):
            raise RedirectError(following.url, "the redirects form a loop")
        return following

    def _exchange(self, target: Target, addresses: Sequence[Address], order: _Order) -> _Reply:
        headers = {
            "User-Agent": self._policy.user_agent,
            "Accept": order.kind.accept,
            "Accept-Encoding": ACCEPT_ENCODING,
            "Connection": "close",
            **order.validators,
        }
        # Twice the cap: framing doubles a body in chunks of a few bytes, and headers are up to 6.5 MB.
        max_wire_bytes = 2 * order.kind.max_bytes + 1_000_000
        with self._connected(target, addresses, order.deadline) as connection:
            left_s = self._left(target, order.deadline)
            with requested(connection, target, headers, left_s, max_wire_bytes) as response:
                return self._judge(target, response, order)

    @contextmanager
    def _connected(
        self, target: Target, addresses: Sequence[Address], deadline: float
    ) -> Iterator[socket.socket]:
        """Give a connection that is judged, guarded by the watchdog, and in TLS where the URL says so."""
        timeout_s = min(self._policy.connect_timeout_s, self._left(target, deadline))
        with ExitStack() as stack:
            plain = stack.enter_context(dial(target, addresses, timeout_s, self._clock))
            alarm = stack.enter_context(self._watchdog.guard(plain, deadline))
            stack.enter_context(fetch_errors(target.url, alarm))
            check_peer(target, peer_of(plain), self._policy)
            plain.settimeout(self._left(target, deadline))
            yield stack.enter_context(secure(plain, target, self._tls))

    def _judge(self, target: Target, response: HTTPResponse, order: _Order) -> _Reply:
        """Return the reply; its body is read only where status, type and coding are wanted."""
        headers = {name.lower(): value for name, value in response.headers.itermerged()}
        status = response.status
        if status in REDIRECTS or (status == NOT_MODIFIED and order.validators):
            return _Reply(status, headers, b"")
        retry_after_s = find_retry_after(headers.get("retry-after"), self._clock.now())
        if error := find_status_error(target.url, status, retry_after_s):
            if isinstance(error, HttpRetryableError) and error.retry_after_s and status in (429, 503):
                self._gate.stop(site_of_host(target.host), error.retry_after_s)
            raise error
        check_type(target.url, headers.get("content-type", ""), order.kind)
        check_coding(target.url, headers.get("content-encoding", ""))
        return _Reply(status, headers, read_body(response, target.url, order.kind))

    def _left(self, target: Target, deadline: float) -> float:
        """Return the seconds until the deadline, more than none.

        Raises:
            FetchTimeoutError: it has passed.
        """
        left_s = deadline - self._clock.monotonic()
        if left_s <= 0:
            raise FetchTimeoutError(target.url, "the deadline passed")
        return left_s
