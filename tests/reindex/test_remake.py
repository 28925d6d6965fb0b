"""A document made anew: what it says is today's, what it is and was stays."""

import hashlib
from dataclasses import fields, replace
from datetime import timedelta
from functools import partial
from itertools import count

import pytest

from tests.archive.made import packed_page
from tests.extract.pages import FETCHED_AT, page_of
from tests.test_pipeline import TEXT, URL, built, row_of
from worker.enrich.tags import tagger_version
from worker.errors import ArchiveDamagedError, ExtractError
from worker.extract.version import extractor_version
from worker.models import ArchiveLocation, Document, OutcomeKind, WrittenBy
from worker.reindex.making import page_for
from worker.reindex.remake import KEPT, remade, retagged
from worker.reindex.remake import row_of as row_from

HTML = (
    f"<html><head><title>Harbour reopens</title></head><body><article><p>{TEXT}</p></article></body></html>"
)
WALL = "<html><body><p>Please enable JavaScript to read this page.</p></body></html>"
PAGE = page_of(HTML.encode(), URL)
ROW = row_of(title="Harbour reopens")
FRESH = built(PAGE, ROW).candidate.document
STORED = replace(
    FRESH,
    article_id="another-id",
    url="https://courier.example/moved",
    canonical_url="https://courier.example/moved",
    identity_note="canonical: other article there",
    feed_title="Courier as it was",
    feed_ids=("f" * 16, "h" * 16),
    first_seen_at=FETCHED_AT - timedelta(days=2),
    fetched_at=FETCHED_AT - timedelta(days=1),
    indexed_at=FETCHED_AT - timedelta(days=1),
    publish_to_index_s=77,
    revision=4,
    written_by=WrittenBy(entry_id="e" * 32, generation=3, outcome=OutcomeKind.REVISED),
    archive=ArchiveLocation(file="a.warc.gz", offset=1, length=2),
    title="An old title",
    body="An old body",
    content_hash="old",
    countries=("XX",),
    topics=("old",),
    extractor_version="old",
    tagger_version="old",
)
make = partial(remade, tick=partial(next, count(0, 0.25)))


def test_the_text_and_the_tags_are_todays():
    new = make(STORED, PAGE, ROW)
    assert (new.title, new.body, new.content_hash) == (FRESH.title, FRESH.body, FRESH.content_hash)
    assert (new.countries, new.topics) == (FRESH.countries, FRESH.topics)
    assert (new.extractor_version, new.tagger_version) == (extractor_version(), tagger_version())


@pytest.mark.parametrize("name", KEPT)
def test_its_history_stays(name):
    assert getattr(make(STORED, PAGE, ROW), name) == getattr(STORED, name)


def test_every_field_either_stays_or_is_made_anew():
    made = {
        *("title", "body", "summary", "authors", "section", "image_url", "language", "language_confidence"),
        *("published_at", "published_source", "modified_at", "body_source", "word_count", "content_hash"),
        *("country_primary", "countries", "country_scores", "topics", "topics_all", "topics_top"),
        *("topic_names", "topic_scores", "quality", "extractor", "extractor_version", "tagger_version"),
    }
    assert made | set(KEPT) == {field.name for field in fields(Document)}
    assert not made & set(KEPT)


def test_making_it_again_changes_nothing():
    new = make(STORED, PAGE, ROW)
    assert make(new, PAGE, ROW) == new


def test_another_page_is_refused():
    other = packed_page(page_of(HTML.replace("three", "four").encode(), URL))
    with pytest.raises(ArchiveDamagedError, match="another one"):
        page_for(STORED, other)


def test_a_page_without_an_article_is_said():
    wall = page_of(WALL.encode(), URL)
    with pytest.raises(ExtractError):
        make(replace(STORED, raw_digest=built_digest(wall)), wall, ROW)


def built_digest(page):
    return hashlib.sha256(page.body).hexdigest()


def test_where_the_feeds_text_stood_in_it_stays():
    wall = page_of(WALL.encode(), URL)
    stored = replace(STORED, body=TEXT, body_source="feed", extractor="feed", raw_digest=built_digest(wall))
    new = make(stored, wall, ROW)
    assert (new.title, new.body, new.extractor) == (stored.title, TEXT, "feed")
    assert (new.extractor_version, new.tagger_version) == (extractor_version(), tagger_version())


def test_a_better_extractor_reads_the_page_where_the_feeds_text_stood_in():
    stored = replace(STORED, body="From the feed.", body_source="feed", extractor="feed")
    assert make(stored, PAGE, ROW).body == FRESH.body


def test_an_earlier_guess_of_the_date_stays():
    guessed = replace(STORED, published_at=FETCHED_AT - timedelta(days=3), published_source="url")
    new = make(guessed, PAGE, ROW)
    assert FRESH.published_source == "first_seen"
    assert (new.published_at, new.published_source) == (guessed.published_at, "url")


def test_retagged_changes_tags_alone():
    text = (
        "The plant at Soligorsk in Belarus exports potash to Brazil. Minsk said on Monday that sales rose. "
        * 3
    )
    new = retagged(replace(STORED, body=text, language="en"))
    assert "BY" in new.countries
    assert new.tagger_version == tagger_version()
    tags = {field.name for field in fields(Document)} & {
        *("language", "language_confidence", "country_primary", "countries", "country_scores", "topics"),
        *("topics_all", "topics_top", "topic_names", "topic_scores", "tagger_version", "body"),
    }
    same = [field.name for field in fields(Document) if field.name not in tags]
    assert {name: getattr(new, name) for name in same} == {name: getattr(STORED, name) for name in same}


def test_a_language_that_was_stated_is_still_stated():
    short = replace(STORED, title="Ok", body="Ok", language="pt", language_confidence=0.5)
    assert retagged(short).language == "pt"


def test_a_row_for_a_document_whose_own_is_gone():
    row = row_from(STORED)
    assert row.entry.entry_id == "e" * 32
    assert row.entry.published_at is None
    assert make(STORED, PAGE, row).body == FRESH.body
