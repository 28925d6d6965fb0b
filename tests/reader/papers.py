"""Feeds as servers really give them, each on a simulated clock, each writing down who came."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime

from tests.fakes import START, ManualClock
from tests.newsroom import Item, rss
from tests.reader.scorekeeper import DAY_S, Log, Visit
from tests.site import Reply, Request, Site

Answer = Callable[[Request, float], Reply]


@dataclass
class Papers:
    """The feeds of some hosts, and every visit to them."""

    site: Site
    clock: ManualClock
    visits: list[Visit] = field(default_factory=list)

    def serve(self, host: str, path: str, answer: Answer) -> str:
        """Answer for that feed and note the visit; return the feed's URL."""

        def noted(request: Request) -> Reply:
            reply = answer(request, self.clock.seconds)
            self.visits.append(Visit(self.clock.seconds, request, reply))
            return reply

        self.site.serve(path, noted, host)
        return self.site.url(path, host)

    def log(self, host: str, path: str) -> Log:
        on_host = [visit for visit in self.visits if visit.request.host == host]
        return Log(path, [visit for visit in on_host if visit.request.path.startswith(path)], on_host)


def publishing(every_s: float, **headers: str) -> Answer:
    """A feed that publishes on time and says ETag and Last-Modified; 304 where either is as given."""

    def answer(request: Request, now_s: float) -> Reply:
        latest = int(now_s // every_s)
        made = rss(
            Item(f"http://pages.example/{every_s:.0f}-{n}", f"Story {n}", updated=START + timedelta(seconds=n * every_s))
            for n in range(latest, latest - 20, -1)
        )  # fmt: skip
        etag = headers.get("ETag", f'W/"{hashlib.sha256(made.body).hexdigest()[:8]}:{latest};"')
        changed = format_datetime(START + timedelta(seconds=latest * every_s), usegmt=True)
        said = {"ETag": etag, "Last-Modified": changed, **headers}
        asked = request.headers
        if asked.get("if-none-match") == etag and asked.get("if-modified-since") == said["Last-Modified"]:
            return Reply(status=304, headers=said, content_type=None)
        return replace(made, headers=said)

    return answer


def without(answer: Answer, *names: str) -> Answer:
    """The same without these headers."""

    def shorter(request: Request, now_s: float) -> Reply:
        reply = answer(request, now_s)
        return replace(reply, headers={k: v for k, v in reply.headers.items() if k not in names})

    return shorter


def ever_new_etag(answer: Answer) -> Answer:
    """The same body under an ETag that changes with every answer."""

    def renamed(request: Request, now_s: float) -> Reply:
        reply = answer(request, now_s)
        return replace(reply, headers={**reply.headers, "ETag": f'"{now_s:.0f}"'})

    return renamed


def throttling(answer: Answer, status: int, wait_s: float, *, as_date: bool) -> Answer:
    """The same, but for the second hour of each day, when all it says is to come back later."""

    def refusing(request: Request, now_s: float) -> Reply:
        if not DAY_S / 24 <= now_s % DAY_S < DAY_S / 12:
            return answer(request, now_s)
        until = format_datetime(START + timedelta(seconds=now_s + wait_s), usegmt=True)
        told = {
            "Retry-After": until if as_date else f"{wait_s:.0f}",
            "Retry-After-S": f"{wait_s - as_date:.0f}",
        }
        return Reply(status=status, headers=told)

    return refusing
