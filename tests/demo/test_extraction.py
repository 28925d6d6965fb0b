"""The demonstration site through our own extraction: the text, the whole text, and none of the furniture."""

from __future__ import annotations

import pytest

from tests.demo.conftest import BASE
from tests.demo.test_pages import PAGES
from tests.extract.pages import page_of
from worker.extract.body import extract_article


@pytest.mark.parametrize(("outlet", "article"), PAGES, ids=[article.path for _, article in PAGES])
def test_the_body_is_the_text_and_no_sentence_of_the_furniture(site_answers, outlet, article):
    page = page_of(site_answers[article.path].body, BASE + article.path)
    found = extract_article(page, None)
    assert found.body.split("\n") == list(article.paragraphs)
    assert [sentence for sentence in outlet.furniture.sentences() if sentence in found.body] == []
    assert found.title == article.plain_title
