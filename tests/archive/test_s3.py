"""The archive in object storage, on a real S3-compatible server: uploads, kills, outages, refusals, reading back."""

from __future__ import annotations

import hashlib
import json
import random
import secrets
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import fsspec.config
import pytest
import s3fs
import structlog.testing

from tests.archive.made import SUBJECT, page
from tests.archive.spooling import spooling
from tests.fakes import ManualClock
from tests.faults.proxy import Proxy, Wire
from tests.newsroom import follow, publish
from tests.servers.s3 import USER, client_environment, s3
from worker.archive.bucket import AWAY_S, Bucket
from worker.archive.opening import open_files
from worker.archive.reading import read_page
from worker.archive.retention import Hold, Limits
from worker.archive.spool import Spool
from worker.archive.uploading import SpooledArchive, Uploader
from worker.archive.writing import Rotation
from worker.cli import run_command
from worker.errors import ArchiveMissingError, ArchiveNotUploadedError, ArchiveUnavailableError
from worker.mill import open_store
from worker.models import ArchiveLocation
from worker.ops.retention import plan_prune, prune
from worker.service import run_service
from worker.settings import read_settings

pytestmark = [pytest.mark.slow]
QUICK = {"retries": {"max_attempts": 0}}


@pytest.fixture
def wire(s3_server):
    with closing(Proxy(s3_server.url)) as made:
        yield made


@pytest.fixture
def place(s3_server) -> str:
    """The URL of an archive in a bucket of its own."""
    return f"{s3_server.make_bucket(f'b-{secrets.token_hex(6)}')}/pages/2026"


@pytest.fixture(autouse=True)
def client(monkeypatch, wire):
    """Let this process speak to the server over the wire that can be cut, and give up soon."""
    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    monkeypatch.setitem(fsspec.config.conf, "s3", {**USER, "endpoint_url": wire.url, "config_kwargs": QUICK})


@pytest.fixture
def spool(tmp_path, place) -> Spool:
    (tmp_path / "spool").mkdir()
    return Spool(tmp_path / "spool", Bucket(place, ManualClock()))


def keep(spool, *pages, size=1, tokens=0):
    rotation = Rotation(max_bytes=size, max_age_s=900)
    archive = SpooledArchive(spool, rotation, ManualClock(tokens=tokens), lambda _: None)
    places = [archive.keep(each, SUBJECT) for each in pages]
    archive.close()
    return places


