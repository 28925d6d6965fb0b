"""The gate itself: pass, or say what the page is instead of an article."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from worker.errors import LowQualityError, NoArticleError
from worker.extract.quality.facts import Facts
from worker.extract.quality.rules import FEWEST_WORDS, RULES, too_little
from worker.extract.quality.walls import STUB_WORDS, is_consent_address

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    from worker.models import Article, Entry, Page

Judge = Callable[[Any, Any, Any, Any], None]
"""`judge` or `require_text`: article, tree, page and entry, nothing back."""

FEED_STANDS_IN = {
    NoArticleError.reason: FEWEST_WORDS,
    "bot_challenge": FEWEST_WORDS,
    "needs_javascript": FEWEST_WORDS,
    "consent_wall": FEWEST_WORDS,
    "paywall_stub": STUB_WORDS,
}
"""Reasons for which the feed's own full text is taken, from that many words on: pages that hide or lack what
the publisher already gave away. An error page, an index page or a link list says that the article is not
there, like a 404 or a redirect to the home page, and ends rejected as those do."""


def address_behind(page: Page) -> str:
    """Return the URL of the article that the page hides: its own, or that of the hop to a consent gate."""
    return page.redirects[-1].url if page.redirects and is_consent_address(page.final_url) else page.final_url


def judge(article: Article, tree: HtmlElement | None, page: Page, entry: Entry | None) -> None:
    """Pass if `article` is what the page was fetched for.

    `tree` is the parsed page, None for plain text; `entry` is what the feed says, where there is one.
    It costs .6 ms a page on average (589 labelled ones), since long articles are hardly looked at.

    Raises:
        LowQualityError: the page is something else; `reason` is the rule's name.
        NoArticleError: it is nothing in particular, but too little to be an article.
    """
    facts = Facts(article, tree, page, entry)
    for rule in RULES:
        if seen := rule(facts):
            raise LowQualityError(page.final_url, rule.__name__, seen)
    if seen := too_little(facts.words, article.body):
        raise NoArticleError(page.final_url, seen)


def require_text(article: Article, tree: HtmlElement | None, page: Page, entry: Entry | None) -> None:  # noqa: ARG001 - judges as `judge` does
    """Pass if there is any text: for an entry that the operator let in whatever the gate says.

    Raises:
        NoArticleError: there is none.
    """
    if not article.body:
        raise NoArticleError(page.final_url, "no text")
