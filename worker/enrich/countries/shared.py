"""Names that countries share, or share with people, birds and rivers: Georgia, Jordan, Turkey, Niger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.enrich.countries import context
from worker.enrich.countries.alone import BASE
from worker.enrich.countries.gazetteer import REGION, senses, senses_of
from worker.enrich.countries.setting import Mention

if TYPE_CHECKING:
    from worker.enrich.countries.gazetteer import Sense
    from worker.enrich.countries.match import Found
    from worker.enrich.countries.setting import Setting

_RIVERS = frozenset({"Niger", "Jordan"})
_RIVER = 0.5
_PERSON = 0.3
"""What is left of a sense's confidence after an article, and where the name is elsewhere in a person's."""

_AT_HOME = 0.85
"""What is left at least where the sense is the publisher's own country: Georgia in a paper from Tbilisi."""


def is_shared(setting: Setting, found: Found) -> bool:
    """Say whether the name has senses to choose from here.

    English ones matter in other languages, too, where the name itself leaves a choice there.
    """
    if f"{setting.language}:{found.text}" in senses():
        return True
    several = len({reading.country for reading in found.name.readings}) > 1
    return found.text in senses() and (setting.language == "en" or several)


def sensed(setting: Setting, found: Found) -> Mention | None:
    """Return the mention in the sense that most cues speak for; None where that is no country's."""
    filed = found.start in setting.dateline
    sense, cued, clear = _chosen(setting, found, filed=filed)
    person = found.text in setting.people and not cued and not filed
    if sense.country is None or (person and context.in_sequence(setting.text, found, setting.language)):
        return None
    kind = next((r.kind for r in found.name.readings if r.country == sense.country), REGION)
    left = max(sense.alone, _AT_HOME) if _published(setting, sense) else sense.alone
    confidence = BASE.get(kind, 0.9) * (1.0 if clear else left) * (_PERSON if person else 1.0)
    if found.text in _RIVERS and context.has_article(setting.text, found, "en"):
        confidence *= _RIVER
    return Mention(found, sense.country, kind, "dateline" if filed else "sense", confidence)


def _chosen(setting: Setting, found: Found, *, filed: bool) -> tuple[Sense, bool, bool]:
    """Return a sense, whether any cue speaks for it, and whether more do than for each other one."""
    options = senses_of(found.text, setting.language)
    texts = (setting.text.lower(), setting.text)  # DINNER in a headline is dinner
    counts = [sum(cue in texts[not cue.islower()] for cue in sense.cues) for sense in options]
    best = max(range(len(options)), key=lambda i: (counts[i], _published(setting, options[i]), -i))
    if options[best].country is None and (filed or context.is_placed(setting.text, found, setting.language)):
        best = 0
    clear = all(counts[best] > count for i, count in enumerate(counts) if i != best)
    return options[best], counts[best] > 0, clear


def _published(setting: Setting, sense: Sense) -> bool:
    return sense.country is not None and sense.country == setting.publisher
