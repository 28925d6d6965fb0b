"""What the quality gate's reasons mean, in a sentence that a person understands."""

from __future__ import annotations

SENTENCES = {
    "no_article": "the page holds no text that could be an article",
    "bot_challenge": "the site answered with a captcha or a browser check instead of the article",
    "needs_javascript": "the page shows its text only to browsers that run its scripts",
    "error_page": "the page answered 200, but says that there is nothing or that something broke",
    "consent_wall": "the page asks for consent to cookies instead of showing the article",
    "paywall_stub": "the page shows only the first lines; the rest is for subscribers",
    "index_page": "the page is a list of articles (home, section, tag, author or search), not one of them",
    "link_list": "the text is hardly more than the words of links",
    "boilerplate": "the site shows this same short text on three or more pages under different titles",
}


def explained(reason: str | None) -> str | None:
    """Return what the reason means; None for those that are no judgement on the text."""
    return SENTENCES.get(reason or "")


def letting_in(entry_id: str) -> str:
    """Return the command that lets a rejected entry in."""
    return f"feedmill dead retry --force {entry_id}"
