"""Which extractor made an article: stored beside it, so that what an older one made can be found.

It also tells revisions of the text from revisions of the extractor.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

from worker.fingerprint import fingerprint

RULES = (
    "extract/authors.py",
    "extract/body.py",
    "extract/bylines.py",
    "extract/charset.py",
    "extract/dates.py",
    "extract/identity.py",
    "extract/lead.py",
    "extract/lines.py",
    "extract/metadata.py",
    "extract/moments.py",
    "extract/precedence.py",
    "extract/quality",
    "extract/signals.py",
    "extract/sniff.py",
    "extract/structured.py",
    "extract/text.py",
    "extract/title.py",
    "pipeline.py",
    "urls.py",
)
"""What decides how a page becomes an article, besides the libraries."""
_LIBRARIES = (
    "charset-normalizer",
    "courlan",
    "htmldate",
    "jusText",
    "lxml",
    "lxml_html_clean",
    "trafilatura",
)


@cache
def extractor_version() -> str:
    """Return what an article's `extractor_version` is now; it changes with the code, and takes .1 s once."""
    return f"trafilatura {version('trafilatura')}, rules {fingerprint(RULES, _LIBRARIES)}"
