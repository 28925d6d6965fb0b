from __future__ import annotations

import pytest

from worker.enrich.language import language
from worker.enrich.tags import tag

GERMAN = (
    "Der Hafen ist nach drei Wochen wieder in Betrieb. Die Fischer hatten seit dem Sturm auf diesen Tag gewartet. "
    * 3
)


@pytest.mark.parametrize(
    ("title", "body", "hints", "code"),
    [
        pytest.param("", GERMAN, (), "de", id="measured"),
        pytest.param("", GERMAN, ("en", "en"), "de", id="a template's lang is not believed"),
        pytest.param("Storm", "12 °C", ("pt", "en"), "pt", id="too short: the page's word"),
        pytest.param("Storm", "12 °C", (None, "en"), "en", id="too short: the feed's word"),
        pytest.param("12", "345", (), "und", id="nothing to go by"),
        pytest.param("", "", (), "und", id="empty"),
        pytest.param(
            "嵐のあと港が再開",
            "東海岸の港は、北側の防波堤の修理を終えて再開した。",
            (None,),
            "ja",
            id="Japanese",
        ),
    ],
)
def test_language(title, body, hints, code):
    found, confidence = language(title, body, hints)
    assert found == code
    assert 0.0 <= confidence <= 1.0
    assert (confidence == 0.0) == (code == "und")


def test_tags_carry_the_language():
    tags = tag("Hafen in Betrieb", GERMAN, ("en",))
    assert (tags.language, tags.country_primary) == ("de", None)
    assert "medtop:04000000" in tags.topics
    assert tags.language_confidence >= 0.8
