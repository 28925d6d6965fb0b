"""Foreign text made fit for a terminal: no control characters, no bidirectional overrides."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime

_KEPT_FORMAT = frozenset("\u200c\u200d")  # joiners that Persian, Hindi and emoji are spelt with

_OBEYED = re.compile(
    # What JSON may hold raw and a terminal obeys, a line reader breaks at, or UTF-8 has no form of:
    # controls, line and paragraph separators, format characters (Cf), surrogates, private use.
    "[\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\uf8ff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f\U000f0000-\U0010ffff]"
)


def one_line(text: str) -> str:
    """Return `text` on one line, safe to print: controls and format characters gone, spaces folded."""
    return " ".join("".join(map(_harmless, text)).split())


def lines(text: str) -> str:
    """Return `text` safe to print, its line breaks kept."""
    return "\n".join("".join(map(_harmless, line)).rstrip() for line in text.splitlines())


def json_line(written: str) -> str:
    """Return JSON without line breaks in it as the same JSON, safe to print: escapes instead of controls."""
    return _OBEYED.sub(lambda found: json.dumps(found[0])[1:-1], written)


def counted(number: int, thing: str) -> str:
    """Return how many things there are: "1 page", "2,000 entries"."""
    many = f"{thing.removesuffix('y')}ies" if thing.endswith("y") else f"{thing}s"
    return f"{number:,} {thing if number == 1 else many}"


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
