"""What servers and feeds ask of readers, a rule a row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.feeds.listed import parsed
from worker.feeds.hints import LONGEST_S, after_skipped, fresh_s, hint_s
from worker.models import Hints

NOW = datetime(2026, 3, 3, 12, 30, tzinfo=UTC)
"""A Tuesday."""
DATE, LATER = "Tue, 03 Mar 2026 12:30:00 GMT", "Tue, 03 Mar 2026 14:30:00 GMT"

FRESH = [
    ("nothing", {}, 0),
    ("max-age", {"cache-control": "public, max-age=600"}, 600),
    ("quoted, upper case", {"cache-control": 'Max-Age="600"'}, 600),
    ("less the age in a cache", {"cache-control": "max-age=600", "age": "200"}, 400),
    ("older than that", {"cache-control": "max-age=600", "age": "900"}, 0),
    ("shared caches only", {"cache-control": "s-maxage=600"}, 0),
    ("no-cache", {"cache-control": "no-cache, max-age=600"}, 0),
    ("no-store", {"cache-control": "no-store", "expires": LATER}, 0),
    ("negative", {"cache-control": "max-age=-1"}, 0),
    ("no number", {"cache-control": "max-age=soon"}, 0),
    ("Expires", {"expires": LATER}, 7200),
    ("Expires by the server's own clock", {"expires": LATER, "date": "Tue, 03 Mar 2026 14:00:00 GMT"}, 1800),
    ("Expires 0", {"expires": "0"}, 0),
    ("Expires in the past", {"expires": DATE}, 0),
    ("max-age wins over Expires (RFC 9111, 5.3)", {"expires": LATER, "cache-control": "max-age=60"}, 60),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "seconds"), [row[1:] for row in FRESH], ids=[row[0] for row in FRESH])
def test_fresh_for(headers, seconds):
    assert fresh_s(headers, NOW) == seconds


SY = "http://purl.org/rss/1.0/modules/syndication/"
CHANNELS = [
    ("nothing", "", None),
    ("ttl in minutes", "<ttl>90</ttl>", Hints(every_s=5400)),
    ("ttl that is none", "<ttl>soon</ttl>", None),
    ("hourly", "<sy:updatePeriod>hourly</sy:updatePeriod>", Hints(every_s=3600)),
    ("twice a day", "<sy:updatePeriod> daily </sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>",
     Hints(every_s=43_200)),
    ("a frequency alone is per day", "<sy:updateFrequency>4</sy:updateFrequency>", Hints(every_s=21_600)),
    ("unknown period", "<sy:updatePeriod>always</sy:updatePeriod>", None),
    ("frequency 0", "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>",
     Hints(every_s=3600)),
    ("from a base on",
     "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateBase>2000-01-01T12:15+00:00</sy:updateBase>",
     Hints(every_s=3600, base_at=datetime(2000, 1, 1, 12, 15, tzinfo=UTC))),
    ("the longer of ttl and period, which has no base",
     "<ttl>120</ttl><sy:updatePeriod>hourly</sy:updatePeriod><sy:updateBase>2000-01-01T12:15Z</sy:updateBase>",
     Hints(every_s=7200)),
    ("hours", "<skipHours><hour>0</hour><hour> 23 </hour><hour>24</hour><hour>99</hour></skipHours>",
     Hints(skip_hours=(0, 23))),
    ("days", "<skipDays><day>Sunday</day><day>saturday</day><day>Caturday</day></skipDays>", Hints(skip_days=(5, 6))),
    ("all hours: nobody means that",
     f"<skipHours>{''.join(f'<hour>{n}</hour>' for n in range(24))}</skipHours>", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("channel", "hints"), [row[1:] for row in CHANNELS], ids=[row[0] for row in CHANNELS]
)
@pytest.mark.parametrize("last", [False, True], ids=["before the items", "after them"])
def test_what_a_channel_says(channel, hints, last):
    item = "<item><title>x</title><link>https://a.example/1</link></item>"
    inside = f"{item}{channel}" if last else f"{channel}{item}"
    feed = parsed(
        f'<rss version="2.0" xmlns:sy="{SY}"><channel><title>t</title>{inside}</channel></rss>', now=NOW
    )
    assert feed.hints == hints


HINTED = [
    ("nothing", None, {}, 0),
    ("ttl", Hints(every_s=5400), {}, 5400),
    ("the longest counts", Hints(every_s=600), {"cache-control": "max-age=5400"}, 5400),
    ("a month: a day", Hints(every_s=2_592_000), {}, LONGEST_S),
    ("a year of max-age: a day", None, {"cache-control": "max-age=31536000"}, LONGEST_S),
    ("the next update after the base", Hints(every_s=3600, base_at=datetime(2000, 1, 1, 12, 45, tzinfo=UTC)), {}, 900),
]  # fmt: skip


@pytest.mark.parametrize(("hints", "headers", "seconds"), [r[1:] for r in HINTED], ids=[r[0] for r in HINTED])
def test_hint(hints, headers, seconds):
    assert hint_s(hints, headers, NOW) == seconds


SKIPPED = [
    ("none", None, timedelta()),
    ("another hour", Hints(skip_hours=(11, 13)), timedelta()),
    ("this hour", Hints(skip_hours=(12,)), timedelta(minutes=30)),
    ("till midnight", Hints(skip_hours=tuple(range(12, 24))), timedelta(hours=11.5)),
    ("over midnight", Hints(skip_hours=(*range(12, 24), 0, 1)), timedelta(hours=13.5)),
    ("this day", Hints(skip_days=(1,)), timedelta(hours=11.5)),
    ("this day and the next: no more than one", Hints(skip_days=(1, 2, 3)), timedelta(days=1)),
]


@pytest.mark.parametrize(("hints", "later"), [row[1:] for row in SKIPPED], ids=[row[0] for row in SKIPPED])
def test_skipped_hours_and_days(hints, later):
    assert after_skipped(hints, NOW, 0.0) == NOW + later


def test_not_everybody_comes_on_the_stroke_of_the_hour():
    hints = Hints(skip_hours=(12,))
    assert after_skipped(hints, NOW, 0.5) - after_skipped(hints, NOW, 0.0) == timedelta(minutes=5)
    assert after_skipped(Hints(skip_hours=(3,)), NOW, 0.5) == NOW


@given(
    st.builds(
        Hints,
        every_s=st.integers(0, 10**9),
        base_at=st.none() | st.datetimes(datetime(1, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC)),
        skip_hours=st.lists(st.integers(0, 23)).map(tuple),
        skip_days=st.lists(st.integers(0, 6)).map(tuple),
    ),
    st.dictionaries(st.sampled_from(["cache-control", "expires", "age", "date"]), st.text() | st.just(LATER)),
    st.floats(0, 1, exclude_max=True),
)
def test_within_a_day_whatever_is_said(hints, headers, jitter):
    assert 0 <= hint_s(hints, headers, NOW) <= LONGEST_S
    assert NOW <= after_skipped(hints, NOW, jitter) <= NOW + timedelta(days=1)
