"""Adding, finding and removing feeds, as the operator asks for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from worker import urls
from worker.enrich.countries.names import code_of, names_by_code
from worker.errors import OperationError, UsageError
from worker.feeds.health import redirect_changes
from worker.feeds.learned import answered, hash_of, kept_of_body, scheduled, taught
from worker.models import Feed, FeedState
from worker.ops.bounds import bounds_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from worker.clock import Clock
    from worker.feeds.opml import ListedFeed
    from worker.models import FeedPage, ParsedFeed
    from worker.settings import Settings
    from worker.store.base import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did: ids of the feeds added, and how many were there already."""

    added: tuple[str, ...]
    known: int


def parse_feed_url(text: str) -> str:
    """Return the feed URL that an operator typed; a bare host name is taken as https.

    Raises:
        UsageError: it is none.
    """
    typed = text.strip()
    url = urls.find_link(typed if "://" in typed else f"https://{typed}")
    if url is None or ("://" not in typed and "." not in urls.host_of(url)):
        raise UsageError(f"not a web address: {text!r}")
    return url


def parse_country(text: str) -> str:
    """Return the ISO 3166-1 code of the country that an operator typed, by code or by name.

    Raises:
        UsageError: there is none.
    """
    known, code = names_by_code(), text.strip().upper()
    found = code if code in known else code_of(text)
    if found is None:
        raise UsageError(f"no such country: {text!r} (an ISO 3166-1 code such as DE, or a name)")
    return found


def new_feed(
    url: str,
    now: datetime,
    interval_s: int,
    *,
    title: str | None = None,
    tags: Iterable[str] = (),
    country: str | None = None,
    ignore_robots: bool = False,
) -> Feed:
    """Return a feed that is due at once."""
    return Feed(
        feed_id=urls.feed_id_of(url),
        url=url,
        title=title,
        domain=urls.site_of(url),
        tags=tuple(dict.fromkeys(tags)),
        country=country,
        added_at=now,
        next_poll_at=now,
        interval_s=interval_s,
        ignore_robots=ignore_robots,
    )


def take_first_listing(
    store: Store, feed: Feed, page: FeedPage, parsed: ParsedFeed, settings: Settings, clock: Clock
) -> int:
    """Admit what was seen when the feed was looked at before adding it; return how many entries are new.

    A second request right after the look would tell nothing, and servers that keep a score of their
    readers count it: the look is the feed's first poll. Validators are saved last, as in any poll: a
    crash before costs a second fetch.
    """
    now, bounds = clock.now(), bounds_of(feed, settings)
    admission = store.entries.admit(feed.feed_id, parsed.entries, now)
    changes = {
        **answered(feed, page, "parsed", now),
        **redirect_changes(feed, page, now, parsed),
        **taught(feed, parsed, admission, now),
        **kept_of_body(parsed, hash_of(page.body)),
    }
    changes |= scheduled(feed, replace(feed, **changes), page.headers, bounds, now, clock.jitter())
    store.feeds.update(feed.feed_id, changes)
    return len(admission.new)


def import_feeds(
    store: Store, listed: Iterable[ListedFeed], now: datetime, interval_s: int, country: str | None = None
) -> Imported:
    """Add the listed feeds that are not known yet, their folders as tags, all of them of the country."""
    feeds = [
        new_feed(feed.url, now, interval_s, title=feed.title, tags=feed.tags, country=country)
        for feed in listed
    ]
    added = store.feeds.add(feeds)
    return Imported(added=tuple(added), known=len(feeds) - len(added))


def find_feed(store: Store, url_or_id: str) -> Feed:
    """Return the feed of that id or URL.

    Raises:
        OperationError: there is none.
    """
    feed = store.feeds.get(url_or_id) or store.feeds.find(url_or_id)
    if feed is None and "://" not in url_or_id:
        feed = store.feeds.find(f"https://{url_or_id}")
    if feed is None:
        raise OperationError(f"no such feed: {url_or_id} (`feedmill feeds list` shows them)")
    return feed


def remove_feed(store: Store, feed: Feed, now: datetime) -> int:
    """Remove a feed; return how many entries ended with it. Its articles stay."""
    store.feeds.remove(feed.feed_id)
    return store.entries.feed_removed(feed.feed_id, now)


def pause_feed(store: Store, feed: Feed) -> int:
    """Stop polling a feed; return how many waiting entries are held with it.

    Raises:
        OperationError: it is an import.
    """
    _require_polled(feed)
    store.feeds.update(feed.feed_id, {"state": FeedState.PAUSED})
    return store.entries.hold(feed.feed_id)


def resume_feed(store: Store, feed: Feed, now: datetime) -> int:
    """Poll a feed again, at once; return how many held entries go on.

    Raises:
        OperationError: it is an import.
    """
    _require_polled(feed)
    store.feeds.update(feed.feed_id, {"state": FeedState.ACTIVE, "next_poll_at": now})
    return store.entries.release(feed.feed_id, now)


def _require_polled(feed: Feed) -> None:
    if feed.state is FeedState.IMPORTED:
        raise OperationError(f"{feed.title or feed.url} is an import: nothing is polled for it")
