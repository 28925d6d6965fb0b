"""What an attempt at an entry asks of the archive, and what the ledger is told."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from tests.archive.made import page
from tests.extract.pages import FETCHED_AT
from tests.newsroom import body_of
from tests.newsroom import page as article
from tests.test_pipeline import row_of
from worker.archive.base import NoArchive
from worker.archive.records import sha256
from worker.errors import ArchiveUnavailableError, NoArticleError
from worker.ingest import Attempt, build
from worker.models import ArchiveLocation, OutcomeKind

PLACE = ArchiveLocation(file="a.warc.gz", offset=7, length=100)
EARLIER = ArchiveLocation(file="earlier.warc.gz", offset=1, length=2)
STORY = page(1, body=article("The story", body_of("Minsk", "potash deal")).body)


class Kept:
    """An archive that keeps everything at one place, and remembers what it was asked."""

    def __init__(self, away: ArchiveUnavailableError | None = None) -> None:
        self.away = away
        self.asked: list = []

    def require(self) -> None:
        if self.away:
            raise self.away

    def keep(self, page, subject, earlier=None):
        self.asked.append((page, subject, earlier))
        return earlier or PLACE


class Desk:
    """As much of a mill as one page needs. `articles` are what the index has."""

    def __init__(self, archive, fetched=STORY, articles=()) -> None:
        self.archive = archive
        self.requests: list[str] = []
        found = {each.article_id: each for each in articles}
        self.store = SimpleNamespace(
            feeds=SimpleNamespace(get=lambda _: None), articles=SimpleNamespace(get=found.get)
        )
        self.settings = SimpleNamespace(robots="ignore")
        self.clock = SimpleNamespace(monotonic=lambda: 0.0, now=lambda: FETCHED_AT)
        self.pool = SimpleNamespace(run=lambda job, *args, **kwargs: job(*args, **kwargs))
        self.fetcher = SimpleNamespace(fetch=self._fetch)
        self._fetched = fetched

    def _fetch(self, url, kind, permit):
        self.requests.append(url)
        return self._fetched


def attempt(**changes) -> Attempt:
    row = row_of()
    return Attempt(
        claim=None, row=replace(row, timings=replace(row.timings, total_ms=1), **changes), started=0.0
    )


def indexed(**changes):
    document = build(Desk(Kept()), attempt()).candidate.document
    return replace(document, article_id="known", archive=EARLIER, **changes)


def test_article_and_outcome_say_where_the_page_lies():
    archive, trial = Kept(), attempt()
    document = build(Desk(archive), trial).candidate.document
    [(kept, subject, earlier)] = archive.asked
    assert (kept, earlier) == (STORY, None)
    assert (subject.feed_id, subject.entry_id) == (trial.row.entry.feed_id, trial.row.entry.entry_id)
    assert document.archive == trial.ended(OutcomeKind.INDEXED, 1.0).archive == PLACE


def test_a_page_without_an_article_is_kept_too():
    trial = attempt()
    with pytest.raises(NoArticleError):
        build(Desk(Kept(), page(1, body=b"<html><body></body></html>")), trial)
    assert trial.ended(OutcomeKind.REJECTED, 1.0).archive == PLACE


@pytest.mark.parametrize(
    ("articles", "earlier"),
    [
        pytest.param((), None, id="the article is gone"),
        pytest.param((indexed(raw_digest=sha256(STORY.body)),), EARLIER, id="the same body"),
        pytest.param((indexed(raw_digest="other"),), None, id="another body"),
    ],
)
def test_a_body_that_is_still_the_same_is_not_kept_again(articles, earlier):
    archive, trial = Kept(), attempt(article_id="known")
    build(Desk(archive, articles=articles), trial)
    assert archive.asked[0][2] == earlier
    assert trial.archive == (earlier or PLACE)


def test_nothing_is_fetched_for_an_archive_that_is_away():
    desk = Desk(Kept(ArchiveUnavailableError(detail="the disk is full")))
    with pytest.raises(ArchiveUnavailableError):
        build(desk, attempt())
    assert desk.requests == []


def test_where_no_page_came_the_outcome_keeps_the_place_of_the_last_one():
    assert attempt(archive=EARLIER).ended(OutcomeKind.GAVE_UP, 1.0).archive == EARLIER


def test_without_an_archive_there_is_no_place():
    trial = attempt()
    assert build(Desk(NoArchive()), trial).candidate.document.archive is None
    assert trial.ended(OutcomeKind.INDEXED, 1.0).archive is None
