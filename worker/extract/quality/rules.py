"""The gate's rules in the order in which they are asked, and what is too little to be an article."""

from __future__ import annotations

import re
from collections.abc import Callable

from worker.extract.quality.facts import Facts
from worker.extract.quality.listings import index_page, link_list
from worker.extract.quality.walls import (
    bot_challenge,
    consent_wall,
    error_page,
    needs_javascript,
    paywall_stub,
)

Rule = Callable[[Facts], str | None]
"""What the rule saw of its kind of page; None where it saw none."""

RULES: tuple[Rule, ...] = (
    bot_challenge,
    needs_javascript,
    error_page,
    consent_wall,
    paywall_stub,
    index_page,
    link_list,
)
"""Each is named by its reason. The surer and the cheaper come first."""

FEWEST_WORDS = 20
"""Below it, and without a whole sentence, a page is a caption, a menu or an error message. None of 589
labelled pages is refused by it."""

_SENTENCE = re.compile(
    "[.!?\u2026\u3002\uff01\uff1f\u061f\u0964][\"'\u00bb\u201c\u201d\u2019)\\]]*$", re.MULTILINE
)


def too_little(words: int, body: str) -> str | None:
    """Return why `body` is no article: empty, or below `FEWEST_WORDS` and no paragraph ends a sentence."""
    if not words:
        return "no text"
    return f"{words} words and no paragraph" if words < FEWEST_WORDS and not _SENTENCE.search(body) else None
