"""How the table of words and the taxonomy are built, as far as no model is needed."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict

import numpy as np
import pytest

from topictable.examples import Example, definitions, lexicon_lines, news, usual
from topictable.packing import packed
from topictable.taxonomy import rows_of
from worker.enrich.topics.tagging import totals_of
from worker.enrich.topics.taxonomy import find_code, top_codes
from worker.enrich.topics.words import unpacked

SPORT, POLITICS = "15000000", "11000000"


def concept(code, **more):
    texts = {"prefLabel": {"en-GB": f"label {code}"}, "definition": {"en-GB": "What  it\nis"}}
    return {"qcode": f"medtop:{code}", **texts, **more}


def test_the_taxonomy_is_what_lives_by_code():
    address = "http://cv.iptc.org/newscodes/mediatopic/01000000"
    found = rows_of({"conceptSet": [
        concept("20000003", broader=[address]),
        concept("20000002", broader=[address], retired="2020-01-01"),
        concept("01000000", narrower=["medtop:20000003"]),
    ]})  # fmt: skip
    assert found == [
        ("01000000", "", "label 01000000", "What it is"),
        ("20000003", "01000000", "label 20000003", "What it is"),
    ]


def test_a_concept_below_two_others_is_refused():
    with pytest.raises(ValueError, match="medtop:20000003 has 2 broader"):
        rows_of({"conceptSet": [concept("20000003", broader=["medtop:01000000", "medtop:02000000"])]})


def test_news_items_stand_for_what_their_section_does(tmp_path):
    sections = {
        "_about": "a remark",
        "SPORTS": {"top": ["medtop:15000000"], "train": True, "weight": 1.0},
        "WEIRD": {"top": ["medtop:11000000"], "train": True, "weight": 0.5},
        "WORLD": {"top": ["medtop:16000000"], "train": False, "weight": 0.0},
    }
    (tmp_path / "sections.json").write_text(json.dumps(sections))
    items = [
        {"title": label, "text": "Text", "label": label} for label in ("SPORTS", "WORLD", "WEIRD", "OTHER")
    ]
    with gzip.open(tmp_path / "items.gz", "wt") as file:
        file.writelines(f"{json.dumps(item)}\n" for item in items)
    assert news(tmp_path / "items.gz", tmp_path / "sections.json") == [
        Example("SPORTS. Text", SPORT, 1.0),
        Example("WEIRD. Text", POLITICS, 0.5),
    ]


@pytest.mark.parametrize("source", [definitions, lexicon_lines])
def test_every_top_level_code_is_taught_as_much_as_others(source):
    weights = defaultdict(float)
    for example in source():
        weights[example.code] += example.weight
    assert weights == pytest.approx(dict.fromkeys(top_codes(), 3.0))


def test_computing_is_taught_as_technology():
    (software,) = [
        example for example in definitions() if example.text.startswith("software and applications. ")
    ]
    assert software.code == find_code("science and technology")


def test_a_packed_table_is_read_with_its_numbers():
    rows = np.array([[0.5, -1.0], [-0.25, 0.1], [0.0, 0.37]])
    read = unpacked(packed(["a", "b", "##c"], rows, np.array([0.125, -2.0]), [0.5, 3.25]))
    assert (read.pieces.first, read.pieces.later) == ({"a": 0, "b": 1}, {"c": 2})
    assert read.rows[:, :2] * read.steps == pytest.approx(rows, abs=1 / 127)
    assert read.rows[:, 2].tolist() == [1, 1, 1]
    assert read.bias.tolist() == [0.125, -2.0]
    assert read.usual == (0.5, 3.25)


def test_what_is_usual_is_the_mean_of_what_the_lexicon_finds(tmp_path):
    items = [{"title": "Election", "text": ""}, {"title": "Nothing", "text": "at all"}]
    with gzip.open(tmp_path / "items.gz", "wt") as file:
        file.writelines(f"{json.dumps(item)}\n" for item in items)
    found = dict(zip(top_codes(), usual(tmp_path / "items.gz"), strict=True))
    assert found[POLITICS] == totals_of("Election", "", "en")["20000574"] / 2 > 0
    assert found[SPORT] == 0
