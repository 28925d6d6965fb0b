"""A strict scorekeeper of feed readers: from what a server saw, the marks that each habit costs.

The rules are those that publishers ask of readers in public; only the healing poll is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.site import Reply, Request

ALLOWED_S = 300.0
"""Nobody may come more often than every five minutes."""
DAY_S, WEEK_S = 86_400.0, 7 * 86_400.0
SENT = {"host", "user-agent", "accept", "accept-encoding", "connection", "if-none-match", "if-modified-since"}
"""Everything that a poll has to send. No cookie, no referer, nothing of the reader's own."""
VALIDATORS = {"if-none-match": "ETag", "if-modified-since": "Last-Modified"}


@dataclass(frozen=True)
class Visit:
    """One request for a feed, `at_s` seconds into the simulated week, and what was answered."""

    at_s: float
    request: Request
    reply: Reply


@dataclass(frozen=True)
class Log:
    """The visits of one reader to one feed, in order. `host` has its visits to all feeds of the host."""

    path: str
    visits: Sequence[Visit]
    host: Sequence[Visit] = ()


def given(visits: Sequence[Visit]) -> dict[str, str]:
    """Return what the next visit has to send back after these: the last answer's, byte for byte."""
    held: dict[str, str] = {}
    for visit in visits:
        said = {
            name: visit.reply.headers[header]
            for name, header in VALIDATORS.items()
            if header in visit.reply.headers
        }
        if visit.reply.status == 304:
            held |= said
        elif visit.reply.status == 200:
            held = said
    return held


def sent(visit: Visit) -> dict[str, str]:
    return {name: visit.request.headers[name] for name in VALIDATORS if name in visit.request.headers}


def first_unconditional(log: Log) -> Iterator[str]:
    if log.visits and sent(log.visits[0]):
        yield "validators nobody gave"


def then_conditional(log: Log) -> Iterator[str]:
    """One unconditional visit a week may heal a server whose validators are broken."""
    healed_s = -WEEK_S
    for n, visit in enumerate(log.visits[1:], start=1):
        due = given(log.visits[:n])
        if due and not sent(visit) and visit.at_s - healed_s >= WEEK_S:
            healed_s = visit.at_s
        elif sent(visit) != due:
            yield f"{visit.at_s:.0f} s: {sent(visit)} instead of {due}"


def not_too_often(log: Log) -> Iterator[str]:
    for one, other in pairwise(log.visits):
        allowed_s = max(ALLOWED_S, min(DAY_S, max_age_s(one.reply)))
        if other.at_s - one.at_s < allowed_s:
            yield f"{one.at_s:.0f} s and {other.at_s:.0f} s, {allowed_s:.0f} s are asked for"


def waits_as_told(log: Log) -> Iterator[str]:
    """A host that says Retry-After is left alone, whichever of its feeds said so."""
    for one, other in pairwise(log.host or log.visits):
        wait_s = float(one.reply.headers.get("Retry-After-S", 0))
        if other.at_s - one.at_s < wait_s:
            yield f"{one.at_s:.0f} s and {other.at_s:.0f} s, told to wait {wait_s:.0f} s"


def sends_no_more_than_needed(log: Log) -> Iterator[str]:
    for visit in log.visits:
        if more := set(visit.request.headers) - SENT:
            yield f"{visit.at_s:.0f} s: {sorted(more)}"


def asks_for_the_feed_alone(log: Log) -> Iterator[str]:
    for visit in log.visits:
        if (visit.request.method, visit.request.path) != ("GET", log.path):
            yield f"{visit.request.method} {visit.request.path}"


def says_who_it_is(log: Log) -> Iterator[str]:
    names = {visit.request.headers.get("user-agent", "") for visit in log.visits}
    if len(names) > 1 or not all("(+http" in name for name in names):
        yield f"{names}"


def takes_it_compressed(log: Log) -> Iterator[str]:
    if not all("gzip" in visit.request.headers.get("accept-encoding", "") for visit in log.visits):
        yield "no gzip"


RULES: tuple[Callable[[Log], Iterator[str]], ...] = (
    first_unconditional,
    then_conditional,
    not_too_often,
    waits_as_told,
    sends_no_more_than_needed,
    asks_for_the_feed_alone,
    says_who_it_is,
    takes_it_compressed,
)


def lost_marks(log: Log) -> dict[str, list[str]]:
    """Return what the reader did wrong, by rule; full marks are an empty answer."""
    found = {rule.__name__: list(rule(log)) for rule in RULES}
    return {name: wrong for name, wrong in found.items() if wrong}


def max_age_s(reply: Reply) -> float:
    """Return the seconds for which the answer said it stays fresh, 0 where it said nothing."""
    _, _, age = reply.headers.get("Cache-Control", "").partition("max-age=")
    return float(age or 0)
