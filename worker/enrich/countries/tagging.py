"""The whole of country tagging: a text in, its countries and the evidence out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.enrich.countries.context import dateline_end
from worker.enrich.countries.match import find, folded
from worker.enrich.countries.own import own_sections
from worker.enrich.countries.readings import read
from worker.enrich.countries.score import rank
from worker.enrich.own import installed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.enrich.countries.setting import Mention


@dataclass(frozen=True, slots=True)
class Evidence:
    """A span of title, line break and body that speaks for a country, and by which rule, 0 to 1."""

    start: int
    end: int
    text: str
    kind: str
    rule: str
    country: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Countries:
    """Countries of a text by ISO 3166-1 alpha-2 code (and XK), those it is most about first.

    `primary` is the country that the text is about, None rather than a guess. `scores` has the confidence
    for every country with any evidence, also for those too doubtful to be in `countries`.
    """

    primary: str | None
    countries: tuple[str, ...]
    scores: Mapping[str, float]
    mentions: tuple[Mention, ...]

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What in the text speaks for which country, in the text's order."""
        return tuple(map(_evidence, self.mentions))


KINDS = {
    "N": "country",
    "R": "region",
    "C": "city",
    "K": "capital",
    "D": "demonym",
    "M": "metonym",
    "P": "state",
}


def countries_of(title: str, body: str, language: str, publisher: str | None = None) -> Countries:
    """Return which countries a text mentions and which one it is about.

    `language` (ISO 639-1) decides which names are looked for; English ones where it isn't known.
    `publisher` is the country of the text's source: it decides between readings that are otherwise alike.
    Own names of places that are installed win over the gazetteer's.
    """
    plain = f"{title}\n{body}"
    text = f"{folded(title)}\n{folded(body)}"
    start = len(title) + 1
    dateline = range(start, dateline_end(plain, start))
    names = find(text, language, own_sections(installed(), language))
    mentions = read(text, names, language, publisher, dateline)
    ranked = rank(text, mentions, dateline)
    return Countries(ranked.primary, ranked.countries, ranked.scores, tuple(mentions))


def _evidence(mention: Mention) -> Evidence:
    found = mention.found
    return Evidence(
        found.start,
        found.end,
        found.text,
        KINDS[mention.kind],
        KINDS.get(mention.rule, mention.rule),
        mention.country,
        round(mention.confidence, 3),
    )
