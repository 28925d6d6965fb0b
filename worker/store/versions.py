"""Two versions of one article, and which of them is the newer: what keeps a rebuilt index level. Pure.

While an index is rebuilt there are two: the live one and its twin. Writers write to the live one, then
bring both level for the articles they touched; the rebuild writes into the twin what it made of a live
document, if that is still as it was read. A document of the twin may hold another text than the live one
(rebuilt from the same page), but never that of an older write.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from worker.models import CarryState
from worker.store.decide import all_feed_ids

if TYPE_CHECKING:
    from worker.models import Carried, Document


def leveled(mine: Document | None, other: Document | None) -> Document | None:
    """Return what is to be written over `mine` so that it is no older than `other`; None where it is not.

    Two documents of one write keep their own texts. Of two writes the newer is taken, whichever version it
    is in, so that writers which level the same two documents come to the same. What is known of feeds and
    times is always that of both; where the page was kept in the archive is known to each text made of it.
    """
    if other is None:
        return None
    if mine is None:
        return other
    is_same = is_same_write(mine, other)
    newer = other if not is_same and _age(mine) < _age(other) else mine
    level = replace(
        newer,
        archive=(mine.archive or other.archive) if is_same else newer.archive,
        feed_ids=all_feed_ids(newer, mine, other),
        first_seen_at=min(mine.first_seen_at, other.first_seen_at),
        fetched_at=max(mine.fetched_at, other.fetched_at),
    )
    return None if level == mine else level


def is_same_write(one: Document, other: Document) -> bool:
    """Return whether both come from one write: they differ by rebuilding and merged feeds at most."""
    return _write_of(one) == _write_of(other)


@dataclass(frozen=True, slots=True)
class Carrying:
    """What carrying one document comes to: `document` is to be in the twin, nothing where it is None."""

    state: CarryState
    document: Document | None


def carrying(carried: Carried, live: Document | None, twin: Document | None) -> Carrying:
    """Decide what the twin is to hold of an article that the versions hold as `live` and `twin`."""
    if live is None:
        return Carrying(CarryState.GONE, None)
    if live != carried.before or _is_newer(twin, live):
        return Carrying(CarryState.CHANGED, twin)
    after = carried.after
    # A feed that the twin alone knows of yet is on its way into the live version.
    return Carrying(CarryState.CARRIED, (leveled(after, twin) or after) if after else None)


def _is_newer(twin: Document | None, live: Document) -> bool:
    return twin is not None and not is_same_write(twin, live) and _age(twin) > _age(live)


def _write_of(document: Document) -> tuple[Any, ...]:
    # Merges raise fetched_at, rebuilding changes texts and hashes of texts: neither makes another write.
    return (document.written_by, document.revision, document.raw_digest)


def _age(document: Document) -> tuple[Any, ...]:
    """Return what orders the writes of one article: the newest is the larger `fetched_at` (`store.decide`).

    Along the revisions of one version it never falls; the rest makes it the same order for everybody
    where two writers met at a swap.
    """
    by = document.written_by
    return (
        document.fetched_at,
        document.revision,
        document.indexed_at or document.first_seen_at,
        (by.entry_id, by.generation) if by else ("", 0),
        document.raw_digest,
    )
