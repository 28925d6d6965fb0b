"""What in an article speaks for its tags, as people are shown it."""

from __future__ import annotations

from tests.store.builders import document
from worker.ops.evidence import countries_shown, told, topics_shown

STORY = {
    "title": "Belarus sells less potash",
    "body": "MINSK - Belarus sold less potash to Brazil, officials in Minsk said.",
    "language": "en",
}


def test_each_name_once_the_surest_first_with_the_text_around_it():
    shown = countries_shown(document(**STORY))
    assert [(each.about, each.words) for each in shown] == [
        ("BY", "Belarus"), ("BY", "Minsk"), ("BR", "Brazil"),
    ]  # fmt: skip
    last = shown[-1]
    assert f"{last.before}{last.words}{last.after}" in f"{STORY['title']}\n{STORY['body']}"


def test_in_a_line():
    said = told(countries_shown(document(**STORY)))
    assert said.startswith("BY: Belarus (country")
    assert "; BR: Brazil (country" in said


def test_nothing_to_tell():
    nothing = document(title="A word", body="of nowhere.", language="en")
    assert told(countries_shown(nothing)) == told(topics_shown(nothing)) == ""


def test_each_pattern_once_under_the_topic_it_speaks_for():
    story = document(title="Interest rates rise", body="Interest rates rise, the bank said.", language="en")
    shown = topics_shown(story)
    assert shown[0].about == "interest rates"
    assert len({(each.about, each.why) for each in shown}) == len(shown)
    assert f"{shown[0].before}{shown[0].words}{shown[0].after}" in f"{story.title}\n{story.body}"
