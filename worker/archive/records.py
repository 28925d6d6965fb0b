"""Pages as WARC records (ISO 28500, WARC/1.1). Pure; `pages` reads them.

A page is stored as it was read, decoded from its content coding, so that every reader gets its bytes
right. Headers that do not hold of them any more keep their values under `x-crawler-…`, the name that
Nutch and Common Crawl's news crawls use.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import uuid
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastwarc.warc import WarcRecord, WarcRecordType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from worker.models import ArchiveLocation, Document, Page

REVISIT_PROFILE = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
LONGEST_VALUE = 8_000
"""Bytes kept of one HTTP header's value. Servers refuse longer ones, and readers give up at 32 KB."""
JSON = "application/json"
OF_THE_CODING = frozenset({"content-encoding", "transfer-encoding", "content-length"})
"""Headers that say how a body came over the wire."""
AS_ANSWERED = "x-crawler-"
"""What stands before the name of such a header where it does not hold of the body as it is kept."""
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")  # RFC 9110, 5.6.2
_BREAKS = re.compile(r"[\r\n\0]+[ \t]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a page was fetched for: a feed's poll, or one of its entries."""

    feed_id: str
    entry_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The response whose body came again: what a `revisit` names, and the body's sha256."""

    record_id: str
    url: str
    date: str
    payload_sha256: str


def sha256(body: bytes) -> str:
    """Return the digest of a body as hex, as `Document.raw_digest` has it."""
    return hashlib.sha256(body).hexdigest()


def is_made_of(document: Document, page: Page) -> bool:
    """Return whether a document was made of a page with this body."""
    return document.raw_digest == sha256(page.body)


def find_place(article: Document | None, page: Page) -> ArchiveLocation | None:
    """Return where the page lies if the article was made of it, so that it is not kept twice."""
    return article.archive if article and is_made_of(article, page) else None


def record_id(random: str) -> str:
    """Return the id of a record from 32 random hex characters."""
    return f"<urn:uuid:{uuid.UUID(hex=random, version=4)}>"


def warcinfo(name: str, fields: Mapping[str, str], at: datetime, identity: str) -> bytes:
    """Return the record that begins the file of that name and says who wrote it."""
    said = "".join(f"{field}: {value}\r\n" for field, value in fields.items()).encode()
    heads = {"WARC-Filename": name, "Content-Type": "application/warc-fields"}
    return _record(WarcRecordType.warcinfo, identity, at, heads, said)


def response(page: Page, identity: str) -> bytes:
    """Return the record of a page with its body."""
    heads = {**_http(page), "WARC-Payload-Digest": f"sha256:{sha256(page.body)}"}
    return _record(WarcRecordType.response, identity, page.fetched_at, heads, _http_head(page) + page.body)


def revisit(page: Page, original: Original, identity: str) -> bytes:
    """Return the record of a page whose body is that of an earlier response: its headers alone."""
    heads = {
        **_http(page),
        "WARC-Profile": REVISIT_PROFILE,
        "WARC-Payload-Digest": f"sha256:{original.payload_sha256}",
        "WARC-Refers-To": original.record_id,
        "WARC-Refers-To-Target-URI": original.url,
        "WARC-Refers-To-Date": original.date,
    }
    return _record(WarcRecordType.revisit, identity, page.fetched_at, heads, _http_head(page))


def metadata(page: Page, subject: Subject, of: str, identity: str) -> bytes:
    """Return the record that says what a page (the record `of`) was fetched for, and how it came."""
    said = {
        **asdict(subject),
        "url": page.url,
        "redirects": [asdict(hop) for hop in page.redirects],
        "wait_ms": page.wait_ms,
        "fetch_ms": page.fetch_ms,
        "fetched_at": warc_date(page.fetched_at),
    }
    heads = {"WARC-Target-URI": page.final_url, "WARC-Concurrent-To": of, "WARC-Refers-To": of}
    return _about(said, heads, page.fetched_at, identity)


def closing(said: Mapping[str, Any], of: str, at: datetime, identity: str) -> bytes:
    """Return the record that ends a file, whose `warcinfo` is `of`, and says what is in it."""
    return _about(said, {"WARC-Refers-To": of}, at, identity)


def warc_date(at: datetime) -> str:
    """Return a time as WARC/1.1 writes it, to the millisecond."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _about(said: Mapping[str, Any], heads: Mapping[str, str], at: datetime, identity: str) -> bytes:
    block = json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return _record(WarcRecordType.metadata, identity, at, {**heads, "Content-Type": JSON}, block)


def _record(
    kind: WarcRecordType, identity: str, at: datetime, heads: Mapping[str, str], block: bytes
) -> bytes:
    record = WarcRecord()
    record.init_headers(kind)
    record.headers["WARC-Record-ID"] = identity
    record.headers["WARC-Date"] = warc_date(at)
    for name, value in heads.items():
        record.headers[name] = value
    record.headers["WARC-Block-Digest"] = f"sha256:{sha256(block)}"
    record.set_bytes_content(block)
    out = io.BytesIO()
    record.write(out)
    return out.getvalue()


def _http(page: Page) -> dict[str, str]:
    return {"WARC-Target-URI": page.final_url, "Content-Type": "application/http; msgtype=response"}


def _http_head(page: Page) -> bytes:
    known = page.status in HTTPStatus.__members__.values()
    lines = [f"HTTP/1.1 {page.status} {HTTPStatus(page.status).phrase if known else ''}".rstrip()]
    lines += [f"{name}: {value}" for name, value in _written_headers(page)]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1", "replace")


def _written_headers(page: Page) -> Iterator[tuple[str, str]]:
    for name, value in page.headers.items():
        if not _NAME.match(name):
            continue
        holds = name not in OF_THE_CODING or (name, value) == ("content-length", str(len(page.body)))
        yield (name if holds else AS_ANSWERED + name), _BREAKS.sub(" ", value)[:LONGEST_VALUE].strip()
