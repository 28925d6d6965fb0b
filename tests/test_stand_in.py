"""Where the page hides its article: the feed's own full text in its place, or the reason why nothing is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.extract.pages import FETCHED_AT
from tests.extract.quality.test_gate import CONSENT, LEAD, PAID, STORY, html, json_ld, links, teasers
from tests.extract.quality.test_gate import article as page_with
from tests.test_pipeline import DAY, URL, built, page_of, row_of
from worker import urls
from worker.errors import LowQualityError, NoArticleError, WorkError
from worker.models import Candidate, Hop

FULL = " ".join(STORY * 2)
SHORT = " ".join(STORY[:2])
CANONICAL = "<link rel=canonical href=https://courier.example/welcome>"
HIDDEN = {
    "consent_wall": html(CONSENT["en"][1], head=CANONICAL),
    "needs_javascript": html("<div id=root></div>", head=CANONICAL),
    "bot_challenge": html("Please wait.", title="Just a moment...", head=CANONICAL),
    "paywall_stub": page_with(LEAD, head=json_ld(**PAID) + CANONICAL),
    "no_article": html("Menu", head=CANONICAL),
}
ABSENT = {
    "error_page": html("Nothing here.", title="Page not found"),
    "index_page": html(f"<main>{teasers()}</main>"),
    "link_list": html(links()),
}


def candidate(
    body: str, *, forced: bool = False, url: str = URL, hops: tuple[Hop, ...] = (), **said
) -> Candidate:
    page = replace(page_of(body.encode(), url, "text/html"), redirects=hops)
    row = replace(row_of(**{"title": "Council rebuilds the wall", **said}), forced=forced)
    return built(page, row).candidate


def reason_of(body: str, **said) -> str:
    with pytest.raises(WorkError) as caught:
        candidate(body, **said)
    return caught.value.reason


@pytest.mark.parametrize("reason", HIDDEN)
def test_the_feeds_text_stands_in(reason):
    got = candidate(HIDDEN[reason], content=FULL, published_at=DAY, authors=("Jane Doe",), section="Local")
    doc = got.document
    assert (doc.body, doc.body_source, doc.extractor) == (FULL, "feed", "feed")
    assert (doc.title, doc.authors, doc.section, doc.published_source) == (
        "Council rebuilds the wall", ("Jane Doe",), "Local", "feed",
    )  # fmt: skip
    assert doc.fetched_at == FETCHED_AT


@pytest.mark.parametrize("reason", HIDDEN)
def test_its_identity_is_the_page_that_was_fetched_and_no_walls_canonical(reason):
    doc = candidate(HIDDEN[reason], content=FULL).document
    assert (doc.url, doc.article_id, doc.identity_note) == (URL, urls.article_id_of(URL), None)


@pytest.mark.parametrize(
    ("url", "hops", "found_at"),
    [
        pytest.param(URL, (Hop(status=301, url="https://feeds.example/r/1"),), URL, id="a feed proxy"),
        pytest.param("https://consent.example/gate?u=7", (Hop(status=302, url=URL),), URL, id="a consent gate"),
        pytest.param("https://consent.example/gate", (Hop(status=301, url="https://feeds.example/r/1"), Hop(status=302, url=URL)), URL, id="a proxy, then a gate"),
    ],
)  # fmt: skip
def test_where_redirects_led(url, hops, found_at):
    page = replace(page_of(HIDDEN["consent_wall"].encode(), url), url=hops[0].url, redirects=hops)
    doc = built(page, row_of(title="Council rebuilds the wall", content=FULL)).candidate.document
    assert (doc.url, doc.domain) == (found_at, "courier.example")


@pytest.mark.parametrize("reason", HIDDEN)
def test_without_a_full_text_in_the_feed_it_is_rejected(reason):
    assert reason_of(HIDDEN[reason]) == reason
    assert reason_of(HIDDEN[reason], content="Read more.", summary=FULL) == reason


@pytest.mark.parametrize("reason", ABSENT)
def test_a_page_that_says_the_article_is_not_there_is_believed(reason):
    assert reason_of(ABSENT[reason], content=FULL) == reason


def test_a_feed_that_carries_the_same_stub_does_not_stand_in():
    assert reason_of(HIDDEN["paywall_stub"], content=SHORT) == "paywall_stub"
    assert candidate(HIDDEN["consent_wall"], content=SHORT).document.body == SHORT


def test_a_page_that_shows_its_article_wins_over_the_feed():
    doc = candidate(page_with(*STORY), content=FULL).document
    assert (doc.body_source, doc.body) == ("page", "\n".join(STORY))


@pytest.mark.parametrize("reason", sorted({*ABSENT, *HIDDEN} - {"needs_javascript"}))
def test_an_operator_lets_the_pages_own_text_in(reason):
    doc = candidate({**HIDDEN, **ABSENT}[reason], forced=True, content=FULL).document
    assert doc.body_source == "page"


def test_even_an_operator_lets_no_empty_page_in():
    with pytest.raises(NoArticleError):
        candidate(HIDDEN["needs_javascript"], forced=True)
    assert candidate(HIDDEN["needs_javascript"], forced=True, content=FULL).document.body_source == "feed"


def test_a_wall_that_nothing_stands_in_for_says_what_was_seen():
    with pytest.raises(LowQualityError, match="accept all"):
        candidate(HIDDEN["consent_wall"])
