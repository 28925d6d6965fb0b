"""Which languages an entry is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.enrich.own.rows import Problem, Row

_CODES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de "
    "dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id "
    "ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu "
    "lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu "
    "rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr "
    "ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
"""ISO 639-1."""
_KNOWN = frozenset(_CODES.split())


def languages_of(row: Row) -> tuple[tuple[str, ...], list[Problem]]:
    """Return the languages of an entry, () where it names none, and which of them are wrong."""
    said = sorted(set(row.get("languages").replace(",", " ").lower().split()))
    problems = [
        row.problem("languages", f"not a language: {code!r} (ISO 639-1, such as en or uk)", code)
        for code in said
        if code not in _KNOWN
    ]
    return tuple(code for code in said if code in _KNOWN), problems
