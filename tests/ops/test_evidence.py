"""What in an article speaks for its countries, as people are shown it."""

from __future__ import annotations

from tests.store.builders import document
from worker.ops.evidence import evidence_of, told

STORY = {
    "title": "Belarus sells less potash",
    "body": "MINSK - Belarus sold less potash to Brazil, officials in Minsk said.",
    "language": "en",
}


def test_each_name_once_the_surest_first_with_the_text_around_it():
    shown = evidence_of(document(**STORY))
    assert [(each.evidence.country, each.evidence.text) for each in shown] == [
        ("BY", "Belarus"), ("BY", "Minsk"), ("BR", "Brazil"),
    ]  # fmt: skip
    last = shown[-1]
    assert f"{last.before}{last.evidence.text}{last.after}" in f"{STORY['title']}\n{STORY['body']}"


def test_in_a_line():
    said = told(document(**STORY))
    assert said.startswith("BY: Belarus (country")
    assert "; BR: Brazil (country" in said


def test_nothing_to_tell():
    assert told(document(title="A word", body="of nowhere.", language="en")) == ""
