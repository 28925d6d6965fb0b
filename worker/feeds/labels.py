"""Authors, section and language out of what feeds put there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.feeds.clean import plain_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_AUTHORS = 10
_NAME_CHARS = 120
_BYLINE_CHARS = 1_000
"""Ten names with their addresses; longer values are texts in the wrong place, and slow to search."""

_SECTION_CHARS = 60

_PREFIX = re.compile(r"^(?:by|von|par|por|di|door|text|photo)\b:?\s+", re.IGNORECASE)
_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+\.\w+|(?:https?://|www\.)\S+", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*(?:[,;|]|\s(?:and|und|et|y|e|en|&)\s)\s*", re.IGNORECASE)
_NOBODY = re.compile(
    r"admin|administrator|anonymous|author|editor|guest|no-?reply|none|null|root|staff|undefined|unknown|user"
    r"|webmaster|n/a",
    re.IGNORECASE,
)
_NO_SECTION = re.compile(
    # What a publishing system writes where the editor chose nothing.
    r"uncategori[sz]ed|allgemein|unkategorisiert|sin categoría|non classé|senza categoria|sem categoria"
    r"|default|general|none",
    re.IGNORECASE,
)

_ISO_639_2 = {
    # The three-letter codes and names seen in feeds, to ISO 639-1.
    **dict.fromkeys(("eng", "english"), "en"),
    **dict.fromkeys(("deu", "ger", "german", "deutsch"), "de"),
    **dict.fromkeys(("fra", "fre", "french", "francais", "français"), "fr"),
    **dict.fromkeys(("spa", "spanish", "espanol", "español"), "es"),
    **dict.fromkeys(("ita", "italian", "italiano"), "it"),
    **dict.fromkeys(("por", "portuguese", "português"), "pt"),
    **dict.fromkeys(("nld", "dut", "dutch", "nederlands"), "nl"),
    **dict.fromkeys(("rus", "russian"), "ru"),
    **dict.fromkeys(("pol", "polish"), "pl"),
    **dict.fromkeys(("swe", "swedish"), "sv"),
    **dict.fromkeys(("zho", "chi", "chinese"), "zh"),
    **dict.fromkeys(("jpn", "japanese", "jp"), "ja"),
    **dict.fromkeys(("kor", "korean"), "ko"),
    **dict.fromkeys(("ara", "arabic"), "ar"),
    # Withdrawn codes of ISO 639-1 itself.
    "iw": "he",
    "in": "id",
    "ji": "yi",
}


def clean_authors(names: Iterable[str]) -> tuple[str, ...]:
    """Return people's names: no addresses, no "by", no accounts, joint bylines split, each once."""
    cleaned = (part for name in names for part in _people((plain_line(name) or "")[:_BYLINE_CHARS]))
    return tuple(dict.fromkeys(cleaned))[:MOST_AUTHORS]


def find_section(categories: Iterable[str]) -> str | None:
    """Return the first category that names a section, not an address, a number or a list of tags."""
    for category in categories:
        section = plain_line(category)
        if section and _is_section(section):
            return section
    return None


def find_language(*tags: str | None) -> str | None:
    """Return the first usable language tag (BCP 47) as a lower-case ISO 639-1 code."""
    for tag in tags:
        primary = re.split(r"[-_,;\s]", (tag or "").strip().lower())[0]
        code = _ISO_639_2.get(primary, primary)
        if re.fullmatch(r"[a-z]{2}", code) and code != "xx":
            return code
    return None


def _people(byline: str) -> Iterator[str]:
    named = _PREFIX.sub("", _ADDRESS.sub("", byline)).strip(" <>,;:-|")
    # RSS 2.0 writes "jane@example.org (Jane Doe)", and feedparser loses a bracket of "Jane (Jane Doe)".
    named = re.sub(r"^.*\(([^()]*)\)?$", r"\1", named).strip(" ()")
    parts = [part for part in _BETWEEN.split(named) if part]
    # "Doe, Jane" is one person: a byline is split only where every part is a full name.
    for name in parts if all(" " in part for part in parts) else [named]:
        if name and not _NOBODY.fullmatch(name) and len(name) <= _NAME_CHARS:
            yield name


def _is_section(text: str) -> bool:
    soup = text.count(",") > 1 or text.count("#") or text.count("|") or len(text) > _SECTION_CHARS
    address = re.match(r"(?:https?://|www\.|[a-z]+:\S)", text, re.IGNORECASE)
    return not soup and not address and bool(re.search(r"[^\W\d_]", text)) and not _NO_SECTION.fullmatch(text)
