"""Pages as records and back, and what other programs make of our records, and we of theirs."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from dataclasses import replace
from pathlib import Path

import brotli
import pytest
from fastwarc.warc import WarcRecord
from hypothesis import example, given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests.archive.made import SUBJECT, archive_in, names, packed_page, page
from tests.archive.strange import record
from tests.fakes import START
from worker.archive import records
from worker.archive.files import Folder
from worker.archive.framing import is_digest_of, whole_record
from worker.archive.members import packed
from worker.archive.pages import page_of, told_by
from worker.archive.reading import Packed, Unread, glance, pages_in, read_page, unpack_page
from worker.errors import ArchiveDamagedError, ArchiveKindError
from worker.models import ArchiveLocation, Hop, Page

ID, OTHER_ID = records.record_id("1" * 32), records.record_id("2" * 32)


def through_records(original: Page) -> Page:
    response = whole_record(records.response(original, ID))
    about = whole_record(records.metadata(original, SUBJECT, ID, OTHER_ID))
    return told_by(page_of(response), response, about)


HEADER_NAMES = st.from_regex(r"[a-z0-9!#$%&'*+.^_`|~-]{1,20}", fullmatch=True)
HEADER_VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60).map(str.strip)


@example(body=b"\n<html>", status=200, headers={"a": "b"}, path="<a>", hops=[])
@given(
    body=st.binary(max_size=3000),
    status=st.integers(200, 299),
    headers=st.dictionaries(HEADER_NAMES, HEADER_VALUES, max_size=5),
    path=st.text(st.characters(min_codepoint=33, exclude_categories=("C", "Z"))),
    hops=st.lists(st.builds(Hop, status=st.sampled_from([301, 302, 307]), url=st.text()), max_size=3),
)
def test_a_page_comes_back_as_it_was(body, status, headers, path, hops):
    original = page(
        body=body,
        status=status,
        headers=headers,
        final_url=f"https://a.example/{path}",
        redirects=tuple(hops),
    )
    assert through_records(original) == original
    assert glance(packed_page(original)) == original


@pytest.mark.parametrize(
    ("headers", "written"),
    [
        pytest.param({"content-length": "5"}, [b"content-length: 5"], id="a length that holds"),
        pytest.param(
            {"content-length": "3", "content-encoding": "gzip"},
            [b"x-crawler-content-length: 3", b"x-crawler-content-encoding: gzip"],
            id="a coding that is undone",
        ),
        pytest.param(
            {"transfer-encoding": "chunked"},
            [b"x-crawler-transfer-encoding: chunked"],
            id="chunks that are joined",
        ),
    ],
)
def test_headers_of_the_coding_are_kept_under_another_name(headers, written):
    raw = records.response(page(body=b"hello", headers=headers), ID)
    assert raw.partition(b"\r\n\r\nHTTP/1.1 200 OK\r\n")[2].split(b"\r\n\r\n")[0].split(b"\r\n") == written
    assert through_records(page(body=b"hello", headers=headers)).headers == headers


@pytest.mark.parametrize(
    ("headers", "back"),
    [
        pytest.param({"a": "b\r\nc: d"}, {"a": "b c: d"}, id="a line break opens no header"),
        pytest.param({"a": "b\r\n  folded"}, {"a": "b folded"}, id="folded"),
        pytest.param({"a b": "c", "d:": "e", "": "f", "g": "h"}, {"g": "h"}, id="names that are none"),
        pytest.param({"a": "x" * 9000}, {"a": "x" * 8000}, id="endless"),
        pytest.param({"a": "–"}, {"a": "?"}, id="what no header can carry"),
    ],
)
def test_headers_that_no_record_can_hold(headers, back):
    assert through_records(page(headers=headers)).headers == back


def test_the_payload_digest_is_the_documents_own():
    raw = records.response(page(body=b"hello"), ID)
    assert f"WARC-Payload-Digest: sha256:{hashlib.sha256(b'hello').hexdigest()}".encode() in raw


@pytest.mark.parametrize(
    ("digest", "fits"),
    [
        ("sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N", True),
        ("sha1:aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d", True),
        ("SHA256:2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824", True),
        ("sha256:FTZE3OS7WCRQ4JXIHMVMLOPCTYNRMHS4D6TUEXTTAQZWFE4LTASA====", True),
        ("sha256:FTZE3OS7WCRQ4JXIHMVMLOPCTYNRMHS4D6TUEXTTAQZWFE4LTASA", True),
        ("md5:5d41402abc4b2a76b9719d911017c592", True),
        ("sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2M", False),
        ("sha256:", False),
        ("blake3:123", True),
        ("", True),
        (None, True),
    ],
)
def test_digests_as_different_programs_write_them(digest, fits):
    assert is_digest_of(digest, b"hello") is fits


def test_an_independent_reader_opens_a_file_and_finds_every_digest_right(tmp_path: Path):
    pages = [page(n, size=n * 997) for n in range(20)]
    archive = archive_in(tmp_path / "a")
    places = [archive.keep(each, SUBJECT) for each in pages]
    assert archive.keep(pages[3], SUBJECT, places[3]) == places[3]
    archive.close()
    (name,) = names(tmp_path / "a")
    found, where = [], []
    with (tmp_path / "a" / name).open("rb") as file:
        reader = ArchiveIterator(file, check_digests="raise")
        for record in reader:
            body = record.content_stream().read()
            found.append((record.rec_type, body if record.rec_type == "response" else None))
            assert record.digest_checker.passed is not False
            where.append((reader.get_record_offset(), reader.get_record_length()))
    assert [kind for kind, _ in found] == [
        "warcinfo",
        *["response", "metadata"] * 20,
        "revisit",
        "metadata",
        "metadata",
    ]
    assert [body for kind, body in found if kind == "response"] == [each.body for each in pages]
    assert [(place.offset, place.length) for place in places] == where[1:41:2]


def test_a_revisit_names_the_response_whose_body_it_has(tmp_path: Path):
    archive = archive_in(tmp_path / "a")
    place = archive.keep(page(1), SUBJECT)
    archive.keep(page(1, final_url="https://other.example/", fetched_at=START), SUBJECT, place)
    archive.close()
    (name,) = names(tmp_path / "a")
    with (tmp_path / "a" / name).open("rb") as file:
        heads = {record.rec_type: record.rec_headers for record in ArchiveIterator(file)}
    response, revisit = heads["response"], heads["revisit"]
    assert revisit["WARC-Refers-To"] == response["WARC-Record-ID"]
    assert (
        revisit["WARC-Refers-To-Target-URI"] == response["WARC-Target-URI"] == "https://news.example/story/1"
    )
    assert revisit["WARC-Refers-To-Date"] == response["WARC-Date"] == "2026-11-24T12:00:00.001Z"
    assert revisit["WARC-Payload-Digest"] == response["WARC-Payload-Digest"]
    assert revisit["WARC-Profile"].endswith("identical-payload-digest")


def foreign(*https: bytes, pack: bool = True, **heads: str) -> bytes:
    """Return a file that another program wrote: a response and a request for each of these messages."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=pack)
    writer.write_record(writer.create_warcinfo_record("theirs.warc.gz", {"software": "warcio"}))
    for number, message in enumerate(https):
        url = f"https://theirs.example/{number}"
        dated = {"WARC-Date": "2026-01-02T03:04:05Z", **heads}
        response = writer.create_warc_record(
            url, "response", io.BytesIO(message), len(message), warc_headers_dict=dated
        )
        asked = StatusAndHeaders("GET / HTTP/1.1", [("Host", "theirs.example")], is_http_request=True)
        request = writer.create_warc_record(url, "request", http_headers=asked)
        writer.write_request_response_pair(request, response)
    return out.getvalue()


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


