"""Own names of places: from entries to values, with everything that is wrong with them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from worker.enrich.countries.names import names_by_code
from worker.enrich.countries.own import OWN_KINDS
from worker.enrich.own.languages import languages_of
from worker.enrich.own.rows import unknown
from worker.enrich.own.values import OwnPlace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from worker.enrich.own.rows import Problem, Row

USUAL_KIND = "region"
"""As sure as a country's province is, in any company."""

_LEAST, _MOST = 2, 100
"""Characters of a name: fewer stand in every text."""


def read_places(rows: Sequence[Row]) -> Iterator[OwnPlace | Problem]:
    """Yield the names of the entries, and what is wrong with them."""
    found: dict[str, list[tuple[OwnPlace, Row]]] = {}
    for row in rows:
        place, problems = _read(row)
        yield from problems
        if problems:
            continue
        others = found.setdefault(place.name, [])
        other = next((each for each in others if _contradicts(place, each[0])), None)
        if other:
            said = f"{place.name!r} is {other[0].country} ({other[0].kind}) at {other[1].where()}"
            yield row.problem("name", said)
        else:
            others.append((place, row))
            yield place


def _read(row: Row) -> tuple[OwnPlace, list[Problem]]:
    name, country, kind = row.get("name"), row.get("country").upper(), row.get("kind").lower() or USUAL_KIND
    languages, problems = languages_of(row)
    if not _LEAST <= len(name) <= _MOST or not name.isprintable() or not any(map(str.isalpha, name)):
        said = f"a name has {_LEAST} to {_MOST} characters, letters among them: {name!r}"
        problems.append(row.problem("name", said))
    if country not in _countries():
        said = f"not a country: {row.get('country')!r} (ISO 3166-1 alpha-2, or XK)"
        problems.append(row.problem("country", said))
    if kind not in OWN_KINDS:
        problems.append(row.problem("kind", unknown(kind, tuple(OWN_KINDS))))
    return OwnPlace(name, country, kind, languages), problems


@cache
def _countries() -> frozenset[str]:
    return frozenset(names_by_code())


def _contradicts(one: OwnPlace, other: OwnPlace) -> bool:
    """Say whether some language would have the name with two meanings."""
    if (one.country, one.kind) == (other.country, other.kind):
        return False
    return not one.languages or not other.languages or bool({*one.languages} & {*other.languages})
