from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.feeds.listed import NOW, parsed, rss
from worker.feeds.dates import find_time, settle
from worker.feeds.listing import StatedTime

STATED = [
    # What a feed writes, read by feedparser or by the second try.
    ("RFC 822", "Mon, 02 Mar 2026 08:15:00 GMT", "2026-03-02T08:15:00"),
    ("numeric zone", "Mon, 02 Mar 2026 08:15:00 +0530", "2026-03-02T02:45:00"),
    ("named zone", "Mon, 02 Mar 2026 08:15:00 EST", "2026-03-02T13:15:00"),
    ("zone in a comment too", "Mon, 02 Mar 2026 08:15:00 -0800 (PST)", "2026-03-02T16:15:00"),
    ("Central Europe", "Mon, 02 Mar 2026 08:15:00 CET", "2026-03-02T07:15:00"),
    ("31 February in RFC 3339", "2026-02-31T10:00:00Z", None),
    ("Greek", "Δευ, 02 Φεβ 2026 08:15:00 GMT", "2026-02-02T08:15:00"),
    ("C's asctime", "Mon Mar  2 08:15:00 2026", "2026-03-02T08:15:00"),
    ("no zone is UTC", "Mon, 02 Mar 2026 08:15:00", "2026-03-02T08:15:00"),
    ("two-digit year", "Mon, 02 Mar 26 08:15:00 GMT", "2026-03-02T08:15:00"),
    ("no weekday, no seconds", "2 Mar 2026 08:15 +0000", "2026-03-02T08:15:00"),
    ("RFC 3339", "2026-03-02T08:15:00Z", "2026-03-02T08:15:00"),
    ("RFC 3339, fraction and offset", "2026-03-02T08:15:00.123456+01:00", "2026-03-02T07:15:00.123"),
    ("RFC 3339 without zone", "2026-03-02T08:15:00", "2026-03-02T08:15:00"),
    ("date only", "2026-03-02", "2026-03-02T00:00:00"),
    ("SQL", "2026-03-02 08:15:00", "2026-03-02T08:15:00"),
    ("slashes, year first", "2026/03/02 08:15", "2026-03-02T08:15:00"),
    ("German", "Mo, 02 Mär 2026 08:15:00 +0100", "2026-03-02T07:15:00"),
    ("German, long", "Montag, 2. März 2026, 08:15 Uhr", "2026-03-02T08:15:00"),
    ("German, dotted", "02.03.2026 08:15", "2026-03-02T08:15:00"),
    ("French", "lun., 2 févr. 2026 08:15:00 +0100", "2026-02-02T07:15:00"),
    ("French July is not June", "2 juillet 2025", "2025-07-02T00:00:00"),
    ("Spanish", "2 de enero de 2026", "2026-01-02T00:00:00"),
    ("American", "March 2nd, 2026 8:15 PM EST", "2026-03-03T01:15:00"),
    ("noon", "March 2, 2026 12:00 pm", "2026-03-02T12:00:00"),
    ("midnight", "March 2, 2026 12:05 am", "2026-03-02T00:05:00"),
    ("Japanese", "2026年3月2日 08:15", "2026-03-02T08:15:00"),
    ("seconds since 1970", "1772439300", "2026-03-02T08:15:00"),
    ("milliseconds since 1970", "1772439300000", "2026-03-02T08:15:00"),
    ("digits without separators", "20260302", "2026-03-02T00:00:00"),
    ("too many of them", "20260302081500", None),
    ("day or month first?", "03/04/2026", None),
    ("words", "yesterday", None),
    ("impossible day", "31.02.2026", None),
    ("impossible hour", "02.03.2026 27:15", None),
    ("1970", "Thu, 01 Jan 1970 00:00:00 GMT", None),
    ("year 1", "0001-01-01T00:00:00Z", None),
    ("last moment of 1989", "1989-12-31T23:59:59Z", None),
    ("first moment of 1990", "1990-01-01T00:00:00Z", "1990-01-01T00:00:00"),
    ("ahead by less than a day", "2026-03-04T11:59:59Z", "2026-03-03T12:00:00"),
    ("ahead by more than a day", "2026-03-04T12:00:01Z", None),
]


@pytest.mark.parametrize(("text", "at"), [row[1:] for row in STATED], ids=[row[0] for row in STATED])
def test_published(text, at):
    feed = rss(f"<item><title>t</title><pubDate>{text}</pubDate></item>")
    published = feed.entries[0].published_at
    assert published == (at and datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert bool(feed.notes) == (at is None or published == NOW)


PAIRS = [
    ("updated alone is also published", None, "2026-03-02T10:00:00Z", ("2026-03-02T10", "2026-03-02T10")),
    ("published alone", "2026-03-01T10:00:00Z", None, ("2026-03-01T10", None)),
    (
        "published after updated stays",
        "2026-03-02T10:00:00Z",
        "2026-03-01T10:00:00Z",
        ("2026-03-02T10", "2026-03-01T10"),
    ),
    ("unreadable published", "soon", "2026-03-02T10:00:00Z", ("2026-03-02T10", "2026-03-02T10")),
    ("neither", None, None, (None, None)),
]


@pytest.mark.parametrize(
    ("published", "updated", "hours"), [row[1:] for row in PAIRS], ids=[row[0] for row in PAIRS]
)
def test_published_and_updated(published, updated, hours):
    times = (f"<published>{published}</published>" if published else "") + (
        f"<updated>{updated}</updated>" if updated else ""
    )
    feed = parsed(
        f'<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><id>x</id>{times}</entry></feed>'
    )
    (entry,) = feed.entries
    assert tuple(at and f"{at:%Y-%m-%dT%H}" for at in (entry.published_at, entry.updated_at)) == hours


@given(
    st.text(max_size=40)
    | st.from_regex(r"\d{1,12}[-./ ]\d{1,3}[-./ ]\d{1,5} \d{1,3}:\d\d[+-]\d{1,4}", fullmatch=True)
)
def test_any_text_is_a_time_or_none(text):
    at = find_time(text)
    assert at is None or at.utcoffset() == timedelta(0)


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_believed_lies_between_1990_and_now(at):
    believed, note = settle(StatedTime("x", at), NOW)
    assert believed is None or datetime(1990, 1, 1, tzinfo=UTC) <= believed <= NOW
    assert (believed == at) == (note is None)


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "text", ["a" * 100_000, "1-" * 50_000, "(" * 100_000], ids=["letters", "dashes", "brackets"]
)
def test_long_values_cost_nothing(text):
    assert find_time(text) is None
