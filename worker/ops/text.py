"""Foreign text made fit for a terminal: no control characters, no bidirectional overrides."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

_KEPT_FORMAT = frozenset("\u200c\u200d")  # joiners that Persian, Hindi and emoji are spelt with


def one_line(text: str) -> str:
    """Return `text` on one line, safe to print: controls and format characters gone, spaces folded."""
    return " ".join("".join(map(_harmless, text)).split())


def lines(text: str) -> str:
    """Return `text` safe to print, its line breaks kept."""
    return "\n".join("".join(map(_harmless, line)).rstrip() for line in text.splitlines())


def when(moment: datetime | None) -> str:
    """Return a time to the second in UTC, or a dash."""
    return "-" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _harmless(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        return " "
    if category in ("Cs", "Co") or (category == "Cf" and character not in _KEPT_FORMAT):
        return ""
    return character
