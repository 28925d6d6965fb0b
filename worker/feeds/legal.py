"""Character references that XML forbids, and that make libraries raise: out before anything is parsed."""

from __future__ import annotations

import re

_CHARACTER = re.compile(rb"(?:&#(?:x[0-9a-f]+|[0-9]+);)+", re.IGNORECASE)


def with_legal_characters(body: bytes) -> bytes:
    """Return the body without them, surrogate pairs joined."""
    return _CHARACTER.sub(_legal_characters, body)


def _legal_characters(references: re.Match[bytes]) -> bytes:
    """Return character references without those that XML forbids, surrogate pairs joined.

    Systems that escape UTF-16 write an emoji as two references; one such makes a feed ill-formed, and
    then feedparser's lenient parser raises on it.
    """
    numbers = [_number(digits) for digits in references[0].replace(b"&#", b"").split(b";")[:-1]]
    if all(_is_legal(number) for number in numbers):
        return references[0]
    units = [number for number in numbers if number <= 0x10FFFF]
    text = "".join(map(chr, units)).encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    return "".join(f"&#{ord(character)};" for character in text if _is_legal(ord(character))).encode()


def _number(digits: bytes) -> int:
    # Nine digits hold every character there is; more would make int() slow.
    radix, digits = (16, digits[1:]) if digits[:1] in b"xX" else (10, digits)
    return int(digits.lstrip(b"0")[:9] or b"0", radix)


def _is_legal(number: int) -> bool:
    # XML 1.0, production 2 (Char).
    return (
        number in (9, 10, 13)
        or 0x20 <= number < 0xD800
        or 0xE000 <= number < 0xFFFE
        or 0x10000 <= number < 0x110000
    )
