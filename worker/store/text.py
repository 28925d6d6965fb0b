"""How text becomes search tokens: words, folding, stems by language, bigrams for CJK. Pure.

The same functions serve documents and queries, so what one side makes the other finds. A stem token
is its language's code, U+E000, and the stem: `en␀elect`, so that stems of different languages never
collide with each other or with plain words. Words are cut where SQLite's unicode61 cuts them (letters,
numbers and marks), which the Elasticsearch templates copy with a character filter.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import snowballstemmer

if TYPE_CHECKING:
    from collections.abc import Iterator

SEPARATOR = "\ue000"
"""Between a stem token's language and its stem; unicode61 counts private-use characters as letters."""

STEMMERS = {
    # `dutch` became Kraaij-Pohlmann in Snowball 3; Lucene's Dutch is still the older Porter one.
    "ar": "arabic",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "hi": "hindi",
    "it": "italian",
    "nl": "dutch_porter",
    "pt": "portuguese",
    "ru": "russian",
    "tr": "turkish",
}
"""Document language (ISO 639-1) → its Snowball algorithm: the analyzers that both stores have."""

_CJK_KEY = "cjk"
_FOLDED_KEY = "x"
_PARAGRAPH = "\ue002"
"""Stands between two texts in one column, so that no phrase of stems reaches across."""

_RESERVED = re.compile("[\x00\ud800-\udfff\ue000-\ue002]")
_CJK = "々〆〇ぁ-ゖゝ-ゟァ-ヺー-ヿㇰ-ㇿ㐀-䶿一-鿿豈-﫿ｦ-ﾟᄀ-ᇿ가-힯\U00020000-\U0003134f"
_CJK_RUN = re.compile(f"([{_CJK}]+)")


def _marks() -> str:
    """Return a character class of Unicode's marks (M*): Python's `isalnum` leaves them out."""
    marks = [c for c in range(0x300, 0x1F000) if unicodedata.category(chr(c)).startswith("M")]
    return "".join(map(chr, marks))


_WORD = re.compile(rf"(?:[^\W_]++|(?=[^\x00-\x7f])[{_marks()}]++)++")
"""Looking for marks among ASCII as well would take 4.5 times as long: the class has many ranges."""
_LIGATURES = str.maketrans(
    # What Lucene's asciifolding turns into ASCII and Unicode does not decompose.
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "þ": "th"}  # noqa: RUF001 - Turkish
)
_LATIN, _OTHER_SCRIPTS = re.compile("[a-zß-ɏ]"), {"ru": "[Ѐ-ӿ]", "ar": "[؀-ۿ]", "hi": "[ऀ-ॿ]"}
_SCRIPT = {code: re.compile(_OTHER_SCRIPTS[code]) if code in _OTHER_SCRIPTS else _LATIN for code in STEMMERS}
"""A word is stemmed only in languages that are written in its script."""


def storable(text: str) -> str:
    """Return `text` without what no store can keep: NULs, lone surrogates, and our own markers."""
    if text.isascii() and "\x00" not in text:
        return text  # a hundredth of the time, and most of what is stored
    return _RESERVED.sub("\ufffd", text)


def words(text: str) -> list[str]:
    """Return the words of `text` in order, lower-cased and composed (NFC), accents kept."""
    return _WORD.findall(unicodedata.normalize("NFC", text).lower())


