"""An operator's own topics and patterns, looked for beside those of the lexicons."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from worker.enrich.topics.lexicon import Target, lexicon_of
from worker.enrich.topics.patterns import pattern_of
from worker.enrich.topics.taxonomy import concepts, line_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.enrich.own import OwnTags
    from worker.enrich.topics.lexicon import Lexicon

_EVERY = ""


def own_lexicons(own: OwnTags, language: str) -> tuple[Lexicon, ...]:
    """Return what else to look for in a text of the language: for every language, and for this one."""
    if not own.patterns:
        return ()
    found = (_lexicon(own, _EVERY), _lexicon(own, language))
    return tuple(lexicon for lexicon in found if lexicon.targets)


@lru_cache(maxsize=2)
def own_lines(own: OwnTags) -> Mapping[str, tuple[str, ...]]:
    """Return for each own code the line of codes from it upwards."""
    broader = {topic.code: topic.broader for topic in own.topics}
    return {code: _line(code, broader) for code in broader}


@lru_cache(maxsize=2)
def own_names(own: OwnTags) -> Mapping[str, str]:
    """Return what each own code is called."""
    return {topic.code: topic.name for topic in own.topics}


def _line(code: str, broader: Mapping[str, str]) -> tuple[str, ...]:
    if code in concepts():
        return line_of(code)
    return (code, *_line(broader[code], broader)) if code else ()


@lru_cache(maxsize=128)
def _lexicon(own: OwnTags, language: str) -> Lexicon:
    return lexicon_of(
        Target(each.code, pattern_of(text))
        for each in own.patterns
        if (language in each.languages if language else not each.languages)
        for text in each.patterns
    )
