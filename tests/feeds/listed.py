"""What the feed tests share: one poll at a fixed time, and a listing as plain JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from worker.feeds.parse import parse_feed
from worker.models import ParsedFeed

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
FEED_ID = "0123456789abcdef"
URL = "https://feeds.example/dir/feed"
FEEDS = Path(__file__).parents[1] / "data" / "feeds"


def parsed(body: bytes | str, *, url: str = URL, now: datetime = NOW, **headers: str) -> ParsedFeed:
    raw = body.encode() if isinstance(body, str) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return parse_feed(raw, feed_id=FEED_ID, url=url, headers=named, now=now)


def rss(items: str, *, channel: str = "<title>T</title><link>https://site.example/</link>") -> ParsedFeed:
    """Parse an RSS 2.0 feed around the given items."""
    namespaces = (
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"'
        ' xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
    )
    return parsed(f'<rss version="2.0" {namespaces}><channel>{channel}{items}</channel></rss>')


def as_json(feed: ParsedFeed) -> dict:
    """Return the listing as JSON values, without the fields that are empty."""
    whole = json.loads(json.dumps(asdict(feed), default=lambda at: at.isoformat()))
    return {
        **{name: value for name, value in whole.items() if value not in (None, [], "")},
        "entries": [
            {k: v for k, v in entry.items() if v not in (None, [], "")} for entry in whole["entries"]
        ],
    }
