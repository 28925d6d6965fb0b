"""Where a count of concepts by top-level code has to differ from the tree."""

from __future__ import annotations

SCIENCE = "13000000"

ROUTED = frozenset(
    {
        "20000225",  # computing and information technology
        "20000226",  # computer and telecommunications hardware
        "20000230",  # semiconductor and electronic component
        "20000231",  # software and applications
        "20000233",  # telecommunication service
        "20000548",  # video game
        "20000756",  # information technology and computer science
        "20001182",  # social media
        "20001258",  # consumer electronics
    }
)
"""Concepts that count for science and technology first. IPTC files most of computing as an economic sector;
readers and newsrooms look for it under technology."""

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
