"""WARC records as pages again. Pure."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastwarc.warc import WarcRecordType

from worker.archive.records import AS_ANSWERED, JSON, OF_THE_CODING, Original
from worker.errors import ArchiveDamagedError, ArchiveKindError
from worker.models import Hop, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastwarc.warc import WarcRecord

LONGEST_HEADS = 10_000_000
"""Bytes of HTTP headers that are read at most: a hundred of them, and foreign ones."""


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
    url, fetched_at = record.headers.get("WARC-Target-URI"), record.record_date
    if record.record_type != WarcRecordType.response or not record.is_http or not url:
        raise ArchiveKindError(url, f"a record of type {record.record_type}, no response to http")
    if fetched_at is None:
        raise ArchiveDamagedError(url, "a record without a date")
    try:
        record.parse_http(auto_decode="all", max_header_len=LONGEST_HEADS)
        body = record.reader.read()
    except (OSError, ValueError) as error:
        raise ArchiveDamagedError(url, f"the response cannot be decoded: {error}") from error
    status = record.http_headers.status_code
    if status is None:
        raise ArchiveKindError(url, "what was answered is no HTTP")
    headers = dict(_read_headers(record))
    return Page(url=url, final_url=url, status=status, headers=headers, body=body, fetched_at=fetched_at)


def told_by(page: Page, response: WarcRecord, following: WarcRecord) -> Page:
    """Return the page with what its `metadata` adds, if that is the record that follows the response."""
    said = find_said(following)
    if said is None or following.headers.get("WARC-Refers-To") != response.headers.get("WARC-Record-ID"):
        return page
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
