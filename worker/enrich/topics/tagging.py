"""The whole of topic tagging: a text in, its topics and the evidence out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from worker.enrich.own import installed
from worker.enrich.topics.lexicon import languages, lexicon
from worker.enrich.topics.own import own_lexicons, own_lines, own_names
from worker.enrich.topics.patterns import fold, positions
from worker.enrich.topics.score import rank, sums_of, tops_of, with_ancestors
from worker.enrich.topics.taxonomy import concepts, full_code
from worker.enrich.topics.words import read_words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from worker.enrich.topics.lexicon import Hit
    from worker.enrich.topics.patterns import Folded
    from worker.enrich.topics.score import Lines, Ranked
    from worker.enrich.topics.words import Words

_BREAK = "\n"
_READ_BY_WORDS = "en"
"""The language that the table of words knows."""
_READ = 300
"""Words of a text that are looked up in it: on BBC and AG News the figures are the same with all."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A span of title, line break and body that speaks for an assigned topic, by which pattern.

    What speaks for a topic that was not assigned counts for the top-level one above it.
    """

    start: int
    end: int
    text: str
    topic: str
    pattern: str
    weight: float


@dataclass(frozen=True, slots=True)
class Topics:
    """Topics of a text as `medtop:` codes or own ones, the strongest first.

    `codes` are the specific and then the top-level ones that were assigned, `names` their labels in the same
    order, `all` the codes with everything above them, `top` the top-level ones. `scores` are 0 to 1: of a
    top-level code its share of the text, of a specific one how much speaks for it (.5 is just enough).
    """

    codes: tuple[str, ...]
    all: tuple[str, ...]
    top: tuple[str, ...]
    names: tuple[str, ...]
    scores: Mapping[str, float]


def topics_of(title: str, body: str, language: str) -> Topics:
    """Return what a text is about, nothing for one without a clear topic.

    `language` (ISO 639-1) decides which lexicon is used; without one only own topics are found. These are
    found beside those of IPTC: neither takes the place of the other.
    """
    own = installed()
    folded = fold(_joined(title, body))
    ranked = _ranked(_hits(folded, language), folded, _words(folded, language))
    codes = (*ranked.concepts, *ranked.tops)
    return Topics(
        codes=_prefixed(codes),
        all=_prefixed(with_ancestors(codes, own_lines(own))),
        top=_prefixed(ranked.tops),
        names=tuple(own_names(own).get(code) or concepts()[code].label for code in codes),
        scores=dict(zip(_prefixed(codes), (*ranked.concepts.values(), *ranked.tops.values()), strict=True)),
    )


def totals_of(title: str, body: str, language: str) -> dict[str, float]:
    """Return how much the lexicon finds in a text for each code, in its weights."""
    folded = fold(_joined(title, body))
    sums = sums_of(_hits(folded, language), folded.title_end, len(folded.small))
    return {code: sum(patterns.values()) for code, patterns in sums.items()}


def topic_evidence(title: str, body: str, language: str) -> tuple[Evidence, ...]:
    """Return what in a text speaks for the topics that `topics_of` finds, in the text's order."""
    text = _joined(title, body)
    folded = fold(text)
    hits = _hits(folded, language)
    ranked = _ranked(hits, folded, _words(folded, language))
    assigned = ranked.concepts.keys() | ranked.tops.keys()
    kept = positions(text)
    found = []
    for hit in sorted(hits, key=_longest_first):
        if topic := _topic_of(hit.code, assigned):
            start, end = kept[hit.start], kept[hit.end - 1] + 1
            pattern = hit.pattern
            found.append(
                Evidence(start, end, text[start:end], full_code(topic), pattern.text, pattern.weight)
            )
    return tuple(found)


def _joined(title: str, body: str) -> str:
    return f"{title.replace(_BREAK, ' ')}\n{body}"


def _hits(folded: Folded, language: str) -> list[Hit]:
    own = installed()
    lexicons = ((lexicon(language),) if language in languages() else ()) + own_lexicons(own, language)
    return _told_apart(chain.from_iterable(each.hits(folded) for each in lexicons), own_lines(own))


def _words(folded: Folded, language: str) -> Words | None:
    if language != _READ_BY_WORDS:
        return None
    return read_words(folded.small.split(None, _READ)[:_READ])


def _ranked(hits: Iterable[Hit], folded: Folded, words: Words | None) -> Ranked:
    sums = sums_of(hits, folded.title_end, len(folded.small))
    return rank(sums, words, own_lines(installed()))


def _told_apart(hits: Iterable[Hit], own: Lines) -> list[Hit]:
    """Return the hits that tell something: own phrases take no word from IPTC's, nor those from these."""
    found = list(hits)
    return [
        *told(hit for hit in found if hit.code not in own),
        *told(hit for hit in found if hit.code in own),
    ]


def told(hits: Iterable[Hit]) -> list[Hit]:
    """Return the hits that tell something, in order: a phrase settles what the words within it mean."""
    kept: list[Hit] = []
    phrase_start = phrase_end = 0
    spoken_for: set[tuple[int, str]] = set()
    for hit in sorted(hits, key=_longest_first):
        span = (hit.start, hit.end)
        if hit.end <= phrase_end and span != (phrase_start, phrase_end):
            continue
        if hit.end > phrase_end and " " in hit.pattern.core:
            phrase_start, phrase_end = span
        if (hit.start, hit.code) not in spoken_for:
            spoken_for.add((hit.start, hit.code))
            kept.append(hit)
    return kept


def _longest_first(hit: Hit) -> tuple[int, int, float, str]:
    return (hit.start, -hit.end, -hit.pattern.weight, hit.code)


def _topic_of(code: str, assigned: Collection[str]) -> str | None:
    if code in assigned:
        return code
    tops = tops_of(code) if code in concepts() else ()
    return next((top for top, _ in tops if top in assigned), None)


def _prefixed(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(full_code, codes))
