"""Files that others wrote: every shape gives its pages, and damage costs no more than its record."""

from __future__ import annotations

import gzip
import io
import zlib
from dataclasses import replace

import brotli
import pytest

from tests.archive.made import SUBJECT, archive_in, names
from tests.archive.made import page as our_page
from tests.archive.strange import CRAWLED_AT, by_library, chunked, http, packed, record, story
from worker.archive import members
from worker.archive.foreign import Capture, PassedOver, captures_in
from worker.archive.reading import Unread, pages_in, read_page
from worker.archive.records import Subject
from worker.models import ArchiveLocation

BODY = story()


def found_in(raw: bytes) -> list:
    return list(captures_in(io.BytesIO(raw)))


def only_page(raw: bytes):
    (found,) = found_in(raw)
    assert isinstance(found, Capture), found
    return found.page


def kinds(raw: bytes) -> list[str]:
    """Say in a word what each record came to."""
    said = []
    for each in found_in(raw):
        match each:
            case Capture():
                said.append(each.page.url.rpartition("/")[2])
            case PassedOver():
                said.append(each.kind)
            case Unread():
                said.append(each.error.reason.removeprefix("archive_") + "!")
    return said


GZIPPED, CHUNKS = gzip.compress(BODY), chunked(BODY)
SHAPES = [
    ("as a crawler writes it", record()),
    ("WARC/1.1, with fractions of a second", record(version="1.1", date="2021-03-04T05:06:07.000999Z")),
    ("an hour's offset", record(date="2021-03-04T07:06:07+02:00")),
    ("angle brackets around the URL", record("<https://news.example/riga>")),
    ("no msgtype", record(content_type="application/http")),
    ("chunked", record(block=http(CHUNKS, transfer_encoding="chunked"))),
    ("gzip", record(block=http(GZIPPED, content_encoding="gzip"))),
    ("deflate", record(block=http(zlib.compress(BODY), content_encoding="deflate"))),
    ("brotli", record(block=http(brotli.compress(BODY), content_encoding="br"))),
    ("chunks of gzip", record(block=http(chunked(GZIPPED), transfer_encoding="chunked", content_encoding="gzip"))),
    ("said to be gzip, and decoded", record(block=http(BODY, content_encoding="gzip"))),
    ("said to be chunked, and joined", record(block=http(BODY, transfer_encoding="chunked"))),
    ("said to be chunks of gzip, and decoded",
     record(block=http(BODY, transfer_encoding="chunked", content_encoding="gzip"))),
    ("said to be chunks of gzip, and joined",
     record(block=http(GZIPPED, transfer_encoding="chunked", content_encoding="gzip"))),
    ("an unknown coding that it does not have", record(block=http(BODY, content_encoding="pack200-gzip"))),
    ("a wrong content-length", record(block=http(BODY, content_length="17"))),
    ("line feeds in the HTTP head", record(block=http(BODY, break_=b"\n"))),
    ("HTTP/2", record(block=http(BODY).replace(b"HTTP/1.1", b"HTTP/2"))),
    ("no end of the record", record(ending=b"")),
    ("half an end of the record", record(ending=b"\r\n")),
    ("more line breaks behind the record", record(ending=b"\r\n" * 4)),
    ("a digest of another kind", record(block_digest="blake3:00", payload_digest="whatever")),
]  # fmt: skip


@pytest.mark.parametrize("pack", [packed, bytes], ids=["packed", "plain"])
@pytest.mark.parametrize("raw", [raw for _, raw in SHAPES], ids=[name for name, _ in SHAPES])
def test_shapes(raw, pack):
    page = only_page(pack(raw))
    assert (page.url, page.final_url, page.status) == ("https://news.example/riga",) * 2 + (200,)
    assert page.fetched_at == CRAWLED_AT
    assert page.body == BODY


CUT = [
    ("chunked", http(CHUNKS[:1000], transfer_encoding="chunked"), 900),
    ("within a chunk's length", http(CHUNKS[:406], transfer_encoding="chunked"), 400),
    ("gzip", http(GZIPPED[:300], content_encoding="gzip"), 100),
    ("plain", http(BODY[:1000]), 1000),
]


@pytest.mark.parametrize(("block", "least"), [case[1:] for case in CUT], ids=[case[0] for case in CUT])
def test_what_is_there_of_a_body_that_was_cut_off(block, least):
    (found,) = found_in(record(block=block, truncated="length"))
    assert found.cut == "length"
    assert BODY.startswith(found.page.body)
    assert len(found.page.body) >= least


