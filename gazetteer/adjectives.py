"""Gender and number of adjectives, by closed rules of each language, from the dictionary form."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENDINGS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "fr": (
        ("ien", ("ien", "ienne", "iens", "iennes")),
        ("an", ("an", "ane", "ans", "anes")),
        ("e", ("e", "es")),
        ("è", ("è", "ès")),
        ("c", ("c", "cs")),
        ("s", ("s", "se", "ses")),
        ("", ("", "e", "s", "es")),
    ),
    "es": (
        ("és", ("és", "esa", "eses", "esas")),
        ("án", ("án", "ana", "anes", "anas")),
        ("o", ("o", "a", "os", "as")),
        ("í", ("í", "íes", "ís")),
        ("l", ("l", "la", "les", "las")),
        ("z", ("z", "za", "ces", "zas")),
        ("", ("", "s")),
    ),
    "pt": (
        ("ês", ("ês", "esa", "eses", "esas")),
        ("alemão", ("alemão", "alemã", "alemães", "alemãs")),
        ("ão", ("ão", "ã", "ãos", "ãs")),
        ("ol", ("ol", "ola", "óis", "olas")),
        ("o", ("o", "a", "os", "as")),
        ("", ("", "s")),
    ),
    "it": (
        ("co", ("co", "ca", "chi", "che", "ci")),
        ("io", ("io", "ia", "i", "ie")),
        ("o", ("o", "a", "i", "e")),
        ("e", ("e", "i")),
        ("a", ("a", "i", "e")),
        ("", ("",)),
    ),
}


def adjectives(language: str, word: str) -> Iterator[str]:
    """Yield an adjective's forms, in Romance languages in small letters and, for people, with a capital."""
    if language == "ar":
        for form in (word, f"{word}ة", f"{word}ين", f"{word}ون"):
            yield from (form, f"ال{form}")
        return
    if language == "pl":
        yield from (word, word[0].upper() + word[1:])
        return
    for ending, forms in _ENDINGS.get(language, (("", ("",)),)):
        if word.endswith(ending):
            stem = word.removesuffix(ending)
            for form in forms:
                yield from {
                    f"{stem}{form}",
                    f"{stem}{form}".capitalize() if language in _ENDINGS else stem + form,
                }
            return
