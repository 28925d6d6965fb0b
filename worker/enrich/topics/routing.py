"""Where a count of concepts by top-level code has to differ from the tree."""

from __future__ import annotations

from types import MappingProxyType

ARTS, SCIENCE = "01000000", "13000000"

_ROUTED = {
    SCIENCE: (
        "20000225",  # computing and information technology
        "20000226",  # computer and telecommunications hardware
        "20000230",  # semiconductor and electronic component
        "20000231",  # software and applications
        "20000233",  # telecommunication service
        "20000234",  # wireless technology
        "20000548",  # video game
        "20000756",  # information technology and computer science
        "20001182",  # social media
        "20001258",  # consumer electronics
    ),
    ARTS: (
        "20000304",  # media and entertainment industry
        "20000306",  # books and publishing
        "20000307",  # film industry
        "20000308",  # music industry
        "20000313",  # radio industry
        "20000314",  # satellite and cable service
        "20000315",  # television industry
        "20001293",  # streaming service
        "20001369",  # podcast
        "20001372",  # news industry
    ),
}
ROUTED = MappingProxyType({code: top for top, codes in _ROUTED.items() for code in codes})
"""Concepts that count for another top-level code first. IPTC files most of computing, and what sells music or
films, as economic sectors; readers and newsrooms look for them under technology, and under culture."""

OTHER_SHARE = 0.3
"""The part of a routed concept that still counts for the code it stands under."""

NEVER = frozenset(
    {
        "20000209",  # products and services
        "20000349",  # business enterprise
        "20000606",  # executive (government)
        "20000822",  # competition discipline
    }
)
"""Concepts too wide to say anything of an article: they only count for their top-level code."""
