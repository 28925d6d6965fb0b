"""Where a document goes: each rule a row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.store.builders import NOW, A, B, document, later
from worker.models import ArchiveLocation, Candidate, Document, OutcomeKind, WrittenBy
from worker.store.decide import OTHER_ARTICLE, Showing, body_hash, containment, decide, is_boilerplate
from worker.urls import displaced_article_id_of

FIRST = WrittenBy(entry_id="first", generation=1, outcome=OutcomeKind.INDEXED)
STORED = replace(
    document(), written_by=FIRST, indexed_at=NOW, publish_to_index_s=5, revision=3, feed_title="A"
)


def candidate(written: Document, **fields: Any) -> Candidate:
    return Candidate(**{"document": written, "entry_id": "second", "generation": 1, **fields})


SAME = replace(document(feed_id=B), fetched_at=later(5))
OLDER = replace(document(feed_id=B, body="Old body"), fetched_at=later(-5))
EDITED = replace(document(feed_id=B, body="New body"), fetched_at=later(5))
AGAIN = {"entry_id": "first", "generation": 2, "known_article_id": STORED.article_id}
BOTH = tuple(sorted((A, B)))

RULES = [
    ("the same content from another entry", SAME, {}, "merge", "duplicate"),
    ("the same content from its own entry", SAME, AGAIN, "merge", "unchanged"),
    ("known, but the first generation", SAME, {**AGAIN, "entry_id": "x", "generation": 1}, "merge", "duplicate"),
    ("known to be another article's", SAME, {**AGAIN, "known_article_id": "x"}, "merge", "duplicate"),
    ("older and different", OLDER, {}, "merge", "duplicate"),
    ("older and different, its own entry", OLDER, AGAIN, "merge", "unchanged"),
    ("newer and different", EDITED, {}, "replace", "revised"),
    ("as new and different", replace(EDITED, fetched_at=NOW), {}, "replace", "revised"),
    ("a repeated write", replace(EDITED, feed_id=A, feed_ids=(A,)), {"entry_id": "first"}, "keep", "indexed"),
    ("a repeated write, and a feed that came since", EDITED, {"entry_id": "first"}, "merge", "indexed"),
    ("nothing to merge", document(), {}, "keep", "duplicate"),
    ("another extractor, the same bytes", replace(EDITED, extractor_version="2", raw_digest=STORED.raw_digest), {},
     "merge", "duplicate"),
    ("another extractor, other bytes, other text", replace(EDITED, extractor_version="2"), {}, "replace", "revised"),
    ("another extractor, other bytes, the same text", replace(SAME, extractor_version="2", raw_digest="x"), {},
     "merge", "duplicate"),
    ("the same bytes, other text, the same extractor", replace(EDITED, raw_digest=STORED.raw_digest), {},
     "replace", "revised"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "fields", "action", "outcome"), [rule[1:] for rule in RULES], ids=[rule[0] for rule in RULES]
)
def test_rules(written: Document, fields: dict[str, Any], action: str, outcome: str) -> None:
    decision = decide(STORED, candidate(written, **fields), later(9))
    assert (decision.action, decision.outcome) == (action, outcome)


def test_a_repeated_write_adds_only_feeds() -> None:
    again = decide(STORED, candidate(EDITED, entry_id="first"), later(9))
    assert again.document == replace(STORED, feed_ids=BOTH)


def test_the_first_is_created() -> None:
    decision = decide(None, candidate(replace(document(), revision=7)), later(2))
    by = WrittenBy(entry_id="second", generation=1, outcome=OutcomeKind.INDEXED)
    expected = replace(document(), indexed_at=later(2), publish_to_index_s=120, written_by=by)
    assert (decision.action, decision.outcome, decision.document) == ("create", OutcomeKind.INDEXED, expected)


@pytest.mark.parametrize(
    ("source", "minutes", "expected"), [("feed", 1, 60), ("feed", -1, 0), ("first_seen", 1, None)]
)
def test_publish_to_index(source: str, minutes: float, expected: int | None) -> None:
    decision = decide(None, candidate(replace(document(), published_source=source)), later(minutes))
    assert decision.document
    assert decision.document.publish_to_index_s == expected


def test_a_merge_changes_only_feeds_and_times() -> None:
    decision = decide(STORED, candidate(replace(SAME, first_seen_at=later(-9), title="Other")), later(9))
    assert decision.document == replace(STORED, feed_ids=BOTH, first_seen_at=later(-9), fetched_at=later(5))


PLACE, OTHER_PLACE = (ArchiveLocation(file=f"{n}.warc.gz", offset=n, length=9) for n in (1, 2))


@pytest.mark.parametrize(
    ("known", "written", "kept"),
    [
        pytest.param(None, replace(SAME, archive=PLACE), PLACE, id="its first"),
        pytest.param(PLACE, replace(SAME, archive=OTHER_PLACE), PLACE, id="it has one"),
        pytest.param(PLACE, SAME, PLACE, id="none comes"),
        pytest.param(None, replace(OLDER, archive=PLACE), None, id="that of another text"),
    ],
)
def test_a_merge_gives_an_article_the_place_of_its_page(known, written, kept) -> None:
    merged = decide(document(archive=known), candidate(written), later(60)).document
    assert merged
    assert merged.archive == kept


def test_an_older_one_moves_fetched_at_not_back() -> None:
    decision = decide(STORED, candidate(OLDER), later(9))
    assert decision.document == replace(STORED, feed_ids=BOTH)


def test_a_revision_keeps_its_history() -> None:
    decision = decide(STORED, candidate(replace(EDITED, first_seen_at=later(3), feed_title="B")), later(9))
    by = WrittenBy(entry_id="second", generation=1, outcome=OutcomeKind.REVISED)
    kept = {"feed_id": A, "feed_title": "A", "feed_ids": BOTH, "first_seen_at": NOW, "publish_to_index_s": 5}
    assert decision.document == replace(EDITED, revision=4, written_by=by, indexed_at=later(9), **kept)


@pytest.mark.parametrize(
    ("source", "minutes", "expected"),
    [
        ("page", 5, (later(5), "page")),
        ("page", -5, (later(-5), "page")),
        ("first_seen", 5, (NOW, "feed")),
        ("first_seen", -5, (later(-5), "first_seen")),
    ],
)
def test_a_revision_that_knows_no_date_keeps_the_earlier(source: str, minutes: float, expected: Any) -> None:
    dated = replace(EDITED, published_source=source, published_at=later(minutes))
    decision = decide(STORED, candidate(dated), later(9))
    assert decision.document
    assert (decision.document.published_at, decision.document.published_source) == expected


STORY = "The council voted on Monday to close the old bridge for a year while engineers repair it"
OTHER = "A storm at sea delayed ferries and filled hotels along the northern coast for two days"
BRIDGE = replace(STORED, body=STORY, title="Bridge to close")
FALLBACK = {"fallback_id": "own", "fallback_url": "https://news.example/own?utm_source=x"}


@pytest.mark.parametrize(
    ("title", "body", "fields", "action"),
    [
        ("Ferries delayed", OTHER, FALLBACK, "fallback"),
        ("Bridge to close", OTHER, FALLBACK, "replace"),
        ("BRIDGE to close!", OTHER, FALLBACK, "replace"),
        ("Bridge closed", STORY + ". " + OTHER, FALLBACK, "replace"),
        ("Ferries delayed", OTHER, {}, "replace"),
        ("Ferries delayed", OTHER, {**FALLBACK, "entry_id": "first", "generation": 2}, "replace"),
        ("Ferries delayed", "", FALLBACK, "fallback"),
    ],
    ids=[
        "another article",
        "same title",
        "same title, normalised",
        "grown text",
        "no canonical",
        "own entry",
        "no text",
    ],
)
def test_canonical_of_another_article(title: str, body: str, fields: dict[str, Any], action: str) -> None:
    written = replace(EDITED, title=title, body=body)
    assert decide(BRIDGE, candidate(written, **fields), later(9)).action == action


def test_a_fallback_takes_the_fetched_pages_identity() -> None:
    poisoned = candidate(replace(EDITED, title="Ferries delayed", body=OTHER), **FALLBACK)
    decision = decide(BRIDGE, poisoned, later(9))
    assert decision.candidate
    own = decision.candidate.document
    assert (own.article_id, own.url, own.identity_note) == ("own", FALLBACK["fallback_url"], OTHER_ARTICLE)
    assert own.canonical_url == "https://news.example/own"
    assert decide(None, decision.candidate, later(9)).action == "create"


def test_a_page_whose_own_address_is_taken_too_gets_an_id_that_only_its_entry_can_have() -> None:
    poisoned = candidate(replace(EDITED, title="Ferries delayed", body=OTHER), **FALLBACK)
    second = decide(BRIDGE, poisoned, later(9)).candidate
    assert second
    third = decide(BRIDGE, second, later(9)).candidate
    assert third
    assert third.document.article_id == displaced_article_id_of(poisoned.entry_id)
    assert third.document.url == FALLBACK["fallback_url"]
    assert (third.fallback_id, third.fallback_url) == (None, None)


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        (STORY, STORY, 1.0),
        (STORY, OTHER, 0.0),
        (STORY, f"{STORY} {OTHER}", 1.0),
        ("德国昨天举行了选举", "昨天德国下了大雪", 0.0),
        ("德国昨天举行了选举", "德国昨天举行了", 1.0),
        ("two words", "Two Wörds", 1.0),
        ("", STORY, 0.0),
    ],
)
def test_containment(one: str, other: str, share: float) -> None:
    assert containment(one, other) == share


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("Follow us!", "FOLLOW  US!", True, id="case and blanks"),
        pytest.param("Page 1 of 20", "Page 17 of 4", True, id="digits"),
        pytest.param("第1頁，共20頁", "第 9 頁，共 3 頁", True, id="digits in Chinese"),
        pytest.param("Follow us!", "Follow us", False, id="signs count"),
        pytest.param("Follow us!", "Follow them!", False, id="words"),
    ],
)
def test_body_hash(one: str, other: str, same: bool) -> None:
    assert (body_hash(document(body=one)) == body_hash(document(body=other))) is same


@pytest.mark.parametrize(
    ("written", "has_hash"),
    [
        pytest.param({"word_count": 300}, True, id="as long as may be"),
        pytest.param({"word_count": 301}, False, id="longer: an article with edited headlines"),
        pytest.param({"body_source": "feed"}, False, id="the feed's own text"),
        pytest.param({"body": "12 \n 345"}, False, id="digits only"),
        pytest.param({"body": "a\ud800b"}, True, id="a lone surrogate"),
    ],
)
def test_which_texts_can_be_boilerplate(written: dict[str, Any], has_hash: bool) -> None:
    assert (body_hash(document(**written)) is not None) is has_hash


def showing(number: int, title: str, article_id: str | None = None) -> Showing:
    return Showing(f"entry-{number}", title, article_id)


@pytest.mark.parametrize(
    ("showings", "expected"),
    [
        pytest.param([showing(1, "A"), showing(2, "B"), showing(3, "C")], True, id="three titles"),
        pytest.param(
            [showing(1, "A"), showing(2, "B"), showing(3, "A"), showing(4, "B")], False, id="two titles"
        ),
        pytest.param(
            [showing(1, "A"), showing(2, "a!"), showing(3, "Á")], False, id="titles that read the same"
        ),
        pytest.param([showing(1, "A"), showing(2, "B"), showing(3, "")], False, id="no title is none"),
        pytest.param(
            [showing(1, "Draw 12"), showing(2, "Draw 13"), showing(3, "Draw 14")],
            False,
            id="other figures only",
        ),
        pytest.param(
            [showing(1, "A", "x"), showing(2, "B", "x"), showing(3, "C", "x")], False, id="one article"
        ),
        pytest.param(
            [showing(1, "A", "x"), showing(2, "B", "y"), showing(3, "C")], True, id="some withdrawn"
        ),
        pytest.param([], False, id="none"),
    ],
)
def test_is_boilerplate(showings: list[Showing], expected: bool) -> None:
    assert is_boilerplate(showings) is expected
