"""What stands around a name: people's names, institutions, "City, State", datelines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.enrich.countries.gazetteer import ABBREVIATION, CAPITAL, CITY, NAME, REGION

if TYPE_CHECKING:
    from worker.enrich.countries.gazetteer import Reading
    from worker.enrich.countries.match import Found


def words(listed: str) -> frozenset[str]:
    """Return the words of a list that is written as a text."""
    return frozenset(listed.split())


PLACES = frozenset({CITY, CAPITAL})
MONTHS = frozenset(
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Sept", "Oct", "Nov", "Dec"]
)
"""Towns of these names are never what a dateline means: MINSK, Nov 3."""

_DATELINE = re.compile(
    r"\s*(?:[A-ZÀ-Þ][A-ZÀ-Þ'.-]{2,}[^\n–—]{0,60}?(?:\s?-{1,2}(?=\s)|\s?[–—]|\((?:[A-Z]{2,5}|Reuters|Xinhua|Bloomberg)\))"
    r"|[A-ZÀ-Þ][\w .,'-]{2,40}?(?:, (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? "
    r"\d{1,2}\s?[-–—]"
    r"|\s?\((?:AP|AFP|Reuters|Xinhua|Bloomberg)\)))"
)
"""LONDON, Feb 26 - / WASHINGTON (AP) — / BRUSSELS, Belgium –"""

_NEXT = re.compile(r" ([A-ZÀ-Þ][\w'’-]*)")
_BEFORE = re.compile(r"(?:^|(?P<stop>[.!?:;\"“”(\n]\s*)| |[-'])(?P<word>[A-ZÀ-Þ][\w.'-]*) $")
_AFTER_PLACE = words(
    "University College School Hospital Airport International Police Mayor City Council Court Stock "
    "Exchange County Province District State Department Zoo Museum River Bay Island Islands Bridge "
    "Street Road Avenue Square Station Governor Gov Sen Rep Senator Prime President Minister Foreign "
    "Interior Defense Defence Parliament Government Fire Metro Metropolitan Region Regional Central "
    "National Public Olympic Olympics Marathon Film Festival Times Herald Post Tribune Medical Health "
    "Institute Center Centre Children General Cathedral Church Airlines Port Harbor Harbour Beach Park "
    "Valley Hills Heights Township Village Borough Prefecture Governorate Oblast Supreme District "
    "Attorney Chamber Convention Symphony Orchestra Opera High Township Sheriff Board Bureau Monday "
    "Tuesday Wednesday Thursday Friday Saturday Sunday Peninsula Desert Lake Mountains Strait Coast "
    "Plain January February March April May June July August September October November December"
)
"""Words that follow the name of a place rather than complete that of a person."""

_BEFORE_PLACE = words(
    "In The At From Of Near To On For And But After Before When While As North South East West Northern "
    "Southern Eastern Western Central Greater Downtown New Upper Lower Mayor President Minister Gov "
    "Governor Sen Senator Rep Monday Tuesday Wednesday Thursday Friday Saturday Sunday With By A An "
    "That This Since Until Via Against Outside Inside Around Across Between Through Over Under If "
    "Although Though Where Who What Why How University Bank City Port Government Republic Kingdom "
    "Province State District Region Island Lake Mount Fort Both Even Unlike Like Visit Says Said Not No"
)
_GERMAN = frozenset({"DE", "AT", "CH", "LI", "LU"})
_KIND_OF_PLACE = re.compile(
    r"(?:Bundes|Glied|US-Bundes)staats?|(?:\w*s)?[Ss]tadt|Provinz|Region|Insel|Metropole|(?:Land)?[Kk]reis|Bezirk"
    r"|Flughafen|Universität|Uni|Hafen|(?:Groß)?[Rr]aum|Gouvernement|Präfektur|Gemeinde|Dorf|Ort|Grafschaft"
)
"""German nouns that say what kind of place follows: im Bundesstaat Georgia."""

_SPEAKS = re.compile(
    r",? (?:said|says|told|added|wrote|tweeted|testified|recalled|who|whose|himself|herself)\b"
)
_OPENING = re.compile(r"(?:^|[.!?:;…\n][\"”’')]? ?|[\"“„«¿¡(])$")
_ARTICLE = re.compile(
    r"\b(?:[Dd]as|[Dd]er|[Dd]ie|[Dd]em|[Dd]en|[Dd]es|[Ee]in|[Ee]ine[nmrs]?|[Bb]eim|[Zz]um|[Vv]om) $"
)
_NO_NOUN = re.compile(
    r"[.,;:)!?]|$| (?:in|of|at|on|and|or|was|is|were|are|has|had|will|to|by|from|with|for)\b"
)
_CONTRACTED = re.compile(r"\b(?:[IiAa]m|[Bb]eim|[Zz]u[mr]|[Vv]om|[IiAa]ns) $")
_THE = re.compile(r"\b[Tt]he $")
_TITLE = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Sen|Rep|Gen|Lt|Col|Sgt|Judge|Justice|Sir|Lord|Lady|Secretary|Professor|Prof)\.? $"
)
_PREPOSITION = re.compile(
    r"\b(?:in|at|near|from|of|to|outside|around|between|and|above|below|across|via|beyond|"
    r"en|à|a|da|di|de|dans|nach|bei|aus|im|em|na|no|nel|nella|nelle|dal|w|we|z|te) $",
    re.IGNORECASE,
)


def dateline_end(text: str, body_start: int) -> int:
    """Return where the dateline that opens the body ends; `body_start` where there is none."""
    match = _DATELINE.match(text, body_start)
    return match.end() if match else body_start


def in_sequence(text: str, found: Found, language: str) -> bool:
    """Say whether the name is part of a longer capitalised name: Paris Hilton, Jack London, London Breed.

    In German any noun has a capital: "dass in Paris Menschen …", "Oberbürgermeister Ulms".
    """
    german = language == "de"
    if german and (follows_preposition(text, found) or _is_german(found)):
        return False
    after = _NEXT.match(text, found.end)
    if after and after[1].partition("'")[0] not in _AFTER_PLACE:
        return True
    before = _BEFORE.search(text, max(0, found.start - 30), found.start)
    return bool(
        before
        and not before["stop"]
        and before.start()
        and before["word"].rstrip(".") not in _BEFORE_PLACE
        and not before["word"].endswith("'s")
        and not (german and _KIND_OF_PLACE.fullmatch(before["word"]))
    )


def _is_german(found: Found) -> bool:
    return any(r.kind == NAME or r.country in _GERMAN for r in found.name.readings)


def is_person(text: str, found: Found) -> bool:
    """Say whether a title before the name or a verb of speech after it makes it a person's."""
    speaks = _SPEAKS.match(text, found.end) and not any(r.kind == NAME for r in found.name.readings)
    speaks = speaks and not follows_preposition(text, found)
    return bool(speaks or _TITLE.search(text, max(0, found.start - 14), found.start))


