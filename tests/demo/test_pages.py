from __future__ import annotations

import json
import re

import pytest
import trafilatura
from lxml import html as lxml_html

from tests.demo.conftest import BASE
from worker.demo.content import Kind
from worker.demo.load import load_outlets

PAGES = [
    (outlet, article)
    for outlet in load_outlets()
    for article in outlet.articles
    if article.kind in (Kind.ARTICLE, Kind.SLOW) and not article.feed_only
]


@pytest.mark.parametrize(("outlet", "article"), PAGES, ids=[article.path for _, article in PAGES])
def test_extraction_gets_the_text_and_none_of_the_furniture(site_answers, outlet, article):
    page = site_answers[article.path].body.decode(article.charset)
    lines = trafilatura.extract(page, fast=True, include_comments=False).split("\n")
    # A heading inside <article> may come along as the first line; everything else must be the text.
    assert lines[lines[0] == article.plain_title :] == list(article.paragraphs)


@pytest.mark.parametrize(("outlet", "article"), PAGES, ids=[article.path for _, article in PAGES])
def test_a_page_prints_its_furniture_and_says_who_wrote_it_when(site_answers, edition, outlet, article):
    page = lxml_html.document_fromstring(site_answers[article.path].body.decode(article.charset))
    text = page.text_content()
    printed = set(outlet.furniture.sentences()) - {outlet.furniture.paywall}
    assert {sentence for sentence in printed if sentence not in text} == set()
    found = trafilatura.extract_metadata(lxml_html.tostring(page, encoding="unicode"))
    assert found.title == article.plain_title
    assert found.author.replace("Dr ", "Dr. ") == article.author.replace("Dr ", "Dr. ")
    assert found.date == edition.published_at(article).date().isoformat()


@pytest.mark.parametrize(
    ("path", "marks"),
    [
        ("/courier/world/belarus-potash-trade-sanctions", {"ld+json"}),
        ("/morgenblatt/reise/oesterreich-nachtzug-triest-401.html", {"og:title", "article:published_time"}),
        ("/quai/economie/senegal-peche-pirogues", {"itemprop"}),
        ("/faro/economia/chile-litio-salar-flamencos", {"og:title", "ld+json"}),
        ("/vestnik/news/10021", set()),
    ],
)
def test_each_outlet_marks_its_pages_up_its_own_way(site_answers, path, marks):
    page = site_answers[path].body
    known = {"ld+json", "og:title", "article:published_time", "itemprop"}
    assert {mark for mark in known if mark.encode() in page} == marks


@pytest.mark.parametrize(
    "path", ["/courier/business/brazil-coffee-frost", "/faro/salud/colombia-parteras-telemedicina"]
)
def test_json_ld_is_json(site_answers, path):
    (script,) = re.findall(
        r'<script type="application/ld\+json">(.*?)</script>', site_answers[path].body.decode()
    )
    assert json.loads(script)["@context"] == "https://schema.org"


def test_the_consent_page_holds_nothing_but_the_wall(site_answers):
    page = site_answers["/courier/business/airport-lounge-prices"].body.decode()
    courier = load_outlets()[0]
    assert "With your consent" in page
    assert [sentence for sentence in courier.furniture.sentences() if sentence in page] == []
    assert "lounge" not in lxml_html.document_fromstring(page).text_content()


def test_the_paywall_stub_is_short_and_says_so(site_answers):
    page = site_answers["/morgenblatt/wirtschaft/autozulieferer-ungarn-umbau-408.html"].body.decode()
    assert '<meta property="article:content_tier" content="locked">' in page
    assert '<div class="paywall">Weiterlesen mit MB-Plus' in page
    assert len(trafilatura.extract(page, fast=True, include_comments=False).split()) < 60


def test_only_the_paywalled_page_has_a_paywall(site_answers):
    walled = [path for path, answer in site_answers.items() if b'class="paywall"' in answer.body]
    assert walled == ["/morgenblatt/wirtschaft/autozulieferer-ungarn-umbau-408.html"]


def test_a_copy_names_its_original_as_canonical(site_answers):
    copy = site_answers["/morgenblatt/partner/moldova-wine-cellars-museum-409.html"].body.decode()
    assert f'<link rel="canonical" href="{BASE}/courier/world/moldova-wine-cellars-museum">' in copy


@pytest.mark.parametrize("outlet", load_outlets(), ids=lambda outlet: outlet.prefix)
def test_home_pages_link_their_feed(site_answers, outlet):
    page = lxml_html.document_fromstring(site_answers[f"{outlet.prefix}index.html"].body)
    assert page.xpath("//link[@rel='alternate']/@href") == [BASE + outlet.feed_path]
    assert page.xpath("//section[ul[not(li)]]") == []


def test_the_group_page_links_every_feed(site_answers):
    page = lxml_html.document_fromstring(site_answers["/"].body)
    assert page.xpath("//link[@rel='alternate']/@href") == [BASE + one.feed_path for one in load_outlets()]


def test_no_link_on_the_site_is_dead(site_answers):
    pages = [answer for answer in site_answers.values() if answer.content_type.startswith("text/html")]
    hrefs = {href for page in pages for href in re.findall(rb'(?:href|src)="([^"]+)"', page.body)}
    paths = {href.decode("ascii").removeprefix(BASE).split("#")[0] for href in hrefs} - {""}
    assert len(paths) > 80
    assert {path for path in paths if path not in site_answers} == set()
