"""The record of a rebuild under way: when one may begin, and who holds a slice of it. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from worker.models import Phase

if TYPE_CHECKING:
    from datetime import datetime

    from worker.models import Rebuild, Slice

UNDER_WAY = (Phase.COPYING, Phase.COPIED, Phase.PROMOTED)
"""Phases in which there are two versions: another rebuild has to wait for the end of this one."""


def is_under_way(rebuild: Rebuild | None) -> bool:
    """Return whether the latest rebuild keeps another from beginning."""
    return rebuild is not None and rebuild.phase in UNDER_WAY


def is_free(part: Slice, now: datetime) -> bool:
    """Return whether a slice may be claimed: there is work in it, and nobody's lease is on it."""
    return not part.done and (part.due_at is None or part.due_at <= now)


def claimed(part: Slice, now: datetime, lease_s: float, token: str) -> Slice:
    """Return a free slice as it is once claimed."""
    due_at = now + timedelta(seconds=lease_s)
    return replace(part, claim=token, due_at=due_at, claimed_at=now, seen_at_claim=part.seen)


def saved(stored: Slice, part: Slice, now: datetime, lease_s: float) -> Slice | None:
    """Return what a slice becomes when its holder saves it; None where the holder's claim no longer holds it.

    A slice that is done is held no more.
    """
    if stored.claim is None or stored.claim != part.claim:
        return None
    due_at = None if part.done else now + timedelta(seconds=lease_s)
    return replace(
        stored,
        cursor=part.cursor,
        done=part.done,
        seen=part.seen,
        counts=part.counts,
        waiting=part.waiting,
        walked=part.walked,
        claim=None if part.done else stored.claim,
        due_at=due_at,
        saved_at=now,
    )


def released(part: Slice) -> Slice:
    """Return a held slice as it is once its holder is known to be gone."""
    return replace(part, claim=None, due_at=None)