def is_thing(text: str, found: Found) -> bool:
    """Say whether an English article, and no noun after the name, makes it a building's or a ship's."""
    return has_article(text, found, "en") and bool(_NO_NOUN.match(text, found.end))


def opens_sentence(text: str, found: Found) -> bool:
    """Say whether the name would have a capital anyway."""
    return bool(_OPENING.search(text, max(0, found.start - 4), found.start))


def has_article(text: str, found: Found, language: str) -> bool:
    """Say whether an article makes it a German noun (das Essen), or in English a river (the Niger)."""
    article = _ARTICLE if language == "de" else _THE
    return bool(article.search(text, max(0, found.start - 6), found.start))


def is_contracted(text: str, found: Found) -> bool:
    """Say whether a German preposition has an article in it: im Kanal, am Ende."""
    return bool(_CONTRACTED.search(text, max(0, found.start - 5), found.start))


def follows_preposition(text: str, found: Found) -> bool:
    """Say whether a word like "in" or "from" makes the name a place."""
    return bool(_PREPOSITION.search(text, max(0, found.start - 9), found.start))


def is_placed(text: str, found: Found, language: str) -> bool:
    """Say whether the words around a name make it a place: in Reading; in Turkish, Trablus'ta."""
    return follows_preposition(text, found) or (language == "tr" and text.startswith("'", found.end))


def container(text: str, found: Found, following: Found) -> tuple[Reading, Reading] | None:
    """Return the readings of "City, State" or "City, Country", where both sides agree.

    A town that the gazetteer lacks is where the state is that follows it, if that closes the phrase.
    """
    if following.start != found.end + 2 or text[found.end : following.start] != ", ":
        return None
    wider = [r for r in following.name.readings if r.kind in (REGION, NAME, ABBREVIATION)]
    if any(r.kind == NAME for r in found.name.readings):
        shared = any(r.kind == NAME for r in following.name.readings)
        wider = [r for r in wider if r.admin and not shared]
    towns = [r for r in found.name.readings if r.kind in PLACES]
    for outer in wider:
        for town in towns:
            if town.country == outer.country and (not outer.admin or town.admin in ("", outer.admin)):
                return town, outer
    states = [r for r in wider if r.admin]
    closed = text[following.end : following.end + 1] in (",", ".", ")", "")
    listed = any(r.kind == REGION for r in found.name.readings)
    if states and not listed and (closed or states[0].kind == ABBREVIATION):
        return states[0]._replace(kind=CITY), states[0]
    return None
