from __future__ import annotations

from datetime import UTC, datetime

import pytest

from worker.errors import (
    ContentCodingError,
    ContentTypeError,
    GoneError,
    HttpRetryableError,
    HttpStatusError,
    NotFoundError,
    ProtocolError,
    RedirectError,
)
from worker.fetch.answer import (
    check_coding,
    check_type,
    find_retry_after,
    find_status_error,
    redirect_target,
    sendable_validators,
)
from worker.fetch.policy import FEED, PAGE

URL = "http://news.example/a/b"
NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("statuses", "error"),
    [
        ([200, 203, 204, 205], None),
        ([101, 102, 103, 199, 201, 206, 207, 226, 299, 304], ProtocolError),
        ([300, 305, 306, 399], RedirectError),
        ([404], NotFoundError),
        ([410], GoneError),
        ([400, 401, 402, 403, 405, 406, 418, 451, 499], HttpStatusError),
        ([202, 408, 425, 429, 500, 501, 502, 503, 504, 520, 599, 600, 999], HttpRetryableError),
    ],
)
def test_each_status_has_one_meaning(statuses, error):
    found = [find_status_error(URL, status, 7.0) for status in statuses]
    assert [type(e) if e else None for e in found] == [error] * len(statuses)
    for status, known in zip(statuses, found, strict=True):
        if isinstance(known, HttpStatusError):
            assert (known.http_status, known.retry_after_s) == (status, 7.0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("120", 120, id="seconds"),
        pytest.param(" 0 ", 0, id="zero"),
        pytest.param("Tue, 24 Nov 2026 12:01:30 GMT", 90, id="date"),
        pytest.param("Tuesday, 24-Nov-26 12:01:30 GMT", 90, id="date of RFC 850"),
        pytest.param("Tue Nov 24 12:01:30 2026", 90, id="date of asctime"),
        pytest.param("Tue, 24 Nov 2026 14:01:30 +0200", 90, id="date with a zone"),
        pytest.param("Tue, 24 Nov 2026 11:00:00 GMT", 0, id="passed date"),
        pytest.param("9" * 5000, 10**9, id="thousands of digits"),
        pytest.param("٣٤", None, id="digits that are not ASCII"),
        pytest.param("-1", None, id="negative"),
        pytest.param("1.5", None, id="fraction"),
        pytest.param("soon", None, id="word"),
        pytest.param("Tue, 99 Nov 2026 12:00:00 GMT", None, id="no such day"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="absent"),
    ],
)
def test_retry_after_is_read_in_both_forms(value, seconds):
    assert find_retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("http://b.example/x", "http://b.example/x"),
        ("/x?y#z", "http://news.example/x?y"),
        ("x", "http://news.example/a/x"),
        ("?q", "http://news.example/a/b?q"),
        ("//b.example/", "http://b.example/"),
        ("  /x ", "http://news.example/x"),
        ("/gr\u00c3\u00bcn", "http://news.example/grün"),
        ("/gr\u00fcn", "http://news.example/grün"),
        ("#top", "http://news.example/a/b"),
    ],
)
def test_locations_are_resolved(location, target):
    assert redirect_target(URL, {"location": location}) == target


@pytest.mark.parametrize("headers", [{}, {"location": ""}, {"location": "  "}, {"location": "http://[x"}])
def test_a_redirect_that_names_no_target_is_an_error(headers):
    with pytest.raises(RedirectError):
        redirect_target(URL, headers)


@pytest.mark.parametrize(
    "header", ["", "identity", "gzip", "GZIP", "x-gzip", "deflate", "br", "zstd", "gzip, br"]
)
def test_codings_that_were_asked_for_are_taken(header):
    check_coding(URL, header)


@pytest.mark.parametrize(
    "header", ["compress", "UTF-8", "none", "gzip, identity", "gzip,lzma", "aws-chunked"]
)
def test_other_codings_are_refused(header):
    with pytest.raises(ContentCodingError):
        check_coding(URL, header)


@pytest.mark.parametrize(
    ("header", "page", "feed"),
    [
        ("text/html; charset=utf-8", True, True),
        ("application/xhtml+xml", True, True),
        ("application/rss+xml", True, True),
        ("text/plain", True, True),
        ("", True, True),
        ("nonsense", True, True),
        ("application/octet-stream", False, True),
        ("application/pdf", False, True),
        ("Application/PDF;x", False, True),
        ("application/zip", False, True),
        ("application/vnd.ms-excel", False, True),
        ("image/svg+xml", False, False),
        ("image/jpeg", False, False),
        ("video/mp4", False, False),
        ("audio/mpeg", False, False),
        ("font/woff2", False, False),
    ],
)
def test_media_types_are_refused_by_kind(header, page, feed):
    for kind, taken in ((PAGE, page), (FEED, feed)):
        if taken:
            check_type(URL, header, kind)
        else:
            with pytest.raises(ContentTypeError):
                check_type(URL, header, kind)


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        (
            {"If-None-Match": 'W/"a"', "if-modified-since": "x"},
            {"If-None-Match": 'W/"a"', "If-Modified-Since": "x"},
        ),
        ({"If-None-Match": '"\u00e9 \t"'}, {"If-None-Match": '"\u00e9 \t"'}),
        ({"If-None-Match": ""}, {}),
        ({"If-None-Match": "a\r\nCookie: b"}, {}),
        ({"If-None-Match": "a\n"}, {}),
        ({"If-None-Match": "\u0416"}, {}),
        ({"Cookie": "a", "Authorization": "b", "Referer": "c", "User-Agent": "d", "Range": "e"}, {}),
    ],
)
def test_only_validators_that_a_header_can_carry_are_sent(headers, sent):
    assert sendable_validators(headers) == sent
