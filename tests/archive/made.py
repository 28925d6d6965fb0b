"""Pages for the archive, and an archive in a folder of its own, opened as tests want it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.fakes import START, ManualClock
from worker.archive import records
from worker.archive.files import Folder
from worker.archive.members import packed
from worker.archive.reading import Packed
from worker.archive.records import Subject
from worker.archive.writing import Rotation, WarcArchive
from worker.models import ArchiveLocation, Hop, Page

SUBJECT = Subject(feed_id="f" * 16, entry_id="e" * 32)
HEADERS = {"content-type": "text/html; charset=utf-8", "server": "test"}
LARGE = Rotation(max_bytes=10**9, max_age_s=900.0)


def page(number: int = 0, size: int = 2_000, **changes: Any) -> Page:
    """Return a page whose body nobody can compress much; the same number gives the same page."""
    body = b"<html>" + random.Random(number).randbytes(size)
    made = Page(
        url=f"https://news.example/{number}",
        final_url=f"https://news.example/story/{number}",
        status=200,
        headers=HEADERS,
        body=body,
        fetched_at=START + timedelta(milliseconds=number),
        redirects=(Hop(status=301, url=f"https://news.example/{number}"),),
        wait_ms=7,
        fetch_ms=number,
    )
    return replace(made, **changes)


def packed_page(original: Page) -> Packed:
    """Return a page as the archive has it, at the start of a file, with the `metadata` behind it."""
    response, about = (records.record_id(digit * 32) for digit in "12")
    member = packed(records.response(original, response))
    behind = packed(records.metadata(original, SUBJECT, response, about))
    return Packed(ArchiveLocation(file="a.warc.gz", offset=0, length=len(member)), member, behind)


def archive_in(
    path: Path, rotation: Rotation = LARGE, clock: Any = None, met: Callable[[Any], Any] = lambda _: None
) -> WarcArchive:
    """Return an archive without upkeep: `sync` is the test's."""
    path.mkdir(exist_ok=True)
    return WarcArchive(Folder(path), rotation, clock or ManualClock(), met)


def names(path: Path) -> list[str]:
    return sorted(each.name for each in path.iterdir())
