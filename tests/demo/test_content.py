from __future__ import annotations

import re
from collections import Counter

import pytest

from worker.demo.content import Kind
from worker.demo.load import load_outlets

OUTLETS = load_outlets()
FULL = [
    article
    for outlet in OUTLETS
    for article in outlet.articles
    if article.kind in (Kind.ARTICLE, Kind.SLOW) and article.path == article.canonical_path
]


def test_the_site_is_large_and_many_tongued():
    languages = Counter(article.language for article in FULL)
    assert len(FULL) == 42
    assert languages == {"en": 13, "de": 7, "fr": 7, "es": 7, "ru": 6, "zh": 1, "ar": 1}


@pytest.mark.parametrize("article", FULL, ids=lambda article: article.path)
def test_an_article_reads_like_one(article):
    text = " ".join(article.paragraphs)
    length = len(text) / 2 if article.language == "zh" else len(text.split())
    assert 150 <= length <= 400
    assert len(article.paragraphs) >= 5
    assert 0 < article.hours_ago < 48


def test_no_sentence_is_used_twice():
    sentences = [
        s for a in FULL for p in a.paragraphs for s in re.split(r"(?<=[.!?。؟])\s*", p) if len(s) > 20
    ]
    assert [s for s, count in Counter(sentences).items() if count > 1] == []
    assert len({article.title for article in FULL}) == len(FULL)


def test_furniture_occurs_in_no_article():
    bodies = "\n".join(paragraph for article in FULL for paragraph in article.paragraphs)
    printed = [sentence for outlet in OUTLETS for sentence in outlet.furniture.sentences()]
    assert len(printed) == len(set(printed)) > 60
    assert [sentence for sentence in printed if sentence in bodies] == []


def test_a_copy_says_what_its_original_says():
    by_path = {article.path: article for outlet in OUTLETS for article in outlet.articles}
    copies = [article for article in by_path.values() if article.path != article.canonical_path]
    assert [copy.canonical_path for copy in copies] == ["/courier/world/moldova-wine-cellars-museum"]
    assert copies[0].paragraphs == by_path[copies[0].canonical_path].paragraphs
