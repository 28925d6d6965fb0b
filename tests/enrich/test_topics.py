"""Topics of texts: what is assigned, in which order, on which evidence; and that the lexicons hold together."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.enrich import topics
from worker.enrich.topics.lexicon import entries, languages
from worker.enrich.topics.score import top_scores
from worker.enrich.topics.tagging import topic_evidence, topics_of
from worker.enrich.topics.taxonomy import concepts, find_code, line_of, top_codes, top_of
from worker.enrich.topics.words import Words

STORY = (
    "Central bank raises interest rates",
    "The central bank raised its key interest rate by half a point to fight inflation.\nConsumer prices rose.",
    "en",
)


POLITICS, WEATHER = "11000000", "17000000"
LEXICONS = sorted((Path(topics.__file__).parents[1] / "data" / "lexicon").glob("*.txt"))


@pytest.mark.parametrize("path", LEXICONS, ids=lambda path: path.stem)
def test_a_lexicon_names_concepts_as_the_taxonomy_does(path):
    """Patterns are strict about their notation when a lexicon is read; codes and labels only here."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            code, _, label = line.partition(" | ")[0].partition(" ")
            assert concepts()[code].label == label, line


@pytest.mark.parametrize("language", languages())
def test_a_lexicon_has_a_concept_once(language):
    listed = [code for code, _ in entries(language)]
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("language", languages())
def test_a_lexicon_covers_all_top_level_codes_and_the_newsworthy_concepts(language):
    listed = {code for code, _ in entries(language)}
    assert {top_of(code) for code in listed} == set(top_codes())
    assert len(listed) >= (400 if language == "en" else 117)


@pytest.mark.parametrize("language", languages())
def test_no_pattern_is_listed_twice_for_a_concept(language):
    twice = [
        (code, pattern.text)
        for code, patterns in entries(language)
        for pattern in patterns
        if sum(pattern.text == other.text for other in patterns) > 1
    ]
    assert twice == []


def test_codes_names_and_scores_belong_together():
    found = topics_of(*STORY)
    assert "interest rates" in found.names
    assert found.top == ("medtop:04000000",)
    assert found.codes[-1] == "medtop:04000000"
    assert found.scores.keys() == set(found.codes)
    assert all(0 < score <= 1 for score in found.scores.values())
    for code, name in zip(found.codes, found.names, strict=True):
        bare = code.removeprefix("medtop:")
        assert concepts()[bare].label == name
        assert {f"medtop:{above}" for above in line_of(bare)} <= set(found.all)


def test_evidence_stands_where_it_says_and_speaks_for_what_was_assigned():
    title, body, language = STORY
    found, evidence = topics_of(title, body, language), topic_evidence(title, body, language)
    assert {each.topic for each in evidence} | set(found.top) == set(found.codes)
    for each in evidence:
        assert f"{title}\n{body}"[each.start : each.end] == each.text


@pytest.mark.parametrize(
    ("title", "body", "language"),
    [
        ("", "", "en"),
        ("A walk", "He went out and came back.", "en"),
        ("Központi bank kamatot emel", "A jegybank kamatot emelt.", "hu"),
        ("Central bank raises interest rates", "Central bank raises interest rates", "und"),
    ],
    ids=["nothing", "no topic", "no lexicon", "no language"],
)
def test_abstains(title, body, language):
    found = topics_of(title, body, language)
    assert (found.codes, found.all, found.top, found.names, dict(found.scores)) == ((), (), (), (), {})


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Economic  Sanction", "20000642"),
        ("politics", "11000000"),
        ("science", "13000000"),
        ("sport", "15000000"),
        ("polit", None),
        ("", None),
    ],
)
def test_a_topic_by_name(name, code):
    assert find_code(name) == code


def scored(usual):
    """Score politics and weather, which a text speaks for alike, its words leaning nowhere."""
    totals = dict.fromkeys((POLITICS, WEATHER), 4.0)
    leanings = (1 / len(top_codes()),) * len(top_codes())
    scores = top_scores(totals, Words(leanings, tuple(usual.get(code, 1.0) for code in top_codes())))
    return scores[POLITICS], scores[WEATHER]


def test_what_news_of_all_sorts_has_much_of_counts_less():
    politics, weather = scored({POLITICS: 10.0})
    assert 0 < politics < weather
    politics, weather = scored({})
    assert politics == weather