def word_spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, word) for every word of `text`, the word as `words` gives it."""
    for found in _WORD.finditer(text):
        yield found.start(), found.end(), unicodedata.normalize("NFC", found[0]).lower()


def split_scripts(word: str) -> list[str]:
    """Return the word cut where CJK begins and ends: `iphone手机` → `iphone`, `手机`."""
    return [piece for piece in _CJK_RUN.split(word) if piece]


def is_cjk(word: str) -> bool:
    """Return whether the word is (a run of) Chinese, Japanese or Korean characters."""
    return bool(_CJK_RUN.match(word))


def has_cjk(text: str) -> bool:
    """Return whether the text holds any Chinese, Japanese or Korean character."""
    return not text.isascii() and bool(_CJK_RUN.search(text))


def fold(word: str) -> str:
    """Return the word as both stores compare it: width and Latin accents folded, ligatures spelt out."""
    if word.isascii():
        return word
    return unaccented(unicodedata.normalize("NFKC", word)).translate(_LIGATURES)


def unaccented(word: str) -> str:
    """Return the word without accents on Latin letters, which is what `remove_diacritics 2` does.

    Other scripts keep their marks: й is not и, and Hindi's vowel signs are letters.
    """
    if word.isascii():
        return word
    decomposed = unicodedata.normalize("NFD", word.lower())
    return unicodedata.normalize("NFC", re.sub("(?<=[a-zæøœ])[\u0300-\u036f]+", "", decomposed))


def language_key(language: str) -> str:
    """Return the two-letter code under which a document's stems are kept: `pt-BR` → `pt`."""
    return re.split("[-_]", language.lower(), maxsplit=1)[0]


def stem_column(language: str, *texts: str) -> str:
    """Return the stem tokens of `texts` for a document in `language`, space-separated.

    Languages without a stemmer still get their CJK bigrams and the words that only spelling out
    makes plain (`København` as `kobenhavn`).
    """
    key = language_key(language)
    return f" {_PARAGRAPH} ".join(" ".join(_document_tokens(key, text)) for text in texts if text)


def query_tokens(word: str) -> list[str]:
    """Return the tokens any of which a document holds that the (non-CJK) word should find."""
    stems = [stem_token(language, word) for language in STEMMERS if is_stemmed(language, word)]
    return [*stems, f"{_FOLDED_KEY}{SEPARATOR}{fold(word)}"]


def bigrams(run: str) -> list[str]:
    """Return a CJK run's overlapping pairs as tokens, of which a document holds each in this order.

    A run of one character gives that character: documents hold the last of every run, too, so that
    looking for tokens that start with it finds every place.
    """
    folded = unicodedata.normalize("NFKC", run)
    pairs = [folded[i : i + 2] for i in range(len(folded) - 1)] or [folded]
    return [f"{_CJK_KEY}{SEPARATOR}{pair}" for pair in pairs]


def is_stemmed(language: str, word: str) -> bool:
    """Return whether there is a stemmer for the language and the word is in its script."""
    return language in STEMMERS and bool(_SCRIPT[language].search(word))


@lru_cache(maxsize=50_000)  # a stem costs 21 µs in Python, and news repeats its words
def stem_token(language: str, word: str) -> str:
    """Return the token of `word` stemmed as `language`; stemmed with its accents, folded after."""
    return f"{language}{SEPARATOR}{fold(_stemmer(language).stemWord(word))}"


class _Stemmers(threading.local):
    """Snowball's stemmers keep the word they work on in themselves: one set for each thread."""

    def __init__(self) -> None:
        self.by_language: dict[str, Any] = {}


_STEMMERS = _Stemmers()


def _stemmer(language: str) -> Any:
    known = _STEMMERS.by_language
    if language not in known:
        known[language] = snowballstemmer.stemmer(STEMMERS[language])
    return known[language]


def _document_tokens(language: str, text: str) -> list[str]:
    return [token for word in words(text) for token in _tokens_of(language, word)]


@lru_cache(maxsize=50_000)  # with a hit, a word costs .3 µs here instead of 3, and a document 1 ms less
def _tokens_of(language: str, word: str) -> tuple[str, ...]:
    return tuple(token for piece in split_scripts(word) for token in _tokens_of_piece(language, piece))


def _tokens_of_piece(language: str, piece: str) -> Iterator[str]:
    if is_cjk(piece):
        yield from bigrams(piece)
        if len(piece) > 1:
            yield from bigrams(piece[-1])
        return
    if is_stemmed(language, piece):
        yield stem_token(language, piece)
    if not piece.isascii() and fold(piece) != unaccented(piece):
        yield f"{_FOLDED_KEY}{SEPARATOR}{fold(piece)}"
