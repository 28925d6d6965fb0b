"""Pages that stand in front of the article: challenges, script shells, consent walls, paywalls, errors.

Every rule returns what it saw, or None. Words of a wall count only in a short text that does not speak of
its title: an article about cookies, captchas or the number 404 says what its headline says.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lxml.etree import XPath

from worker.extract.quality.phrases import PHRASES, find_phrases, folded
from worker.extract.structured import texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.extract.quality.facts import Facts

WALL_WORDS = 150
"""The longest text that a wall's words can reject. Nine in ten of 589 labelled articles are longer; the
longest challenge, script or error page that we know says about 100 words."""

CONSENT_WORDS = 300
"""Consent walls list purposes and partners: the longest that we know has 250 words."""

SHELL_WORDS = 60
"""A page without its scripts, or whose body is only markup of a challenge, shows a line or two."""

STUB_WORDS = 90
"""What a paywall lets through is a paragraph or two. Of labelled pages that declare themselves paid, the two
shortest texts that count as articles have 98 and 110 words."""

_CHALLENGE_HEADERS = {"cf-mitigated": "challenge", "x-amzn-waf-action": ""}
"""Cloudflare and AWS WAF say in a header that this is no page; the second in any value."""

_REFERENCE = re.compile(r"reference\s*#\s*[0-9a-f.]{6,}")
"""Akamai's refusal ends so ("Reference #18.2d351ab8.1557333295.a4e16ab")."""

_FRAMES = ("root", "app", "__next", "__nuxt", "___gatsby", "main-app", "svelte")
"""Ids under which React, Vue, Next, Nuxt, Gatsby and Svelte put the page that they make."""

_SHELL = XPath(f"//*[{' or '.join(f'@id={name!r}' for name in _FRAMES)}][not(normalize-space())]")
_CONSENT_ADDRESS = re.compile(
    r"(?:^|[./_-])(?:consent|cookie-?wall|privacy-?gate|guce|zustimmung|einwilligung)\b"
)
_ERROR_ADDRESS = re.compile(r"/(?:404|410|error|errors|not-?found|seite-nicht-gefunden)(?:/|\.\w+)?$")
_ERROR_TITLE = re.compile(rf"^(?:{'|'.join(PHRASES['error_words'])})?[\s:#-]*(?:40[034]|410|50[0234])\b")
_PAYWALL = XPath(
    f"//*[{' or '.join(f'contains(concat(@class, @id), {name!r})' for name in PHRASES['paywall_markup'])}]"
)
_NOT_FREE = frozenset({"false", "no", "0"})


def bot_challenge(facts: Facts) -> str | None:
    """Return why the page is a captcha, a browser check or a refusal of robots."""
    if header := _challenge_header(facts):
        return f"header {header}"
    if facts.words > WALL_WORDS or _is_about_its_subject(facts):
        return None
    if title := _title_of_a_challenge(facts):
        return f"titled {title[:80]!r}"
    return _words_of_a_challenge(facts)


def needs_javascript(facts: Facts) -> str | None:
    """Return why the page shows its article only to those who run its scripts."""
    if facts.words > SHELL_WORDS or _is_about_its_subject(facts):
        return None
    found = facts.phrases("needs_javascript")
    if not found and facts.shown_words <= SHELL_WORDS:
        found = find_phrases("needs_javascript", facts.unscripted)
    if found and facts.shown_words <= WALL_WORDS:
        return _said(found)
    if facts.words < SHELL_WORDS // 3 and facts.tree is not None and _SHELL(facts.tree):
        return "an empty frame that a script would fill"
    return None


def error_page(facts: Facts) -> str | None:
    """Return why the page, though it answered 200, says that there is nothing."""
    if facts.words > WALL_WORDS or _is_about_its_subject(facts):
        return None
    if _was_redirected(facts) and _ERROR_ADDRESS.search(urlsplit(facts.page.final_url).path.lower()):
        return f"led to {facts.page.final_url}"
    for title in facts.titles:
        if _ERROR_TITLE.search(title) or find_phrases("error_page", title):
            return f"titled {title[:80]!r}"
    found = facts.phrases("error_page")
    return _said(found) if found and facts.shown_words <= SHELL_WORDS else None


def consent_wall(facts: Facts) -> str | None:
    """Return why the page asks for consent instead of showing its article."""
    if facts.words > CONSENT_WORDS or _is_about_its_subject(facts):
        return None
    if _was_redirected(facts) and is_consent_address(facts.page.final_url):
        return f"led to {facts.page.final_url}"
    found = find_phrases("consent_wall", facts.body if facts.words > SHELL_WORDS // 3 else facts.said)
    # A long text needs as many more: an article may well quote a banner.
    enough = 2 + facts.words // 100
    if len(found) == enough - 1 and facts.words <= WALL_WORDS and facts.find_markup("consent_markup"):
        enough -= 1
    return _said(found) if len(found) >= enough else None


def is_consent_address(url: str) -> bool:
    """Return whether host or path of a URL name it a consent gate, as those that articles redirect to."""
    parts = urlsplit(url)
    return bool(_CONSENT_ADDRESS.search(f"{parts.hostname}{parts.path}".lower()))


def paywall_stub(facts: Facts) -> str | None:
    """Return why the text is only what a paywall lets through."""
    if facts.words > STUB_WORDS:
        return None
    if _is_declared_paid(facts):
        return f"declared as paid, {facts.words} words"
    asked = find_phrases("paywall_stub", _paywall_text(facts))
    return f"{_said(asked)}, {facts.words} words" if asked else None


def _is_about_its_subject(facts: Facts) -> bool:
    return facts.speaks_of_its_title and facts.words >= 20


def _words_of_a_challenge(facts: Facts) -> str | None:
    if _REFERENCE.search(facts.said) and facts.words <= SHELL_WORDS:
        return "a refusal with a reference number"
    found = facts.phrases("bot_challenge")
    marked = facts.find_markup("challenge_markup") if facts.words <= SHELL_WORDS else None
    if len(found) >= 2 or (found and marked):
        return _said(found)
    if marked and facts.shown_words <= SHELL_WORDS // 2:
        return f"markup {marked!r} and {facts.shown_words} words"
    return None


def _challenge_header(facts: Facts) -> str | None:
    stated = facts.page.headers
    signs = _CHALLENGE_HEADERS.items()
    return next((name for name, value in signs if name in stated and value in stated[name].lower()), None)


def _title_of_a_challenge(facts: Facts) -> str | None:
    named = PHRASES["challenge_titles"]
    return next(
        (title for title in facts.titles if title.startswith(named) and not facts.is_marked_article), None
    )


def _was_redirected(facts: Facts) -> bool:
    return urlsplit(facts.page.url)[1:3] != urlsplit(facts.page.final_url)[1:3]


def _is_declared_paid(facts: Facts) -> bool:
    """Return whether the markup says so: schema.org's isAccessibleForFree, or Facebook's content tier."""
    if "locked" in facts.meta("article:content_tier"):
        return True
    stated = facts.stated_article.get("isAccessibleForFree")
    return stated is False or any(text.strip().lower() in _NOT_FREE for text in texts(stated))


def _paywall_text(facts: Facts) -> str:
    if facts.tree is None:
        return ""
    return folded(" ".join(element.text_content()[:1_000] for element in islice(_PAYWALL(facts.tree), 10)))


def _said(phrases: Sequence[str]) -> str:
    return "says " + ", ".join(f"\u201c{phrase}\u201d" for phrase in phrases[:3])
