"""Plain text that every store can take, and how long it is in words."""

from __future__ import annotations

import re
import unicodedata

_UNSTORABLE = re.compile(
    # C0 and C1 controls but tab and newline, lone surrogates (UTF-8 cannot carry them), noncharacters
    "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    # soft hyphen, zero-width space, byte order mark: invisible, they split words that people search
    # for (the joiners U+200C and U+200D stay: Persian and emoji are misspelt without them)
    "\u00ad\u200b\ufeff"
    # direction overrides: text that reads otherwise than it is stored (Unicode TR36, 3.1)
    "\u202a-\u202e\u2066-\u2069]"
)
_WORDLESS_SCRIPTS = (
    "\u3005\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
)
_WORDLESS_SCRIPTS += "\U00020000-\U0003ffff"
_SPACELESS_SCRIPTS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_WORD = re.compile(
    f"[{_WORDLESS_SCRIPTS}]|[{_SPACELESS_SCRIPTS}]{{1,4}}|[^\\W{_WORDLESS_SCRIPTS}{_SPACELESS_SCRIPTS}]+"
)


def clean_text(text: str) -> str:
    """Return `text` in NFC, without what is invisible or no store takes, blanks folded, lines kept.

    Lines that end up empty go. No pattern here scans a run of blanks twice: pages hold megabytes of them.
    """
    lines = (" ".join(_UNSTORABLE.sub("", line).split()) for line in text.splitlines())
    return unicodedata.normalize("NFC", "\n".join(line for line in lines if line))


def one_line(text: str | None) -> str:
    """Return `text` cleaned, on one line."""
    return " ".join(clean_text(text).split()) if text else ""


def shortened(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text`, cut at a word's end and marked with an ellipsis."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    at = head.rfind(" ")
    # A text without blanks (Chinese, Thai) is cut where it is.
    return (head[:at] if at > limit // 2 else head).rstrip() + "…"


def word_count(text: str) -> int:
    """Return how many words `text` has.

    Words are runs of letters and digits. Of scripts written without blanks, every Han and kana
    character counts as a word, and every four letters of Thai, Lao, Burmese and Khmer do (about
    their mean word length), so that a limit in words means the same amount of reading everywhere.
    """
    return len(_WORD.findall(text))
