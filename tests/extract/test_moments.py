from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.extract.moments import parse_when


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2026-03-24T07:30:00+01:00", "2026-03-24T06:30:00+00:00", id="ISO with a zone"),
        pytest.param("2026-03-24T07:30:00.123Z", "2026-03-24T07:30:00.123000+00:00", id="ISO in Zulu time"),
        pytest.param("2026-03-24T07:30+0100", "2026-03-24T06:30:00+00:00", id="zone without colon"),
        pytest.param("2026-03-24 07:30:00", "2026-03-24T07:30:00+00:00", id="no zone is UTC"),
        pytest.param("2026-03-24", "2026-03-24T00:00:00+00:00", id="bare date is midnight"),
        pytest.param("2026/03/24 7:30", "2026-03-24T07:30:00+00:00", id="slashes"),
        pytest.param("2026-3-24T7:30:00+02:00", "2026-03-24T05:30:00+00:00", id="single digits with a zone"),
        pytest.param("Tue, 24 Mar 2026 07:30:00 +0100", "2026-03-24T06:30:00+00:00", id="RFC 5322"),
        pytest.param("24 Mar 2026 07:30:00 EST", "2026-03-24T12:30:00+00:00", id="RFC 5322, old zone"),
        pytest.param("1774337400", "2026-03-24T07:30:00+00:00", id="seconds since 1970"),
        pytest.param("1774337400000", "2026-03-24T07:30:00+00:00", id="milliseconds since 1970"),
        pytest.param("24.03.2026, 07:30 Uhr", "2026-03-24T07:30:00+00:00", id="German numbers"),
        pytest.param("Stand: 24. 3. 2026", "2026-03-24T00:00:00+00:00", id="German numbers, spaced"),
        pytest.param("24.03.26", "2026-03-24T00:00:00+00:00", id="two-digit year"),
        pytest.param("24/03/2026", "2026-03-24T00:00:00+00:00", id="day first"),
        pytest.param("03/24/2026", "2026-03-24T00:00:00+00:00", id="month first where it must be"),
        pytest.param("March 24th, 2026 at 7 am", "2026-03-24T00:00:00+00:00", id="English"),
        pytest.param("24. März 2026", "2026-03-24T00:00:00+00:00", id="German"),
        pytest.param("24 de marzo de 2026", "2026-03-24T00:00:00+00:00", id="Spanish"),
        pytest.param("24 juin 2026", "2026-06-24T00:00:00+00:00", id="French June"),
        pytest.param("24 juillet 2026", "2026-07-24T00:00:00+00:00", id="French July"),
        pytest.param("24 марта 2026 года", "2026-03-24T00:00:00+00:00", id="Russian"),
        pytest.param("2026年3月24日 07時", "2026-03-24T00:00:00+00:00", id="Japanese"),
        pytest.param("2026년 3월 24일", "2026-03-24T00:00:00+00:00", id="Korean"),
    ],
)
def test_parse_when(text, moment):
    when = parse_when(text)
    assert when.tzinfo is not None
    assert when == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "31.02.2026", "2026-13-45", "Chapter 24", "12345", "7:30", "24 Foo 2026"]
)
def test_no_moment(text):
    assert parse_when(text) is None


@given(st.one_of(st.text(max_size=60), st.from_regex(r"[\d:. /+TZ-]{1,30}", fullmatch=True)))
def test_never_raises(text):
    when = parse_when(text)
    assert when is None or when.tzinfo is not None


@given(st.datetimes(min_value=datetime(1991, 8, 6), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_reads_back_iso(when):
    assert parse_when(when.isoformat()) == when
