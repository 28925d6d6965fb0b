"""What is too little to be an article."""

from __future__ import annotations

import re

from worker.errors import NoArticleError
from worker.extract.text import word_count

FEWEST_WORDS = 20
"""Below it, and without a whole sentence, a page is a caption, a menu or an error message. None of 589
labelled pages is refused by it."""

_SENTENCE = re.compile(
    "[.!?\u2026\u3002\uff01\uff1f\u061f\u0964][\"'\u00bb\u201c\u201d\u2019)\\]]*$", re.MULTILINE
)


def require_article(body: str, url: str | None) -> None:
    """Pass if `body` can be an article's text.

    Raises:
        NoArticleError: it is empty, or has fewer than twenty words and no paragraph that ends a sentence.
    """
    words = word_count(body)
    if not words or (words < FEWEST_WORDS and not _SENTENCE.search(body)):
        raise NoArticleError(url, f"{words} words and no paragraph" if words else "no text")
