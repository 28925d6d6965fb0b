"""The XML that the demo's feeds are written in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from worker.demo.content import TitleStyle

if TYPE_CHECKING:
    from worker.demo.content import DemoArticle


def title(article: DemoArticle) -> str:
    """Return the content of an entry's title element in the article's own style."""
    if article.title_style is TitleStyle.CDATA:
        return f"<![CDATA[{article.title}]]>"
    return escape(article.title)


def elements(**texts: str | None) -> str:
    """Return one element per text, in order; a None is left out."""
    return "".join(f"<{name}>{escape(text)}</{name}>" for name, text in texts.items() if text is not None)


def xml(document: str) -> bytes:
    """Return the document as bytes with its declaration."""
    return f'<?xml version="1.0" encoding="utf-8"?>\n{document}\n'.encode()
