"""WARC files as others write them, byte by byte: no library would write half of these."""

from __future__ import annotations

import gzip
import io
import warnings
from datetime import UTC, datetime
from typing import Any

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests.newsroom import body_of, page

CRAWLED_AT = datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
HTML = "text/html; charset=utf-8"


def story(name: str = "riga", extra: str = "") -> bytes:
    """Return an article's page."""
    return page(f"Plans for {name} move on", body_of(name.title(), f"{name} project", extra)).body


def http(body: bytes = b"", status: str = "200 OK", break_: bytes = b"\r\n", **headers: str) -> bytes:
    """Return an HTTP response; a keyword `content_type` stands for Content-Type."""
    named = {"content_type": HTML, **headers}
    lines = [
        f"HTTP/1.1 {status}",
        *(f"{key.replace('_', '-').title()}: {v}" for key, v in named.items() if v),
    ]
    return b"".join(line.encode("latin-1") + break_ for line in lines) + break_ + body


def chunked(body: bytes, size: int = 400) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def record(
    url: str = "https://news.example/riga",
    block: bytes | None = None,
    *,
    kind: str = "response",
    date: str = "2021-03-04T05:06:07Z",
    content_type: str = "application/http; msgtype=response",
    ending: bytes = b"\r\n\r\n",
    length: int | None = None,
    version: str = "1.0",
    **more: str,
) -> bytes:
    """Return one record, uncompressed; `length` may lie, and `more` are further WARC headers."""
    block = http(story()) if block is None else block
    named = {
        "WARC-Type": kind,
        "WARC-Record-ID": "<urn:uuid:6f8ae4b0-0000-4000-8000-000000000000>",
        "WARC-Date": date,
        "WARC-Target-URI": url,
        **{f"WARC-{key.replace('_', '-').title()}": value for key, value in more.items()},
        "Content-Type": content_type,
        "Content-Length": str(len(block) if length is None else length),
    }
    head = "".join(f"{key}: {value}\r\n" for key, value in named.items() if value)
    return f"WARC/{version}\r\n{head}\r\n".encode() + block + ending


def packed(*records: bytes) -> bytes:
    """Return records as most crawlers pack them: each in a gzip member of its own."""
    return b"".join(gzip.compress(each, mtime=0) for each in records)


def by_library(pages: dict[str, bytes], **options: Any) -> bytes:
    """Return a file as warcio writes it: warcinfo, and request and response for each page."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it never closes its temporary files
        return _by_library(pages, **options)


def _by_library(pages: dict[str, bytes], **options: Any) -> bytes:
    out = io.BytesIO()
    writer = WARCWriter(out, **options)
    writer.write_record(writer.create_warcinfo_record("a.warc.gz", {"software": "test"}))
    for url, body in pages.items():
        heads = StatusAndHeaders("200 OK", [("Content-Type", HTML)], protocol="HTTP/1.1")
        asked = StatusAndHeaders("GET / HTTP/1.1", [("Host", "news.example")], is_http_request=True)
        response = writer.create_warc_record(
            url, "response", payload=io.BytesIO(body), http_headers=heads,
            warc_headers_dict={"WARC-Date": "2021-03-04T05:06:07Z"},
        )  # fmt: skip
        request = writer.create_warc_record(url, "request", payload=io.BytesIO(), http_headers=asked)
        writer.write_request_response_pair(request, response)
    return out.getvalue()
