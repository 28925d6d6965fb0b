"""Words and their pieces, the table of what they lean to, and the leanings of texts."""

from __future__ import annotations

import numpy as np
import pytest

from worker.enrich.topics import words
from worker.enrich.topics.patterns import fold
from worker.enrich.topics.pieces import pieces_of, split, words_of
from worker.enrich.topics.taxonomy import find_code, top_codes
from worker.enrich.topics.words import leanings, table

NEUTRAL = (1 / 17,) * 17


def lean(title, body):
    """Give the leanings of a text, folded as the tagger folds it."""
    return leanings(fold(f"{title}\n{body}").small.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("The FTSE-100's fall: 2.5%", ["the", "ftse", "100", "s", "fall", "2", "5"]),
        ("Café Zürich naïve", ["cafe", "zurich", "naive"]),
        ("cafe\u0301 co\u00adoperation", ["cafe", "cooperation"]),
        ("under_score\u2014dash\nline", ["under", "score", "dash", "line"]),
    ],
    ids=["empty", "punctuation", "accents", "combining mark and soft hyphen", "underscore, dash, line"],
)
def test_words_are_small_and_plain(text, expected):
    assert words_of(text) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("sanctions", "sanctions"),
        ("unaffable", "una ##ffa ##ble"),
        ("embeddings", "em ##bed ##ding ##s"),
        ("surfboarding", "surf ##boarding"),
        ("cryptocurrency", "crypt ##oc ##ur ##ren ##cy"),
        ("telecommunications", "telecommunications"),
        ("x" * 101, ""),
        ("правительство", ""),
        ("eurо", ""),
    ],
    ids=[
        "whole",
        "three",
        "four",
        "two",
        "five",
        "longest piece",
        "endless",
        "Cyrillic",
        "Cyrillic o at the end",
    ],
)
def test_words_are_cut_as_bert_cuts_them(word, expected):
    pieces = table().pieces
    names = {place: piece for piece, place in pieces.first.items()}
    names |= {place: f"##{piece}" for piece, place in pieces.later.items()}
    assert " ".join(names[place] for place in split(word, pieces)) == expected


def test_a_piece_that_continues_a_word_begins_none():
    assert split("ing", pieces_of(["##ing", "sing"])) == ()
    assert split("singing", pieces_of(["##ing", "sing"])) == (1, 0)


@pytest.mark.parametrize(
    ("title", "body", "topic"),
    [
        ("Striker scores twice in cup final", "The team won the match after extra time.", "sport"),
        ("Shares fall as bank reports loss", "Profits and revenue were below forecasts.", "economy, business and finance"),
        ("Church elects bishop", "Priests and worshippers prayed in the cathedral.", "religion"),
        ("Teacher shortage hits schools", "Pupils and students sat in larger classes.", "education"),
        ("New browser software", "Users download the computer program over the internet.", "science and technology"),
        ("Cold weekend ahead", "Forecasters expect snow, rain and temperatures below freezing.", "weather"),
        ("Troops shell rebels", "Soldiers and militants fought near the border, the army said.", "conflict, war and peace"),
    ],
    ids=["sport", "economy", "religion", "education", "computing", "weather", "war"],
)  # fmt: skip
def test_a_plain_text_leans_to_its_topic(title, body, topic):
    found = lean(title, body)
    assert sum(found) == pytest.approx(1)
    assert top_codes()[found.index(max(found))] == find_code(topic)


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("", ""),
        ("…", "?!"),
        ("Выборы", "Правительство объявило"),
        ("选举", "政府宣布"),
        ("الانتخابات", "أعلنت الحكومة"),
    ],
    ids=["empty", "no words", "Russian", "Chinese", "Arabic"],
)
def test_a_text_without_known_words_leans_to_nothing(title, body):
    assert lean(title, body) == NEUTRAL


def test_what_cannot_be_read_changes_nothing():
    assert lean("Bank shares fall", "Выборы 选举") == lean("Bank shares fall", "")


def test_a_text_leans_as_the_mean_of_its_pieces_and_the_bias_say():
    known = table()
    places = [known.pieces.first["bank"], known.pieces.first["protection"], known.pieces.later["ism"]]
    scores = np.exp(known.rows[places, :-1].mean(axis=0) * known.steps + known.bias)
    assert lean("Bank", "protectionism") == pytest.approx(tuple(scores / scores.sum()))


def test_leanings_do_not_depend_on_what_was_read_before():
    fresh = lean("Parliament votes", "The minister lost by two votes.")
    lean("Singer wins award", "Her album sold well.")
    assert lean("Parliament votes", "The minister lost by two votes.") == fresh
    words._sum_of.cache_clear()
    assert lean("Parliament votes", "The minister lost by two votes.") == fresh


def test_the_words_remembered_are_bounded():
    most = words._sum_of.cache_info().maxsize
    lean("", " ".join(f"w{number}" for number in range(most + 100)))
    assert words._sum_of.cache_info().currsize == most


def test_no_word_adds_up_to_more_than_is_counted():
    """Sums of a word are kept in 16 bits: 100 letters are 100 pieces at most."""
    assert 100 * int(np.abs(table().rows).max()) <= np.iinfo(np.int16).max
