"""WARC records as pages again. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any, Literal

from fastwarc.warc import WarcRecord, WarcRecordType

from worker.archive.records import AS_ANSWERED, JSON, OF_THE_CODING, Original
from worker.errors import ArchiveDamagedError, ArchiveKindError
from worker.extract.sniff import is_html
from worker.models import Hop, Page
from worker.urls import find_link

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

LONGEST_HEADS = 10_000_000
"""Bytes of HTTP headers that are read at most: a hundred of them, and foreign ones."""
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[^\r\n]*\r\n")

_Coding = Literal["all", "content", "none"]
_CODINGS: tuple[_Coding, ...] = ("all", "content", "none")


def find_original(record: WarcRecord) -> Original | None:
    """Return what a revisit must name of this response; None where it is no response of ours."""
    payload = record.headers.get("WARC-Payload-Digest") or ""
    if record.record_type != WarcRecordType.response or not payload.startswith("sha256:"):
        return None
    return Original(
        record_id=record.headers["WARC-Record-ID"],
        url=record.headers["WARC-Target-URI"],
        date=record.headers["WARC-Date"],
        payload_sha256=payload.removeprefix("sha256:"),
    )


def page_of(record: WarcRecord) -> Page:
    """Return the page in a `response` record: ours, or one in its transfer and content codings.

    Without its `metadata` nothing is known of redirects and times, and `url` is the page's own.

    Raises:
        ArchiveKindError: it is no response, or not to http. ArchiveDamagedError: its coding is damaged.
    """
    url, fetched_at = _require_response(record)
    raw = with_crlf(record.reader.read())
    http, body = _decoded(with_last_chunk(raw) if "WARC-Truncated" in record.headers else raw, url)
    return _page(url, fetched_at, http, body)


def page_as_told(record: WarcRecord) -> Page:
    """Return the page in a `response` record whose HTTP has been parsed, its body as it is there, unproven.

    Raises:
        ArchiveKindError, ArchiveDamagedError: as `page_of`.
    """
    url, fetched_at = _require_response(record)
    return _page(url, fetched_at, record, record.reader.read())


def _require_response(record: WarcRecord) -> tuple[str, datetime]:
    """Return whose response it is, and of when."""
    said_url, fetched_at = record.headers.get("WARC-Target-URI"), record.record_date
    # WARC/1.0 was read to want the angle brackets of its grammar; wget writes them.
    url = find_link(re.sub(r"\A<(.*)>\Z", r"\1", said_url or ""))
    if record.record_type != WarcRecordType.response or not record.is_http or not url:
        raise ArchiveKindError(said_url, f"a record of type {record.record_type}, no response to http")
    if fetched_at is None:
        raise ArchiveDamagedError(url, "a record without a date")
    at = fetched_at.astimezone(UTC)
    return url, at.replace(microsecond=at.microsecond // 1000 * 1000)


def _page(url: str, fetched_at: datetime, http: WarcRecord, body: bytes) -> Page:
    status = http.http_headers.status_code
    if status is None:
        raise ArchiveKindError(url, "what was answered is no HTTP")
    headers = dict(_read_headers(http))
    return Page(url=url, final_url=url, status=status, headers=headers, body=body, fetched_at=fetched_at)


def with_crlf(raw: bytes) -> bytes:
    """Return an HTTP message with the line breaks that HTTP wants in its head; some servers send others."""
    end = raw.find(b"\n\n", 0, LONGEST_HEADS)
    if end < 0 or raw.find(b"\r\n\r\n", 0, end + 1) >= 0:  # a body may begin with a line break
        return raw
    return raw[:end].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\r\n\r\n" + raw[end + 2 :]


def with_last_chunk(raw: bytes) -> bytes:
    """Return a chunked HTTP message whose crawler cut it off as one that ends there."""
    head, blank, body = raw.partition(b"\r\n\r\n")
    if b"chunked" not in head.lower():
        return raw
    at = 0
    while size := _CHUNK_SIZE.match(body, at):
        start, end = size.end(), size.end() + int(size[1], 16)
        if end + 2 > len(body):
            last = body[start:end]
            return b"%s%s%s%x\r\n%s\r\n0\r\n\r\n" % (head, blank, body[:at], len(last), last)
        at = end + 2
    return raw if body[:at].endswith(b"0\r\n\r\n") else head + blank + body[:at] + b"0\r\n\r\n"


def _decoded(raw: bytes, url: str) -> tuple[WarcRecord, bytes]:
    """Return an HTTP message, parsed, and its body without codings: those that its head names and it has.

    Crawlers keep bodies as they came or decoded, and the head that came, either way.
    """
    error: Exception | None = None
    for coding in _CODINGS:
        try:
            http = _http_record(raw, coding)
            body = http.reader.read()
        except (OSError, ValueError) as found:
            error = error or found
            continue
        if error is None or is_html(body):
            return http, body
    said = str(error).partition(": '")[0]
    raise ArchiveDamagedError(url, f"the response cannot be decoded: {said}") from error


def _http_record(raw: bytes, coding: _Coding) -> WarcRecord:
    record = WarcRecord()
    record.init_headers(WarcRecordType.response)
    record.set_bytes_content(raw)
    record.is_http = True
    record.parse_http(auto_decode=coding, max_header_len=LONGEST_HEADS)
    return record


def told_by(page: Page, response: WarcRecord, following: WarcRecord) -> Page:
    """Return the page with what its `metadata` adds, if that is the record that follows the response."""
    said = find_told(response, following)
    return with_told(page, said) if said else page


def find_told(response: WarcRecord, following: WarcRecord) -> dict[str, Any] | None:
    """Return what the record behind a response says of it, None where that is no `metadata` of ours."""
    if following.headers.get("WARC-Refers-To") != response.headers.get("WARC-Record-ID"):
        return None
    return find_said(following)


def with_told(page: Page, said: Mapping[str, Any]) -> Page:
    """Return the page with what its `metadata` says."""
    hops = tuple(Hop(status=hop["status"], url=hop["url"]) for hop in said.get("redirects", ()))
    told = {name: said[name] for name in ("url", "wait_ms", "fetch_ms") if name in said}
    return replace(page, redirects=hops, **told)


def find_said(record: WarcRecord) -> dict[str, Any] | None:
    """Return what a `metadata` record of ours says, None of any other record."""
    if record.record_type != WarcRecordType.metadata or record.headers.get("Content-Type") != JSON:
        return None
    try:
        said = json.loads(record.reader.read())
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _read_headers(record: WarcRecord) -> Iterator[tuple[str, str]]:
    joined: dict[str, str] = {}
    for raw_name, raw_value in record.http_headers.items_bytes():
        name, value = raw_name.decode("latin-1").strip().lower(), raw_value.decode("latin-1").strip()
        original = name.removeprefix(AS_ANSWERED)
        name = original if original in OF_THE_CODING else name
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    yield from joined.items()
