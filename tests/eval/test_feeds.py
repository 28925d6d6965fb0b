"""Real and odd feeds, measured beside feedparser alone; the floors are in floors.json."""

from __future__ import annotations

import gzip
import io
import json
import os
import time
import warnings
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest

from worker.errors import ParseError
from worker.feeds.parse import parse_feed

DATA = Path(os.environ.get("FEEDMILL_EVAL_DATA") or Path(__file__).parents[3] / "shared" / "data") / "feeds"
FLOORS = json.loads((Path(__file__).parent / "floors.json").read_text())["feeds"]
NOW = datetime(2026, 11, 1, tzinfo=UTC)  # after the newest of the feeds
DATES = ("published", "updated", "created")

pytestmark = [
    pytest.mark.eval,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no labelled feeds at {DATA} (set FEEDMILL_EVAL_DATA)"),
]


def bodies(folder: str) -> dict[str, bytes]:
    files = sorted((DATA / folder).iterdir())
    return {
        path.name: gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for path in files
    }


def alone(body: bytes):
    """Return what feedparser alone makes of it, under the same options."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return feedparser.parse(
            io.BytesIO(body),
            response_headers={"content-type": "application/xml"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )


@pytest.mark.parametrize("folder", ["real", "odd"])
def test_feeds(folder):
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for name, body in bodies(folder).items():
        bare = alone(body)
        counts["feeds"] += 1
        start = time.process_time()
        try:
            feed = parse_feed(body, feed_id="0" * 16, url="https://feeds.example/feed", headers={}, now=NOW)
        except ParseError as error:
            counts["no feed"] += 1
            if bare.entries or bare.version:
                wrong.append(f"{name}: {error.detail}")
            continue
        finally:
            counts["ms"] += round(1000 * (time.process_time() - start))
        if feed.listed != len(bare.entries):
            wrong.append(f"{name}: {feed.listed} entries, feedparser alone {len(bare.entries)}")
        counts["entries"] += feed.listed
        counts["collapsed"] += len(feed.collapsed)
        counts["with an id"] += sum(len(entry.entry_id) == 32 for entry in feed.entries) + len(feed.collapsed)
        counts["stating a link"] += sum(bool(entry.get("link")) for entry in bare.entries)
        counts["linked"] += sum(bool(entry.url) for entry in (*feed.entries, *feed.collapsed))
        counts["stating a date"] += sum(any(dict(entry).get(at) for at in DATES) for entry in bare.entries)
        counts["dated"] += sum(bool(entry.published_at) for entry in feed.entries) + len(feed.collapsed)
    print(f"\nfeeds/{folder}: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    assert wrong == []
    assert counts["feeds"] >= FLOORS[folder]["feeds"]
    for got, of in (("with an id", "entries"), ("linked", "stating a link"), ("dated", "stating a date")):
        assert counts[got] / counts[of] >= FLOORS[folder][got], got
