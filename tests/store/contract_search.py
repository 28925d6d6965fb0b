"""Shared contract queries: every store answers each with the same set of articles."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.builders import NOW, A, B, document, entry, ingest
from worker.models import Document
from worker.store.base import Store
from worker.store.query import make_request


def article(name: str, language: str, title: str, body: str, **fields: Any) -> Document:
    return replace(
        document(name, **fields.pop("where", {})), language=language, title=title, body=body, **fields
    )


ARTICLES = [
    article("en1", "en", "Elections in Germany", "Voters went to the polls on Sunday.",
            countries=("DE",), country_primary="DE", topics=("medtop:20000574",),
            topics_all=("medtop:20000574", "medtop:11000000"), topic_names=("Election",)),
    article("en2", "en", "A café in Minsk", "An election was held. The running costs rose by 3.5 percent.",
            countries=("BY", "DE"), country_primary="BY", published_at=NOW - timedelta(days=1)),
    article("en3", "en", "Sport live blog", "The U.S. team ran and won; e-mail us at it's_fine.",
            domain="sport.example", published_at=NOW - timedelta(days=2), where={"feed_id": B}),
    article("de", "de", "Die Straße der Häuser", "In dieser Straße stehen viele alte Häuser.",
            summary="Altstadt und Wahlen"),
    article("ru", "ru", "Выборы в Беларуси", "Итоги выборов объявили в воскресенье, ёлка.", countries=("BY",)),
    article("zh", "zh", "德国选举", "昨天举行了全国选举，投票率很高。"),
    article("ja", "ja", "東京のニュース", "東京タワーで新しいiPhone発売イベント。"),
    article("fr", "fr", "L'élection présidentielle", "Les élections et l'œuvre de Zoë."),
    article("es", "es", "Elección", "Las elecciones generales."),
    article("da", "da", "København", "Nyheder fra København."),
    article("ar", "ar", "الانتخابات", "أخبار الانتخابات في مصر"),
    article("hi", "hi", "चुनाव", "चुनावों के परिणाम"),
    article("tr", "tr", "Seçimler", "Türkiye'de seçimler yapıldı."),
    article("und", "und", "elections everywhere", "A text in no known language"),
]  # fmt: skip

QUERIES = [
    ("election", "en1 en2 fr", "inflected: elections, but stems need a known language"),
    ("elections", "en1 en2 fr und", "the word itself is found in any language"),
    ("ELECTION", "en1 en2 fr", "case"),
    ("run", "en2", "running"),
    ("runs", "en2", "the stem of the query"),
    ("выбор", "ru", "the singular finds the plural"),
    ("выборами", "ru", "any case finds any other"),
    ("елка", "ru", "ё typed as е"),
    ("选举", "zh", "inside a sentence without spaces"),
    ("举行", "zh", "in the body"),
    ("行选", "", "a pair that only a missing boundary would make"),
    ("国选举", "zh", "three characters"),
    ("选", "zh", "one character"),
    ("高", "zh", "the last character of a run"),
    ("东京", "", "simplified is not traditional"),
    ("東京", "ja", "han in japanese"),
    ("ニュース", "ja", "katakana"),
    ("iphone", "", "a word glued to others is not a word of its own"),
    ("cafe", "en2", "accents folded"),
    ("café", "en2", "accents typed"),
    ("zoe", "fr", "diaeresis"),
    ("oeuvre", "fr", "ligature spelt out"),
    ("strasse", "de", "ß spelt out"),
    ("straße", "de", "ß typed"),
    ("haus", "de", "umlaut in the stem is folded"),
    ("wahl", "de", "in the summary"),
    ("kobenhavn", "da", "folded in a language without a stemmer"),
    ("københavn", "da", "typed"),
    ("eleccion", "es", "without its accent"),
    ("elecciones", "es", "plural"),
    ("الانتخاب", "ar", "the singular in Arabic"),
    ("चुनाव", "hi", "vowel signs belong to the word"),
    ("seçimler", "tr", "turkish"),
    ("german", "", "no stem of Germany in English"),
    ("election germany", "en1", "both words"),
    ("germany OR minsk", "en1 en2", "either"),
    ("election germany OR minsk", "en1 en2", "OR binds tighter than the space"),
    ("germany or minsk", "", "a small or is a word"),
    ("OR germany", "en1", "a lone operator at the start"),
    ("germany OR", "en1", "a lone operator at the end"),
    ('"elections in germany"', "en1", "a phrase"),
    ('"germany in elections"', "", "order matters"),
    ('"election in germany"', "", "a phrase is not inflected"),
    ('"elections in', "en1", "an unclosed quote ends at the end"),
    ('"德国选举"', "zh", "a phrase without spaces"),
    ("e-mail", "en3", "a word of two is a phrase"),
    ("u.s.", "en3", "dots part words"),
    ("it's_fine", "en3", "apostrophe and underscore part words"),
    ("3.5", "en2", "numbers are phrases, too"),
    ("l'élection", "fr", "elision, exactly"),
    ("elect*", "en1 en2 fr und", "a prefix, exact but for accents"),
    ("élect*", "en1 en2 fr und", "folded"),
    ("ar*", "", "a prefix is not the name of a language"),
    ('title:election', "en1 fr", "in the title only"),
    ('title:minsk', "en2", "title"),
    ('title:voters', "", "not in the title"),
    ('title:"live blog"', "en3", "a phrase in the title"),
    ("title:elec*", "en1 es fr und", "a prefix in the title"),
    ("title:选举", "zh", "bigrams in the title"),
    ("-election title:elections", "und", "without the inflected"),
    ("elections -germany", "en2 fr und", "without a word"),
    ('sport -"live blog"', "", "without a phrase"),
    ("country:BY", "en2 ru", "a filter"),
    ("country:by -language:ru", "en2", "folded, and one excluded"),
    ("country:DE OR language:ru", "en1 en2 ru", "filters with OR"),
    ("germany OR language:ru", "en1 ru", "text or filter"),
    ("germany OR -language:en domain:sport.example", "", "exclusion inside OR"),
    ("topic:medtop:11000000", "en1", "an ancestor"),
    ("topic:11000000", "en1", "bare digits"),
    ('topic:election', "en1", "a topic's name"),
    ("domain:SPORT.example", "en3", "domain"),
    (f"feed:{B}", "en3", "feed"),
    ("feed:https://b.example/rss", "en3", "feed by its URL"),
    ("country:XX", "", "a value that nothing has"),
    ("country: germany", "", "a filter without value is a word"),
    ("foo:germany", "", "an unknown field is two words"),
    ("-country:DE -country:BY -language:en -language:und", "de zh ja fr es da ar hi tr", "only negative"),
    ('(germany)', "en1", "parentheses are punctuation"),
    ('germany AND minsk NEAR(a b) title : x ^ {} + "', "", "the engine's own syntax means nothing"),
]  # fmt: skip


def ids_of(store: Store, **request: Any) -> set[str]:
    page = store.articles.search(make_request(request.pop("text", ""), **{"limit": 100, **request}))
    assert page.total == len(page.hits)
    return {hit.document.url.rpartition("/")[2] for hit in page.hits}


@pytest.fixture
def library(store: Store) -> Store:
    for each in ARTICLES:
        name = each.url.rpartition("/")[2]
        store.entries.admit(each.feed_id, [entry(name, each.feed_id)], NOW)
        ingest(store, each, f"entry-{name}")
    store.articles.refresh()
    return store


def test_shared_queries(library: Store) -> None:
    wrong = {
        (text, why): found
        for text, expected, why in QUERIES
        if (found := ids_of(library, text=text)) != set(expected.split())
    }
    assert wrong == {}


EVERYTHING = {each.url.rpartition("/")[2] for each in ARTICLES}


def test_options_are_filters(library: Store) -> None:
    cases: list[tuple[dict[str, Any], set[str]]] = [
        ({}, EVERYTHING),
        ({"text": "- OR \"\" !!!"}, EVERYTHING),
        ({"country": "by"}, {"en2", "ru"}),
        ({"topic": "Election"}, {"en1"}),
        ({"language": "de-AT"}, {"de"}),
        ({"domain": "sport.example"}, {"en3"}),
        ({"feed": B}, {"en3"}),
        ({"text": "election", "country": "DE", "language": "en"}, {"en1", "en2"}),
        ({"until": "2026-11-18"}, {"en3"}),
        ({"since": "2026-11-18", "until": "2026-11-19"}, {"en2", "en3"}),
        ({"since": "2026-11-19T12:00:00.001Z"}, EVERYTHING - {"en2", "en3"}),
        ({"since": "2d", "now": NOW, "language": "en"}, {"en1", "en2", "en3"}),
    ]  # fmt: skip
    wrong = [(options, found) for options, ids in cases if (found := ids_of(library, **options)) != ids]
    assert wrong == []


def test_which_of_some_articles_match(library: Store) -> None:
    ids = {each.url.rpartition("/")[2]: each.article_id for each in ARTICLES}
    some = [ids["en2"], ids["de"], "no-such-article"]
    matching = library.articles.matching
    assert matching(make_request("election", limit=1), ids.values()) == {ids["en1"], ids["en2"], ids["fr"]}
    assert matching(make_request("election"), some) == {ids["en2"]}
    assert matching(make_request("", language="de"), some) == {ids["de"]}
    assert matching(make_request(""), some) == {ids["en2"], ids["de"]}
    assert matching(make_request(""), []) == set()


def test_the_title_counts_most(library: Store) -> None:
    page = library.articles.search(make_request("elections", language="en"))
    assert [hit.document.title for hit in page.hits] == ["Elections in Germany", "A café in Minsk"]
    assert page.hits[0].score > page.hits[1].score > 0


def test_by_date_newest_first(library: Store) -> None:
    page = library.articles.search(make_request("", language="en", sort="date"))
    assert [hit.document.url[-3:] for hit in page.hits] == ["en1", "en2", "en3"]


def test_pages(library: Store) -> None:
    request = make_request("", limit=5)
    pages = [library.articles.search(replace(request, offset=offset)) for offset in (0, 5, 10)]
    found = [hit.document.article_id for page in pages for hit in page.hits]
    assert len(found) == len(set(found)) == len(ARTICLES)
    assert {page.total for page in pages} == {len(ARTICLES)}


def test_highlights(library: Store) -> None:
    (hit,) = library.articles.search(make_request("germany poll")).hits
    assert hit.highlights == ("Voters went to the \ue000polls\ue001 on Sunday.",)


def test_a_revision_is_found_by_its_new_words_only(library: Store) -> None:
    library.entries.admit(A, [entry("en1", title="New")], NOW + timedelta(hours=1))
    edited = replace(ARTICLES[0], title="Polls closed", body="Nothing", fetched_at=NOW + timedelta(hours=1),
                     content_hash="new", countries=("FR",), country_primary="FR")  # fmt: skip
    ingest(library, edited, "entry-en1", NOW + timedelta(hours=1))
    library.articles.refresh()
    assert "en1" not in ids_of(library, text="election")
    assert ids_of(library, text="poll close") == {"en1"}
    assert ids_of(library, country="FR") == {"en1"}
    assert ids_of(library, country="DE") == {"en2"}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(), st.text('ab"-*:() OR\x00\ud800选é^{}+', max_size=80)))
def test_no_query_fails(store: Store, text: str) -> None:
    assert store.articles.search(make_request(text)).total == 0
