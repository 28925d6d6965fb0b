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
        pytest.param(A, "https://news.example.com/politics-storm", Identity("https://news.example.com/politics-storm", A), id="half a segment is no section"),
        pytest.param(A, "https://news.example.com/story.php?id=7", Identity(A, note="canonical: other_page"), id="another page"),
        pytest.param(A, "https://news.example.com/2026/storm-hits", Identity("https://news.example.com/2026/storm-hits", A), id="another path with a word in common"),
        pytest.param("https://news.example.com/10021", A, Identity(A, "https://news.example.com/10021"), id="a number has no words to compare"),
        pytest.param("https://news.example.com/storm.html", "https://news.example.com/flood.html", Identity("https://news.example.com/storm.html", note="canonical: other_page"), id="an extension is no word"),
        pytest.param("https://news.example.com/%D1%88%D1%82%D0%BE%D1%80%D0%BC-amp", "https://news.example.com/шторм", Identity("https://news.example.com/шторм", "https://news.example.com/%D1%88%D1%82%D0%BE%D1%80%D0%BC-amp"), id="words in another script"),
        pytest.param("https://news.example.com/story.php?id=7", "https://news.example.com/story.php", Identity("https://news.example.com/story.php?id=7", note="canonical: section"), id="without what selects the article"),
        pytest.param("https://news.example.com/story.php?id=7&print=1", "https://news.example.com/story.php?id=7", Identity("https://news.example.com/story.php?id=7", "https://news.example.com/story.php?id=7&print=1"), id="with what selects it"),
        pytest.param("https://one.github.io/storm", "https://two.github.io/storm", Identity("https://one.github.io/storm", note="canonical: other_site"), id="other user of a private suffix"),
        pytest.param("https://uni.example/~alice/storm", "https://uni.example/~bob/storm", Identity("https://uni.example/~alice/storm", note="canonical: other_user"), id="other user's tilde"),
        pytest.param("https://medium.example/@alice/storm", "https://medium.example/@bob/storm", Identity("https://medium.example/@alice/storm", note="canonical: other_user"), id="other user's at"),
        pytest.param("https://medium.example/@alice/storm", "https://medium.example/weather/storm", Identity("https://medium.example/weather/storm", "https://medium.example/@alice/storm"), id="a publication of the host"),
        pytest.param("https://medium.example/@alice/storm?x=1", "https://medium.example/@Alice/storm", Identity("https://medium.example/@Alice/storm", "https://medium.example/@alice/storm?x=1"), id="same user"),
        pytest.param("https://blogs.example/users/alice/storm", "https://blogs.example/users/bob/storm", Identity("https://blogs.example/users/alice/storm", note="canonical: other_user"), id="other user's folder"),
        pytest.param(A, f"{A}/", Identity(f"{A}/", A), id="with a slash"),
        pytest.param(A, "http://news.example.com/politics/storm", Identity(A), id="another scheme"),
        pytest.param(A, "https://news.example.com:8443/politics/storm", Identity("https://news.example.com:8443/politics/storm", A), id="another port"),
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
