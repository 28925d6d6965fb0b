"""Which lines of an extracted text are the article's: the last pass, over plain text in any language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.extract.moments import parse_when
from worker.extract.text import clean_text, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_RULE = re.compile(r"^\|(?:\s*:?-{3,}:?\s*\|)+$")
"""What separates head and body of a table in Markdown, as trafilatura writes tables."""

_TEASER = re.compile(
    # "Read also: Ferries run from June": a link to another article, set among the paragraphs.
    r"^\W*(?:read (?:also|more|next)|also read|see also|related(?: (?:articles?|stor(?:y|ies)))?|more on this"
    r"|lesen sie (?:auch|mehr|hier)|lies auch|mehr (?:zum thema|dazu)|auch interessant|lesetipp|siehe auch"
    r"|(?:à )?lire (?:aussi|également)|voir aussi|lea también|lee también|te puede interesar|ver también"
    r"|leggi anche|leia (?:também|mais)|lees ook|czytaj (?:też|także|również)|läs också|les også|læs også"
    r"|чита(?:йте|ть) также|по теме|читайте також|[اإ]قرأ أيض\u064b?\u0627\u064b?|קראו גם|קרא גם"
    r"|यह भी पढ़ें|อ่านเพิ่มเติม|อ่านข่าว|相关阅读|延伸阅读|相關閱讀"
    r"|関連記事|あわせて読みたい|관련 ?기사|ተጨማሪ ያንብቡ)\s*[:\uff1a|>»]",
    re.IGNORECASE,
)
_LONGEST_TEASER = 200

_CREDIT = re.compile(
    r"^\W*(?:(?:photo|picture|image|foto|bild|fotos|photos|imagen|immagine|zdjęcie|фото|صورة|תמונה|צילום|写真|图片|사진)"
    r"(?: (?:by|credit|von|de|di|courtesy))?\s*[:\uff1a©]|©\s*\S|\(c\)\s)",
    re.IGNORECASE,
)
_LONGEST_CREDIT = 80

_PROMPT = re.compile(
    # Buttons and boxes of the page: sharing, following, subscribing. Whole lines, never parts of one.
    r"^\W*(?:share (?:this|on|via)\b.{0,40}|tweet(?: this)?|follow us on\b.{0,60}"
    r"|(?:sign up|subscribe) (?:for|to) (?:our|the)\b.{0,80}\bnewsletter\b.{0,60}"
    r"|(?:jetzt )?(?:unseren )?newsletter (?:abonnieren|bestellen).{0,40}"
    r"|(?:artikel |beitrag )?(?:teilen|drucken|merken)|auf (?:facebook|twitter|whatsapp) teilen"
    r"|partager(?: sur\b.{0,40})?|compartir(?: en\b.{0,40})?|condividi(?: su\b.{0,40})?|поделиться.{0,40}"
    r"|advertisement|anzeige|werbung|publicité|publicidad|реклама|إعلان|פרסומת|広告|广告|광고)\W*$",
    re.IGNORECASE,
)

_TITLE_WITHIN = 3
_LONGEST_KICKER = 40
_LONGEST_DATE = 30
_LABEL = re.compile(r"^[^.!?]{1,60}:$")


def trimmed(body: str, title: str | None) -> str:
    """Return the text without what belongs to the page around it.

    Anywhere that is what `article_lines` leaves out; on top the title with the short lines above it
    (section, kicker), and a bare date; at the end a label that introduced a box which is gone.
    """
    lines = list(article_lines(line for line in clean_text(body).split("\n") if line))
    del lines[: _title_lines(lines, title)]
    while lines and _is_date(lines[0]):
        del lines[0]
    while lines and _LABEL.match(lines[-1]):
        del lines[-1]
    return "\n".join(lines)


def article_lines(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines that are the article's, table rows as cells between bars.

    Left out are teasers of other articles that a label introduces, picture credits, and what only
    buttons and boxes say.
    """
    for line in lines:
        if line.startswith("|") and line.endswith("|"):
            row = "" if _RULE.match(line) else table_row(line)
            if row:
                yield row
        elif not is_furniture(line):
            yield line


def table_row(line: str) -> str:
    """Return a row of a Markdown table without its outer bars and empty cells."""
    return " | ".join(cell for cell in map(str.strip, line.strip("|").split("|")) if cell)


def is_furniture(line: str) -> bool:
    """Return whether the line belongs to the page around the article."""
    return (
        (len(line) <= _LONGEST_TEASER and bool(_TEASER.match(line)))
        or (len(line) <= _LONGEST_CREDIT and bool(_CREDIT.match(line)))
        or bool(_PROMPT.match(line[:_LONGEST_TEASER]) and len(line) <= _LONGEST_TEASER)
    )


def _title_lines(lines: list[str], title: str | None) -> int:
    """Return how many lines on top are the title and what short lines stand above it; 0 without a title."""
    folded = one_line(title).casefold()
    for number, line in enumerate(lines[:_TITLE_WITHIN], start=1):
        shown = line.casefold().strip()
        if folded and shown.endswith(folded) and len(shown) <= len(folded) + _LONGEST_KICKER:
            return number
        if len(line) > _LONGEST_KICKER:
            return 0
    return 0


def _is_date(line: str) -> bool:
    return len(line) <= _LONGEST_DATE and not line.endswith((".", ":")) and parse_when(line) is not None