def wait_until(condition, what: str, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_every_page_reads_back_byte_for_byte_from_where_it_went(spool, place, tmp_path):
    pages = [page(n, size=n * 9_000) for n in range(12)]
    places = keep(spool, *pages, size=60_000)
    assert Uploader(spool, ManualClock()).round()
    assert spool.files() == []
    there = open_files(tmp_path / "another machine", place, ManualClock())
    assert [read_page(there, each) for each in places] == pages
    assert list(there.bucket.files()) == sorted({each.file for each in places})
    with pytest.raises(ArchiveMissingError, match="ends before 999999"):
        there.read(places[0].file, 999_999, 10)
    with pytest.raises(ArchiveNotUploadedError):
        read_page(there, ArchiveLocation(file="x.warc.gz", offset=0, length=1))


def test_a_killed_upload_leaves_nothing_and_the_next_start_does_it_again(tmp_path, place, wire):
    spool, environment = tmp_path / "spool", client_environment(wire.url)
    spool.mkdir()
    large = spool / "feedmill-20261124T120000-a-1-aa-00001.warc.gz"
    large.write_bytes(random.Random(1).randbytes(1_000_000) * 34)  # more than one part
    digest, size = hashlib.sha256(large.read_bytes()).hexdigest(), large.stat().st_size
    with spooling(spool, place, environment) as killed:
        wait_until(lambda: wire.passed > size * 2 // 3, "it does not upload")
        wire.wire = Wire.STALLED
        killed.kill()
    there = Bucket(place, ManualClock())
    wire.wire = Wire.WHOLE
    assert large.exists()
    assert there.find_size(large.name) is None
    with spooling(spool, place, environment) as again:
        out, err = again.communicate(timeout=60)
    assert (again.returncode, out) == (0, "uploaded\n"), err
    assert list(spool.iterdir()) == []
    assert there.sha256(large.name, size) == digest


def test_workers_on_one_spool_send_each_file_once(tmp_path, place, wire, s3_server):
    environment = client_environment(wire.url)
    workers = [spooling(tmp_path / "spool", place, environment, pages=8, size=5_000) for _ in range(2)]
    said = []
    for each in workers:
        out, err = each.communicate(timeout=60)
        assert each.returncode == 0, err
        said += [json.loads(line) for line in out.splitlines() if line != "uploaded"]
    assert len(said) == 16
    sent = s3_server.requests('"PUT', place.removeprefix("s3://"), ".warc.gz")
    assert len(sent) == len({each["place"]["file"] for each in said}) == 16
    files = open_files(tmp_path / "elsewhere", place, ManualClock())
    for each in said:
        assert read_page(files, ArchiveLocation(**each["place"])) == page(each["number"], size=5_000)


def test_a_server_that_is_away_for_a_while_costs_nothing_but_time(spool, wire):
    pages = [page(1), page(2)]
    places = keep(spool, *pages)
    uploader, wire.wire = Uploader(spool, ManualClock()), Wire.CUT
    with structlog.testing.capture_logs() as told:
        assert not uploader.round()
        assert not uploader.round()
        assert [read_page(spool, each) for each in places] == pages
        wire.wire = Wire.WHOLE
        assert uploader.round()
    assert [each["event"] for each in told if each["log_level"] != "debug"] == [
        "archive upload failed",
        "archive uploads again",
    ]
    wire.wire = Wire.CUT
    with pytest.raises(ArchiveUnavailableError, match="archive s3://"):
        read_page(spool, places[0])
    wire.wire = Wire.WHOLE
    spool.bucket._clock.seconds += AWAY_S
    assert [read_page(spool, each) for each in places] == pages


@pytest.fixture
def configured(monkeypatch, tmp_path, place):
    """Settings of a service whose archive is in the object store."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEEDMILL_STORE_URL", f"sqlite:///{tmp_path}/feedmill.db")
    monkeypatch.setenv("FEEDMILL_ARCHIVE_URL", place)
    monkeypatch.setenv("FEEDMILL_ARCHIVE_SPOOL", str(tmp_path / "spool"))
    monkeypatch.setenv("FEEDMILL_EXTRACT_PROCESSES", "1")
    return monkeypatch


def run(capsys, *arguments: str) -> tuple[int, list[str], str]:
    code = run_command(list(arguments))
    out, err = capsys.readouterr()
    return code, out.splitlines(), err


@pytest.mark.parametrize("command", [("run", "--until-idle"), ("reindex", "start")], ids=" ".join)
def test_a_bucket_that_is_not_there_is_said_at_once(configured, capsys, command):
    configured.setenv("FEEDMILL_ARCHIVE_URL", "s3://no-such-bucket/x")
    code, out, err = run(capsys, *command)
    said = (
        "feedmill: archive s3://no-such-bucket/x: The specified bucket does not exist (FEEDMILL_ARCHIVE_URL)"
    )
    assert (code, err.splitlines()) == (1, [said])


def test_without_credentials_that_is_said(configured, capsys, wire):
    configured.setitem(fsspec.config.conf, "s3", {"endpoint_url": wire.url, "config_kwargs": QUICK})
    configured.setenv("AWS_EC2_METADATA_DISABLED", "true")
    configured.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    code, _, err = run(capsys, "run", "--until-idle")
    assert (code, len(err.splitlines())) == (1, 1)
    assert "Unable to locate credentials (FEEDMILL_ARCHIVE_URL)" in err


def test_wrong_credentials_are_said_and_never_shown(configured, capsys):
    with s3(INITIAL_NO_AUTH_ACTION_COUNT="1") as strict:
        bucket = strict.make_bucket("strict")
        configured.setenv("FEEDMILL_ARCHIVE_URL", bucket)
        configured.setitem(fsspec.config.conf, "s3", {**USER, "endpoint_url": strict.url})
        code, out, err = run(capsys, "run", "--until-idle")
    assert (code, len(err.splitlines())) == (1, 1)
    assert err.startswith("feedmill: archive s3://strict: The AWS Access Key Id you provided does not exist")
    assert USER["secret"] not in err


def test_what_waits_and_what_went_is_listed_checked_and_extracted(configured, capsys, spool, place):
    went, damaged = keep(spool, page(1), page(2))
    raw = bytearray((spool.path / damaged.file).read_bytes())
    raw[damaged.offset + damaged.length // 2] ^= 255
    (spool.path / damaged.file).write_bytes(raw)
    Uploader(spool, ManualClock()).round()
    [waits] = keep(spool, page(3), tokens=99)
    _, lines, _ = run(capsys, "archive", "list", "--json")
    listed = [json.loads(line) for line in lines]
    assert [(each["file"], each["state"], each["responses"]) for each in listed] == [
        (waits.file, "to upload", 1),
        (went.file, "uploaded", 1),
        (damaged.file, "uploaded", 1),
    ]
    code, lines, err = run(capsys, "archive", "verify")
    assert (code, err) == (1, "feedmill: damaged at 1 place\n")
    assert lines[0].startswith(f"{damaged.file}: ")
    assert run(capsys, "archive", "verify", went.file, waits.file)[:2] == (0, ["8 whole records in 2 files"])
    size = (spool.path / waits.file).stat().st_size
    _, lines, _ = run(capsys, "status", "--json")
    assert json.loads(lines[0])["archive"] == {"files": 1, "open": 0, "size": size, "bucket": place}
    _, lines, _ = run(capsys, "status")
    assert f"archive     {place}; in the spool here 1 file, 0.0 MB" in lines
    code, _, err = run(capsys, "extract", went.file)
    assert code == 0
    assert err.splitlines()[-1].endswith(" without one")


class Pointing:
    """A store whose articles point to these files."""

    def __init__(self, *files):
        self.versions = self.entries = self
        self._files = dict.fromkeys(files, 1)

    def files(self):
        return self._files


def test_retention_deletes_what_was_uploaded_and_nothing_points_to(spool):
    needed, old = keep(spool, page(1), page(2))
    Uploader(spool, ManualClock()).round()
    [waits] = keep(spool, page(3), tokens=99)
    limits, now = Limits(older_than=timedelta(days=1)), datetime.now(UTC) + timedelta(days=9)
    going = plan_prune(spool, Pointing(needed.file), limits, now, even_referenced=False)
    assert [each.name for each in going.going] == [old.file]
    assert {each.name: hold for each, hold in going.held} == {
        waits.file: Hold.SPOOLED,
        needed.file: Hold.NEEDED,
    }
    assert prune(spool, going) == 1
    assert list(spool.bucket.files()) == [needed.file]
    assert [each.name for each in spool.files()] == [waits.file]


def test_a_machine_without_the_spool_makes_everything_anew(configured, capsys, site, tmp_path):
    towns = [f"town{number}" for number in range(12)]
    publish(site, towns)
    settings = read_settings(
        allow_private_networks="127.0.0.0/8",
        allow_ports="any",
        host_delay_s=0,
        fetch_threads=4,
    )
    with closing(open_store(settings)) as store:
        store.setup()
    run_service(settings, until_idle=True, resolver=site.resolve, on_start=follow(site.url("/feed.xml")))
    assert list((tmp_path / "spool").iterdir()) == []
    configured.setenv("FEEDMILL_ARCHIVE_SPOOL", str(tmp_path / "another machine"))
    code, lines, err = run(capsys, "reindex", "start")
    assert code == 0, err
    assert "12 documents: 12 remade" in lines
