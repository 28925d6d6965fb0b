"""Which topics there are: IPTC's tree and an operator's own, as people list them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.enrich.topics.lexicon import entries, languages
from worker.enrich.topics.own import own_names
from worker.enrich.topics.taxonomy import PREFIX, concepts, find_code, full_code
from worker.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from worker.enrich.own import OwnTags


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic with the code above it, how deep it stands, and its patterns by language.

    Where it has none, English texts are searched for its label, and what is below it counts for it.
    """

    code: str
    name: str
    broader: str | None
    depth: int
    definition: str | None
    patterns: Mapping[str, int]

    @property
    def told(self) -> str:
        """The number of patterns in each language, as `en 31, fr 12`."""
        return ", ".join(f"{language} {count}" for language, count in self.patterns.items())


def topics_below(name: str | None, own: OwnTags) -> list[Topic]:
    """Return a topic, by code or label, and all below it; everything without one.

    Raises:
        UsageError: there is no such topic.
    """
    below = _below(own)
    start = "" if name is None else _code(name, own)
    return list(_walk(start, 0, below, own, _pattern_counts(own)))


def _code(name: str, own: OwnTags) -> str:
    bare = name.removeprefix(PREFIX)
    by_name = {topic.name.casefold(): topic.code for topic in own.topics}
    known = concepts().keys() | own_names(own).keys()
    code = bare if bare in known else by_name.get(name.casefold()) or find_code(name)
    if code is None:
        raise UsageError(f"no such topic: {name} (`feedmill topics` lists them)")
    return code


def _below(own: OwnTags) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for concept in concepts().values():
        found[concept.broader].append(concept.code)
    for topic in own.topics:
        found[topic.broader].append(topic.code)
    return found


def _walk(
    code: str,
    depth: int,
    below: Mapping[str, list[str]],
    own: OwnTags,
    counts: Mapping[str, Mapping[str, int]],
) -> Iterator[Topic]:
    if code:
        yield _topic(code, depth, own, counts.get(code, {}))
    for each in below.get(code, ()):
        yield from _walk(each, depth + bool(code), below, own, counts)


def _topic(code: str, depth: int, own: OwnTags, counts: Mapping[str, int]) -> Topic:
    if code in concepts():
        _, broader, name, definition = concepts()[code]
        return Topic(full_code(code), name, full_code(broader) or None, depth, definition, counts)
    broader = next(topic.broader for topic in own.topics if topic.code == code)
    return Topic(code, own_names(own)[code], full_code(broader) or None, depth, None, counts)


def _pattern_counts(own: OwnTags) -> Mapping[str, Mapping[str, int]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for language in languages():
        for code, patterns in entries(language):
            counts[code][language] += len(patterns)
    for each in own.patterns:
        for language in each.languages or ("own",):
            counts[each.code][language] += len(each.patterns)
    return {code: dict(by_language) for code, by_language in counts.items()}
