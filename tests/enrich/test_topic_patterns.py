"""The notation of lexicons, and where a text has a pattern."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.enrich.topics.lexicon import Target, lexicon_of
from worker.enrich.topics.patterns import PatternError, fold, pattern_of, patterns_of, positions


@pytest.mark.parametrize(
    ("notation", "weight"),
    [
        ("sanctions^3", 3.0),
        ("sanctions", 1.5),
        ("trade war", 2.0),
        ("embargo*", 1.0),
        ("trade war*", 1.0),
        ("embargo*^2", 2.0),
        (" embargo* ^ .5 ", 0.5),
    ],
)
def test_weight(notation, weight):
    assert pattern_of(notation).weight == weight


@pytest.mark.parametrize(
    ("notation", "told"),
    [
        ("embargo^x", "no number"),
        ("embargo^9", "not from"),
        ("embargo^0", "not from"),
        ("war*", "too short"),
        ("*wahl", "too short"),
        ("trade * war", "only before or after"),
        ("^3", "only before or after"),
        ("...", "only before or after"),
    ],
)
def test_what_cannot_be_read(notation, told):
    with pytest.raises(PatternError, match=told):
        patterns_of(f"fine; {notation}")


@pytest.mark.parametrize(
    ("notation", "text", "found"),
    [
        ("sanctions", "Sanctions were lifted", "Sanctions"),
        ("sanction", "Sanctions were lifted", None),
        ("embargo*", "two embargoes", "embargo"),
        ("*steuer", "Die Mehrwertsteuer steigt", "steuer"),
        ("*steuer", "Der Steuerberater", None),
        ("WHO", "the WHO said", "WHO"),
        ("WHO", "the man who said", None),
        ("Fed", "he fed the Fed", "Fed"),
        ("al-qaeda", "of Al Qaeda.", "Al Qaeda"),
        ("u.s. open", "at the U.S. Open", "U.S. Open"),
        ("st. louis", "in St.  Louis", "St.  Louis"),
        ("war crimes", "The war.\nCrimes rose", None),
        ("élection*", "les élections", "élection"),
        ("élection*", "l’élection", "élection"),
        ("election", "élection", None),
        ("выбор*", "На выборах", "выбор"),
        ("عقوبات", "رفع العقوبات", "العقوبات"),
        ("عقوبات", "والعقوبات", "والعقوبات"),
        ("عقوبات", "فرض عُقوباتٍ", "عُقوبات"),
        ("制裁", "美国解除制裁措施", "制裁"),
        ("istanbul", "İSTANBUL", "İSTANBUL"),
    ],
)
def test_where_a_text_has_a_pattern(notation, text, found):
    hits = list(lexicon_of([Target("1", pattern_of(notation))]).hits(fold(text)))
    kept = positions(text)
    spans = [text[kept[hit.start] : kept[hit.end - 1] + 1] for hit in hits]
    assert spans == ([found] if found else [])


@given(st.text(alphabet=st.sampled_from("ab.é \n\r\u0640\u064bأ\u0130,x'"), max_size=30))
def test_every_character_searched_stands_somewhere_in_the_text(text):
    folded, kept = fold(text), positions(text)
    assert len(folded.cased) == len(folded.small) == len(kept)
    assert kept == sorted(kept)
    for letter, at in zip(folded.cased, kept, strict=True):
        assert letter == " " or fold(text[at]).cased.strip() == letter