HELLO = b"<html>hello"
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + HELLO
SHAPES = {
    "plain": PLAIN,
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(HELLO),
    "gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(HELLO),
    "brotli": b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n" + brotli.compress(HELLO),
    "both": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n"
    + chunked(gzip.compress(HELLO)),
}


@pytest.mark.parametrize("message", SHAPES.values(), ids=SHAPES.keys())
def test_responses_in_their_codings_are_read(message):
    (found,) = pages_in(io.BytesIO(foreign(message)))
    assert isinstance(found, Page)
    assert (found.url, found.final_url, found.status, found.body) == ("https://theirs.example/0",) * 2 + (
        200,
        HELLO,
    )
    assert found.fetched_at.isoformat() == "2026-01-02T03:04:05+00:00"


@pytest.mark.parametrize("wrap", [lambda raw: raw, gzip.compress], ids=["uncompressed", "in one piece"])
def test_files_that_are_not_packed_record_by_record_are_read(wrap):
    found = list(pages_in(io.BytesIO(wrap(foreign(PLAIN, PLAIN, pack=False)))))
    assert [each.url for each in found] == ["https://theirs.example/0", "https://theirs.example/1"]


@pytest.mark.parametrize(
    ("message", "error"),
    [
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nno gzip", ArchiveDamagedError, id="no gzip"
        ),
        pytest.param(b"HTTP/1.1 odd\r\n\r\nhello", ArchiveKindError, id="no status"),
    ],
)
def test_a_response_that_gives_no_page_costs_no_other(message, error):
    before, unread, after = pages_in(io.BytesIO(foreign(PLAIN, message, PLAIN)))
    assert (before.body, after.body) == (HELLO, HELLO)
    assert isinstance(unread, Unread)
    assert isinstance(unread.error, error)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"WARC/1.1\r\n",
        b"WARC/1.1\r\n\r\n",
        b"WARC/1.1\r\nContent-Length: x\r\n\r\n\r\n\r\n",
        b"WARC/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\r\n\r\n",
        b"WARC/1.1\r\nContent-Length: 3\r\n\r\nab\r\n\r\n",
        b"WARC/1.1\r\nContent-Length: 1\r\n\r\nab\r\n\r\n",
    ],
)
def test_what_is_no_whole_record(raw):
    with pytest.raises(ArchiveDamagedError):
        whole_record(raw)


