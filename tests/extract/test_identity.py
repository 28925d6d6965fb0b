from __future__ import annotations

import pytest

from worker.errors import RedirectedHomeError
from worker.extract.identity import Identity, choose_identity

A = "https://news.example.com/politics/storm"


@pytest.mark.parametrize(
    ("final", "canonical", "identity"),
    [
        pytest.param(A, None, Identity(A), id="none"),
        pytest.param(f"{A}?utm_source=x", A, Identity(f"{A}?utm_source=x"), id="same identity"),
        pytest.param(f"{A}?ref=home", A, Identity(A, f"{A}?ref=home"), id="without parameters"),
        pytest.param("https://m.news.example.com/politics/storm", A, Identity(A, "https://m.news.example.com/politics/storm"), id="mobile host of the site"),
        pytest.param(f"{A}/amp", A, Identity(A, f"{A}/amp"), id="AMP"),
        pytest.param(f"{A}/2", A, Identity(A, f"{A}/2"), id="page two"),
        pytest.param(A, "https://agency.example.org/wire/9", Identity(A, note="canonical: other_site"), id="other site"),
        pytest.param("https://one.blogspot.com/a", "https://two.blogspot.com/a", Identity("https://one.blogspot.com/a", note="canonical: other_site"), id="other blog of one host"),
        pytest.param(A, "https://news.example.com/", Identity(A, note="canonical: home"), id="home page"),
        pytest.param(A, "https://news.example.com/politics", Identity(A, note="canonical: section"), id="section"),
        pytest.param(A, "https://news.example.com/politics/", Identity(A, note="canonical: section"), id="section with a slash"),
        pytest.param(A, "https://news.example.com/politics?id=7", Identity("https://news.example.com/politics?id=7", A), id="a query makes it a page"),
        pytest.param(A, "https://news.example.com/pol", Identity("https://news.example.com/pol", A), id="half a segment is no section"),
    ],
)  # fmt: skip
def test_choose_identity(final, canonical, identity):
    assert choose_identity(final, final, canonical) == identity


def test_redirect_to_the_home_page_is_an_error():
    with pytest.raises(RedirectedHomeError):
        choose_identity(A, "https://news.example.com/index.html", None)


def test_a_home_page_that_was_asked_for_is_none():
    assert choose_identity("https://news.example.com", "https://news.example.com/", None) == Identity(
        "https://news.example.com/"
    )
