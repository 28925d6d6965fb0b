"""The own tags that this process tags with: settled once, when it starts, before any text is tagged."""

from __future__ import annotations

from worker.enrich.own.values import NOTHING_OWN, OwnTags

_in_force = [NOTHING_OWN]


def install(own: OwnTags) -> None:
    """Let the process tag with these from now on."""
    _in_force[0] = own


def installed() -> OwnTags:
    """Return the own tags in force; none until some were installed."""
    return _in_force[0]
