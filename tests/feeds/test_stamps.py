"""Times of an import or a rebuild, which say nothing about any one entry."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest

from tests.feeds.listed import NOW, parsed, rss
from worker.feeds.stamps import NOTE

IMPORT = NOW - timedelta(days=40, minutes=7)
MIDNIGHT = IMPORT.replace(hour=0, minute=0)


def hours_before(count: int):
    return [IMPORT - timedelta(hours=7 * n + 1) for n in range(count)]


def listing(times):
    return rss(
        "".join(
            f"<item><title>Story {n}</title><link>https://site.example/{n}</link>"
            f"<pubDate>{format_datetime(at)}</pubDate></item>"
            for n, at in enumerate(times)
        )
    )


@pytest.mark.parametrize(
    ("times", "dropped"),
    [
        pytest.param([IMPORT] * 3, 3, id="all of three"),
        pytest.param([IMPORT] * 3 + hours_before(3), 3, id="half of six"),
        pytest.param([IMPORT] * 3 + hours_before(4), 0, id="less than half"),
        pytest.param([IMPORT] * 2, 0, id="two come out together"),
        pytest.param([MIDNIGHT] * 3, 3, id="one midnight on all"),
        pytest.param([MIDNIGHT] * 6 + hours_before(1), 0, id="a day of much news"),
        pytest.param([NOW - timedelta(seconds=s) for s in (1, 2, 3)], 3, id="the time of the fetch"),
        pytest.param([NOW - timedelta(seconds=s) for s in (1, 2, 90)], 0, id="one before the fetch"),
        pytest.param([NOW + timedelta(hours=h) for h in (1, 2, 3)], 0, id="clamped to now, but stated apart"),
        pytest.param([], 0, id="nothing listed"),
    ],
)
def test_stamps_are_no_dates(times, dropped):
    feed = listing(times)
    noted = [note for note in feed.notes if NOTE in note]
    assert noted == ([f"{dropped} of the entries: {NOTE}"] if dropped else [])
    assert sum(entry.published_at is None for entry in feed.entries) == dropped


def test_what_is_dropped_for_another_reason_is_noted_once():
    [note] = listing([NOW + timedelta(days=9)] * 3).notes
    assert "in the future" in note


def test_ids_and_hashes_do_not_change_with_the_company():
    alone, together = listing([IMPORT]), listing([IMPORT] * 3)
    assert (alone.entries[0].entry_id, alone.entries[0].entry_hash) == (
        together.entries[0].entry_id,
        together.entries[0].entry_hash,
    )


def test_a_stamp_does_not_come_back_as_the_other_date():
    entry = "<entry><id>{0}</id><title>{0}</title><updated>2026-01-22T11:53:07Z</updated></entry>"
    entries = "".join(entry.format(name) for name in "abc")
    feed = parsed(f'<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>{entries}</feed>')
    assert [(e.published_at, e.updated_at) for e in feed.entries] == [(None, None)] * 3
