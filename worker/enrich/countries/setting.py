"""What a text as a whole says for the reading of each of its names."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.enrich.countries.context import PLACES
from worker.enrich.countries.gazetteer import ABBREVIATION, OWN, REGION, senses

if TYPE_CHECKING:
    from worker.enrich.countries.match import Found

LONDON = "GB.LND"
"""The state of London's districts, as the gazetteer has it."""

_GREAT = 50
"""Ten times log10 of 100,000: a smaller town's name speaks for no country by itself."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in the text read as a country's. `confidence` is of this reading alone, by `rule`."""

    found: Found
    country: str
    kind: str
    rule: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Setting:
    """The text and its names; `dateline` is where the place of filing stands, and begins where the body does.

    `votes` and `admins` are the distinct names that speak for each country, and for each state (`US.PA`).
    `people` are names that are people's in this text.
    """

    text: str
    language: str
    publisher: str | None
    dateline: range
    votes: dict[str, set[str]]
    admins: dict[str, set[str]]
    people: frozenset[str]

    def support(self, country: str, name: str) -> int:
        """Return how many names but this one speak for the country."""
        return len(self.votes.get(country, set()) - {name})

    def elsewhere(self, country: str, least: int) -> bool:
        """Say whether at least as many distinct names speak for another country."""
        return any(len(names) >= least for other, names in self.votes.items() if other != country)

    def names_state(self, admin: str, name: str) -> bool:
        """Say whether another name in the text is the state."""
        return bool(self.admins.get(admin, set()) - {name})


def votes_of(names: list[Found]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return the distinct names that speak for each country, and for each state."""
    votes: dict[str, set[str]] = defaultdict(set)
    admins: dict[str, set[str]] = defaultdict(set)
    for found in names:
        readings = found.name.readings
        for reading in readings:
            if reading.admin == LONDON or (reading.kind in (REGION, ABBREVIATION) and reading.admin):
                admins[reading.admin].add(found.text)
        countries = {reading.country for reading in readings}
        if OWN in found.name.flags:
            votes[readings[0].country].add(found.text)
        elif len(countries) == 1 and found.text not in senses():
            reading = readings[0]
            if reading.kind not in PLACES or (reading.size >= _GREAT and not found.name.flags):
                votes[reading.country].add(found.text)
    return votes, admins