@given(st.data())
def test_a_record_with_any_byte_changed_is_another_or_damaged(data):
    """Behind gzip's own checksum: what an uncompressed file, or a fault before packing, would show."""
    raw = bytearray(records.response(page(body=b"hello"), ID))
    block = raw.index(b"\r\n\r\n") + 4
    at = data.draw(st.integers(block, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ArchiveDamagedError):
        whole_record(bytes(raw))


@given(st.binary(max_size=200))
def test_reading_anything_never_fails_otherwise(junk):
    for raw in (junk, b"WARC/1.1\r\n" + junk, zlib.compress(junk), gzip.compress(b"WARC/1.1\r\n" + junk)):
        list(pages_in(io.BytesIO(raw)))


def test_a_metadata_record_of_others_is_not_taken_for_ours():
    response = whole_record(records.response(page(), ID))
    found = page_of(response)
    for other in (records.metadata(page(), SUBJECT, OTHER_ID, ID), records.response(page(), OTHER_ID)):
        assert told_by(found, response, whole_record(other)) == found


def test_a_page_is_read_without_what_is_told_of_it(tmp_path: Path):
    archive = archive_in(tmp_path / "a")
    place = archive.keep(page(), SUBJECT)
    archive.close()
    (name,) = names(tmp_path / "a")
    path = tmp_path / "a" / name
    path.write_bytes(path.read_bytes()[: place.offset + place.length + 30])
    found = read_page(Folder(tmp_path / "a"), place)
    assert (found.url, found.redirects, found.body) == (page().final_url, (), page().body)


def test_record_ids_are_uuids():
    record = WarcRecord.from_bytes(records.response(page(), records.record_id("0123456789abcdef" * 2)))
    assert record.record_id == "<urn:uuid:01234567-89ab-4def-8123-456789abcdef>"


def test_a_glance_never_fails_and_tells_no_page_with_another_body_from_the_right_one():
    """Whatever byte is damaged: the digest of the body tells, and a whole look says what is wrong."""
    original = page(1, size=600)
    whole = packed_page(original)
    for at in range(len(whole.member)):
        damaged = bytes([*whole.member[:at], whole.member[at] ^ 0x55, *whole.member[at + 1 :]])
        found = glance(replace(whole, member=damaged))
        assert found is None or found.body != original.body or found == original
    for length in range(len(whole.member)):
        found = glance(replace(whole, member=whole.member[:length]))
        assert found is None or found.body != original.body or found == original
    with pytest.raises(ArchiveDamagedError):
        unpack_page(replace(whole, member=whole.member[:-1]))


@given(
    st.one_of(st.binary(max_size=200), st.binary(max_size=80).map(lambda more: b"HTTP/1.1 200 OK\r\n" + more))
)
def test_a_glance_at_any_message_never_fails(message):
    member = packed(record(block=message))
    glance(Packed(ArchiveLocation(file="a.warc.gz", offset=0, length=len(member)), member, b""))
