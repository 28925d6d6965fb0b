"""What a feed's answers mean for the feed itself: gone, moved, throttled, or lied to by its validators. Pure.

Each of these takes more than one answer: a server that is being repaired answers anything.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from worker.errors import GoneError, HttpStatusError
from worker.feeds.overlap import has_overlap
from worker.feeds.rhythm import usual_gap_s
from worker.models import FeedState

if TYPE_CHECKING:
    from datetime import datetime

    from worker.errors import WorkError
    from worker.models import Feed, FeedPage, ParsedFeed

GONE_AFTER = 3
"""Answers 410 in a row that end a feed, until it is resumed."""
GONE_WAIT_S = 12 * 3600.0
"""Seconds between them at least, so that the three take a day."""

MOVED_AFTER = 5
MOVED_WITHIN = timedelta(days=3)
"""Permanent redirects to one place, and over how long at least, before the stored URL follows them.
NewsBlur waits for 10; readers that follow at once have been moved to a maintenance page (Vienna #1546)."""
_PERMANENT = frozenset({301, 308})

HEAL_GAPS = 5
HEAL_LEAST_S = 7 * 86_400.0
"""A feed that gave no body for five times its usual gap is asked for all of it, at most once a week: some
servers answer 304 for ever (FreshRSS #1020, a Last-Modified in 2041)."""
_UNKNOWN_GAP_S = 7 * 86_400.0
"""Taken for the usual gap of a feed that never showed one."""

THROTTLED = "throttled"
THROTTLED_WAIT_S = 600.0
"""Least wait after a throttle that names none, of the feed and of its site; FreshRSS waits as long."""
FORBIDDEN_THROTTLES = 3
"""Failures in a row up to which a 403 counts as a throttle, where the feed was served before (as Reddit
does): then it is the feed that is closed. Platforms are one site to us where the public suffix list does not
part them (substack.com, wordpress.com, youtube.com): a blog there that turns private holds up all the others
for three times ten minutes, spread over hours by its own backoff, and never again. A real throttle meets
every feed of its site, and each of them stops it anew."""
LONGEST_RETRY_AFTER_S = 86_400.0
"""Seconds of a Retry-After that are kept: more is taken for a mistake."""
_TOO_MANY, _FORBIDDEN = 429, 403


def outcome_of(feed: Feed, error: WorkError) -> str:
    """Return the word for a failed poll: the error's reason, or that the server only wants fewer of them."""
    return THROTTLED if _is_throttle(feed, error) else error.reason


def least_wait_s(feed: Feed, error: WorkError) -> float:
    """Return the seconds that the next try has to wait, whatever the backoff says."""
    asked_s = error.retry_after_s if isinstance(error, HttpStatusError) else None
    waits_s = [min(asked_s or 0.0, LONGEST_RETRY_AFTER_S)]
    if isinstance(error, GoneError):
        waits_s.append(GONE_WAIT_S)
    if _is_throttle(feed, error):
        waits_s.append(THROTTLED_WAIT_S)
    return max(waits_s)


def site_stop_s(feed: Feed, error: WorkError) -> float:
    """Return the seconds for which a failed poll puts off the feed's whole site, 0 for not at all.

    A Retry-After counts with a 403 as it does with a 429; that of a 429 the client has told the gate already.
    """
    if not isinstance(error, HttpStatusError) or not _is_throttle(feed, error):
        return 0.0
    asked_s = min(error.retry_after_s or 0.0, LONGEST_RETRY_AFTER_S)
    is_told = error.status == _TOO_MANY and asked_s > 0
    return 0.0 if is_told else max(asked_s, THROTTLED_WAIT_S)


def gone_changes(feed: Feed, error: WorkError) -> dict[str, Any]:
    """Return what the failure says of the feed's end. Only an answer other than 410 denies one."""
    if not isinstance(error, GoneError):
        answered = isinstance(error, HttpStatusError)
        return {"gone_count": 0} if answered else {}
    count = feed.gone_count + 1
    if count < GONE_AFTER:
        return {"gone_count": count}
    # Counted anew after it was revived.
    return {"gone_count": 0, "state": FeedState.GONE}


def redirect_changes(feed: Feed, page: FeedPage, now: datetime, parsed: ParsedFeed | None) -> dict[str, Any]:
    """Return what the redirects of a successful poll change.

    `parsed` is None where the body is known already, or there is none: then it is the feed. A redirect to
    a listing that has nothing of the feed is noted and proves nothing.
    """
    if not page.redirects:
        return {"redirect_url": None, "redirect_count": 0, "redirect_since": None}
    is_permanent = all(hop.status in _PERMANENT for hop in page.redirects)
    if not is_permanent or (parsed and not is_same_feed(feed, parsed)):
        return {"redirect_url": page.final_url, "redirect_count": 0, "redirect_since": None}
    goes_on = feed.redirect_url == page.final_url and feed.redirect_since is not None
    return {
        "redirect_url": page.final_url,
        "redirect_count": feed.redirect_count + 1 if goes_on else 1,
        "redirect_since": feed.redirect_since if goes_on else now,
    }


def has_moved(feed: Feed, now: datetime) -> bool:
    """Return whether the feed, as it is after a poll that brought its body, has moved for good."""
    return (
        feed.redirect_count >= MOVED_AFTER
        and feed.redirect_since is not None
        and now - feed.redirect_since >= MOVED_WITHIN
    )


def is_same_feed(feed: Feed, parsed: ParsedFeed) -> bool:
    """Return whether the listing goes on from the feed's last one, or names the same site or title."""
    if feed.rhythm is None or has_overlap(feed.rhythm, parsed.entries):
        return True
    pairs = ((feed.title, parsed.title), (feed.site_url, parsed.site_url))
    return any(known and known == said for known, said in pairs)


def should_ask_in_full(feed: Feed, now: datetime) -> bool:
    """Return whether to leave out the validators once."""
    if feed.last_full_at is None:
        return feed.last_polled_at is None
    gap_s = (feed.rhythm and usual_gap_s(feed.rhythm)) or _UNKNOWN_GAP_S
    since_s = (now - feed.last_full_at).total_seconds()
    return since_s >= max(HEAL_LEAST_S, HEAL_GAPS * gap_s)


def _is_throttle(feed: Feed, error: WorkError) -> bool:
    if not isinstance(error, HttpStatusError):
        return False
    was_served = feed.last_success_at is not None and feed.consecutive_failures < FORBIDDEN_THROTTLES
    return error.status == _TOO_MANY or (error.status == _FORBIDDEN and was_served)
