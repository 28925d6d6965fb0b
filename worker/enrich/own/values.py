"""Own tags as values: what the files of an operator mean, whatever their order and layout."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_DIGEST_LENGTH = 12


@dataclass(frozen=True, slots=True, order=True)
class OwnTopic:
    """A topic or watch-list: its code, such as `own:potash`, its name, and the code above it ("" for none).

    `broader` is another own code, or the eight digits of an IPTC one.
    """

    code: str
    name: str
    broader: str = ""


@dataclass(frozen=True, slots=True, order=True)
class OwnPatterns:
    """Patterns in the lexicons' notation for an own code, or for the eight digits of an IPTC one.

    `languages` are ISO 639-1 codes; () is every language, also those without a lexicon.
    """

    code: str
    languages: tuple[str, ...]
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class OwnPlace:
    """A name that stands for a country (ISO 3166-1 alpha-2, or XK).

    `kind` is one of the words of `worker.enrich.countries.tagging.KINDS`; `languages` as in `OwnPatterns`.
    """

    name: str
    country: str
    kind: str
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnTags:
    """All own tags, each kind in order and without repetitions.

    `digest`, "" where there are none, tells by itself whether two are equal.
    """

    topics: tuple[OwnTopic, ...] = field(default=(), compare=False)
    patterns: tuple[OwnPatterns, ...] = field(default=(), compare=False)
    places: tuple[OwnPlace, ...] = field(default=(), compare=False)
    digest: str = ""


NOTHING_OWN = OwnTags()


def own_tags(
    topics: Iterable[OwnTopic], patterns: Iterable[OwnPatterns], places: Iterable[OwnPlace]
) -> OwnTags:
    """Return these as one value that depends on no order: the digest is of all that decides output."""
    ordered = (tuple(sorted(set(topics))), _joined(patterns), tuple(sorted(set(places))))
    if not any(ordered):
        return NOTHING_OWN
    plain = json.dumps([[astuple(each) for each in kind] for kind in ordered])
    return OwnTags(*ordered, hashlib.sha256(plain.encode()).hexdigest()[:_DIGEST_LENGTH])


def _joined(patterns: Iterable[OwnPatterns]) -> tuple[OwnPatterns, ...]:
    """Return the patterns with one record per code and languages: a row each and one for all are the same."""
    found: dict[tuple[str, tuple[str, ...]], set[str]] = {}
    for each in patterns:
        found.setdefault((each.code, each.languages), set()).update(each.patterns)
    return tuple(OwnPatterns(*key, tuple(sorted(texts))) for key, texts in sorted(found.items()))
