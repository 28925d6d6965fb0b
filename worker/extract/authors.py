"""Names out of bylines: without greetings, roles, addresses, dates and companies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.extract.text import one_line
from worker.urls import site_of_host

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MOST_AUTHORS = 10
_LONGEST_NAME = 60
_BY = "by|von|vom|par|por|di|da|door|av|af|przez|od"
_KINDS_OF_TEXT = (
    # What may stand before "by" or a colon: "Posted by", "Text:", "Ein Gastbeitrag von".
    "written|posted|published|reported|edited|words|story|text|texte|fotos?|photos?|article|recipe|interview"
    "|authors?|autor(?:in|en|es|a)?|auteur|redakteur(?:in)?|bericht|(?:ein )?beitrag|gastbeitrag|artikel"
    "|rezept|pressemitteilung|geschrieben|veröffentlicht|eingestellt|gespeichert|publié|escrito|redacción|scritto"
    "|автор|текст"
)
_LEAD = re.compile(
    rf"^\W*(?:(?:{_KINDS_OF_TEXT})\s*(?::\s*|(?=\b(?:{_BY})\b)))?"
    rf"(?:(?:autor(?:in|en)?|authors?|alles von)\s+(?=\w))?(?:(?:{_BY})\b\s*:?\s*)?",
    re.IGNORECASE,
)
_NOISE = re.compile(
    r"\(.*?\)|\[.*?\]|<[^>]*>|https?://\S+|\S+@\S+|(?<!\w)@\w+"
    r"|\b(?:am|on|um|at)\s+\d.*$|\d{1,4}[./:-]\d.*$",
    re.IGNORECASE,
)
DATE_AHEAD = re.compile(
    rf"^.{{0,80}}\b(?:(?:19|20)\d\d|\d\d?[:.]\d\d(?:\s(?:uhr|[ap]m))?)[\s,]*"
    rf"(?:[|\u2013\u2014-]|\b(?:{_BY})\b)\s*(?=[^\W\d])",
    re.IGNORECASE,
)
"""The date before a name: "24.03.2026 | 13:10 Uhr | Jane Doe", "Posted on March 24, 2026 by Jane Doe"."""
_BETWEEN = re.compile(
    r"\s*(?:[;|\n•·&]|\s/\s|,?\s+(?:and|und|et|y|e|og|och|en|i|и|with|mit)\s+)\s*|\s*[,\u3001\uff0c]\s*",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\b(?:editors?|reporters?|correspondents?|writers?|columnist|contributor|journalists?|producer|photographer"
    r"|director|manager|chef(?:redakteur)?|redakteur(?:in)?|korrespondent(?:in)?|journaliste?(?:in)?|redactora?"
    r"|periodista|rédacteur|rédactrice|professor|ceo|founder|geschäftsführer(?:in)?)\b",
    re.IGNORECASE,
)
_COMPANY = re.compile(r"\b(?:GmbH|AG|Inc|LLC|Ltd|Limited|e\.\s?V)\b|\bwww\.|^\S+\.\w{2,4}/", re.IGNORECASE)
_NOBODY = re.compile(
    # Accounts, placeholders and the words of buttons that stand where a name should.
    r"admin(?:istrator)?|wordpressadmin|webmaster|root|user|guest|gast|unknown|unbekannt|none|null|n/?a"
    r"|default|anonym(?:ous)?|anónimo|no author|staff reports?|publisher|authors?|autor(?:in|en)?|editor|by"
    r"|von|name|datum|date|quelle|test|follow|share|email|more|read more|view all posts|website|posted on"
    r"|veröffentlicht am|in uncategorized|hinterlasse einen kommentar",
    re.IGNORECASE,
)
_ENDS_IN_INITIAL = re.compile(r"(?:^|\W)\w\.$")


def clean_authors(bylines: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct names in some bylines, in order, at most ten."""
    names = dict.fromkeys(name for byline in bylines for name in _names(one_line(byline)))
    return tuple(names)[:_MOST_AUTHORS]


def without_site(names: Iterable[str], site_names: Iterable[str | None]) -> tuple[str, ...]:
    """Return the names that are none of the site's own and no host's; a joint one counts as a whole."""
    own = {name.casefold() for name in site_names if name}
    return tuple(name for name in names if name.casefold() not in own and not is_host(name))


def is_host(text: str) -> bool:
    """Return whether the text is a host name under a known public suffix, as "news.example.com" is."""
    inner = f"www.{text.lower()}"
    return "." in text and " " not in text and site_of_host(inner) != inner


def is_name(text: str) -> bool:
    """Return whether the text can be a person's or a desk's name: letters, no digits, no role, short."""
    return (
        1 < len(text) <= _LONGEST_NAME
        and len(text.split()) <= 6
        and any(map(str.isalpha, text))
        and not any(map(str.isdigit, text))
        and not _ROLE.search(text)
        and not _NOBODY.fullmatch(text)
    )


def _names(byline: str) -> Iterator[str]:
    if _COMPANY.search(byline):
        return
    bare = _LEAD.sub("", _NOISE.sub(" ", DATE_AHEAD.sub("", byline)), count=1)
    for part in _BETWEEN.split(_uninverted(bare)):
        name = _without_stop(_LEAD.sub("", " ".join(part.split()), count=1).strip(" ,:-\u2013\u2014\"'|"))
        if is_name(name):
            yield name


def _uninverted(byline: str) -> str:
    """Return "Jane Doe" for "Doe, Jane": one comma between two single words."""
    parts = [part.strip() for part in byline.split(",")]
    if len(parts) == 2 and all(parts) and not any(" " in part for part in parts):
        return f"{parts[1]} {parts[0]}"
    return byline


def _without_stop(name: str) -> str:
    """Return the name without a sentence's full stop; an initial ("Joe S.") keeps its own."""
    return name if _ENDS_IN_INITIAL.search(name) else name.rstrip(" .")
