"""What robots.txt says (RFC 9309): may we fetch this URL, and how far apart? Pure.

What is kept of an origin is a `Robots` record; each answer or failure makes the next one from it, and
the rules in force follow from it. Patterns are matched by protego.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from protego import Protego

from worker.fetch.policy import ROBOTS
from worker.models import Robots

if TYPE_CHECKING:
    from datetime import datetime

FRESH_FOR = timedelta(hours=24)
"""How long an answer is used before the site is asked again (2.4)."""
ASK_AGAIN_AFTER = timedelta(minutes=10)
"""How long a site whose robots.txt failed is left alone: some five tries of an entry fall into the hours that
follow, so that an outage of an hour costs no entry."""
ALLOWED_AFTER = timedelta(days=30)
"""A robots.txt that has failed for this long without ever being read counts as absent (2.3.1.4)."""
LONGEST_CRAWL_DELAY_S = 30.0
"""The most that a Crawl-delay gets. It is in no standard; what is longer (a day, in the wild) would be a ban
on news, and who wants that says Disallow."""

_TOKEN = re.compile(r"[A-Za-z_-]+")  # product tokens: 2.2.1
_IN_COMMENT = re.compile(r"\(compatible;\s*([A-Za-z_-]+)")
# As protego reads such a line: the colon may be missing, and the words may be apart.
_AGENT_LINE = re.compile(r"\s*(?:user-agent|useragent|user\s+agent)(?:\s*:|\s+|$)(.*)", re.IGNORECASE)
_OURS, _ALL, _OTHERS = "us", "*", "0"


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for us on one origin. `parsed` None: all is allowed, or nothing (`unknown`)."""

    parsed: Protego | None = None
    crawl_delay_s: float = 0.0
    unknown: bool = False

    def allow(self, url: str) -> bool:
        """Return whether the rules that are known let us fetch the URL."""
        return self.parsed is None or self.parsed.can_fetch(url, _OURS)


def product_token(user_agent: str) -> str:
    """Return the name by which robots.txt may address us, in lower case; '' where the header has none.

    That is how the header begins, or the first name in the comment of one that begins like a browser's:
    `Mozilla/5.0 (compatible; Feedmill/1.0; …)`.
    """
    found = _IN_COMMENT.search(user_agent)
    if found and user_agent.startswith("Mozilla/"):
        return found[1].lower()
    token = _TOKEN.match(user_agent)
    return token[0].lower() if token else ""


def origin_of(url: str) -> str:
    """Return scheme and authority of a URL: what has one robots.txt (2.3)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def text_of(body: bytes) -> str:
    """Return a robots.txt as text. Of one that was cut at the cap, the last line is no rule any more."""
    whole = body if len(body) < ROBOTS.max_bytes else body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]
    return whole.decode("utf-8-sig", "replace").replace("\0", "")


def answered(origin: str, text: str, now: datetime) -> Robots:
    """Return what is known after an answer; `text` is '' where the origin has no robots.txt (2.3.1.3)."""
    return Robots(host=origin, asked_at=now, text=text, read_at=now)


def failed(known: Robots | None, origin: str, now: datetime) -> Robots:
    """Return what is known after a server error: what was read before goes on to hold (2.4)."""
    if known is None:
        return Robots(host=origin, asked_at=now, failing_since=now)
    return replace(known, asked_at=now, failing_since=known.failing_since or now)


def is_fresh(known: Robots, now: datetime) -> bool:
    """Return whether the site need not be asked again."""
    # Absolute: a clock that was a year ahead must not make an answer last a year.
    return abs(now - known.asked_at) < (ASK_AGAIN_AFTER if known.failing_since else FRESH_FOR)


def rules_of(known: Robots, token: str, now: datetime) -> Rules:
    """Return the rules in force for us, who are called `token`."""
    if known.text is None:
        is_over = known.failing_since is None or now - known.failing_since >= ALLOWED_AFTER
        return Rules(unknown=not is_over)
    parsed = Protego.parse(_addressed(known.text, token))
    delay_s = parsed.crawl_delay(_OURS) or 0.0
    return Rules(parsed, min(delay_s, LONGEST_CRAWL_DELAY_S))


def _addressed(text: str, token: str) -> str:
    """Return the text with every group addressed to us, to all, or to others.

    The standard wants whole product tokens compared (2.2.1), where protego takes any beginning of a word
    of ours: `feed` for `feedmill`. And protego keeps every rule for each agent of a group: 2,000 agents
    above 3,300 rules, 65 KB in all, took it 7 s and 480 MB.
    """
    return "\n".join(_readdressed(line, token) for line in text.splitlines())


def _readdressed(line: str, token: str) -> str:
    found = _AGENT_LINE.match(line)
    if not found:
        return line
    name = found[1].partition("#")[0].strip()
    said = _TOKEN.match(name)
    if said and said[0].lower() == token:
        return f"User-agent: {_OURS}"
    return f"User-agent: {_ALL if name == _ALL else _OTHERS}"