NO_PAGES = [
    ("a request", record(kind="request", content_type="application/http; msgtype=request"), "request"),
    ("a revisit", record(kind="revisit", profile="http://netpreserve.org/warc/1.1/server-not-modified"), "revisit"),
    ("a lookup", record("dns:news.example", b"1.2.3.4", content_type="text/dns"), "other protocol"),
    ("a resource", record(kind="resource", content_type="text/html"), "resource"),
    ("credentials", record("https://u:p@news.example/"), "kind!"),
    ("no HTTP", record(block=b"220 ready\r\n\r\n"), "kind!"),
    ("nothing at all", record(block=b""), "kind!"),
    ("no date", record(date=""), "damaged!"),
    ("an old date", record(date="20210304050607"), "damaged!"),
    ("another digest", record(block_digest="sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "damaged!"),
    ("chunks that are none", record(block=http(b"zz\r\nabc", transfer_encoding="chunked")), "damaged!"),
    ("cut off", record()[:-200], "damaged!"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "said"), [case[1:] for case in NO_PAGES], ids=[case[0] for case in NO_PAGES])
def test_what_is_no_page(raw, said):
    before, after = record("https://news.example/a"), record("https://news.example/b")
    assert kinds(packed(before, raw, after)) == ["a", said, "b"]


@pytest.mark.parametrize("raw", [case[1] for case in NO_PAGES[-2:]], ids=[case[0] for case in NO_PAGES[-2:]])
@pytest.mark.parametrize("pack", [gzip.compress, bytes], ids=["one member", "plain"])
def test_damage_in_one_piece_does_not_hide_what_follows(raw, pack):
    a, b, c = (record(f"https://news.example/{name}") for name in "abc")
    assert kinds(pack(a + raw + b"\r\n\r\n" + b + c)) == ["a", "damaged!", "b", "c"]


@pytest.mark.parametrize("pack", [gzip.compress, bytes], ids=["one member", "plain"])
def test_junk_between_records_does_not_hide_what_follows(pack):
    a, b = (record(f"https://news.example/{name}") for name in "ab")
    junk = b"junk " * 100_000
    said = kinds(pack(a + junk + b"\r\n\r\n" + b))
    assert (said[0], said[-1]) == ("a", "b")
    assert set(said[1:-1]) == {"damaged!"}


def test_a_file_in_one_member_that_is_torn_gives_what_is_before():
    raw = gzip.compress(
        b"".join(record(f"https://news.example/{n}", http(story(str(n)))) for n in range(200))
    )
    said = kinds(raw[: len(raw) // 2])
    assert said[:50] == [str(n) for n in range(50)]
    assert said[-1] == "damaged!"


def test_a_file_in_one_member_may_be_larger_than_what_is_held_in_memory(monkeypatch):
    monkeypatch.setattr(members, "LARGEST", 100_000)
    raw = gzip.compress(b"".join(record(f"https://news.example/{n}") for n in range(400)))
    assert kinds(raw) == [str(n) for n in range(400)]


@pytest.mark.parametrize(
    "options", [{"gzip": True}, {"gzip": False}, {"gzip": True, "warc_version": "1.1"}], ids=str
)
def test_what_a_library_writes(options):
    pages = {f"https://news.example/{n}": story(str(n)) for n in range(3)}
    raw = by_library(pages, **options)
    assert kinds(raw) == ["warcinfo", "0", "request", "1", "request", "2", "request"]
    assert {each.page.url: each.page.body for each in found_in(raw) if isinstance(each, Capture)} == pages


def test_a_place_is_told_only_of_what_can_be_read_from_there(tmp_path):
    alone = packed(record("https://news.example/a"), record("https://news.example/b"))
    assert [each.length is not None for each in found_in(alone)] == [True, True]
    for pieces in (gzip.compress(record() * 2), packed(record() + b"junk", record())):
        assert not any(getattr(each, "length", None) for each in found_in(pieces)[:1])
    (tmp_path / "a.warc.gz").write_bytes(alone)
    from worker.archive.files import Folder

    for each in found_in(alone):
        place = ArchiveLocation(file="a.warc.gz", offset=each.offset, length=each.length)
        assert read_page(Folder(tmp_path), place) == each.page


def test_our_own_files_tell_entries_from_feeds(tmp_path):
    archive = archive_in(tmp_path)
    kept = our_page(1)
    archive.keep(kept, SUBJECT)
    archive.keep(our_page(2), Subject(feed_id="f" * 16))
    archive.close()
    (name,) = names(tmp_path)
    with (tmp_path / name).open("rb") as file:
        first, *rest = captures_in(file)
        file.seek(0)
        assert len(list(pages_in(file))) == 2
    # `warcinfo` comes before, metadata behind each, and what the file holds at its end.
    found = [each for each in (first, *rest) if not isinstance(each, PassedOver)]
    assert [each.page for each in found] == [replace(kept)]
    assert [each.kind for each in (first, *rest) if isinstance(each, PassedOver)] == [
        "warcinfo", "metadata", "feed", "metadata", "metadata",
    ]  # fmt: skip
