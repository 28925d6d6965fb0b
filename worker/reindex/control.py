"""From start to clean: what a rebuild goes through, each step safe to repeat after a kill in its middle.

The record in the store is written so that the next step knows what was done: it is begun before the new
version is made, and its phase changes after the swap, or before a version is deleted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from worker.enrich.tags import tagger_version
from worker.errors import OperationError, UsageError
from worker.extract.version import extractor_version
from worker.models import Phase, Rebuild
from worker.reindex.plan import find_difference, request_of, slices_of, steps_of
from worker.reindex.steps import Source, Step
from worker.store.rebuilds import is_under_way

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from worker.clock import Clock
    from worker.models import Slice
    from worker.store.base import Store

NOT_BEGUN = "there is no rebuilt index: `feedmill reindex start` makes one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an operator asked for; `selection` are search options and `stale`, absent ones left out."""

    source: Source = Source.ARCHIVE
    only: Step | None = None
    selection: Mapping[str, Any] = field(default_factory=dict)
    rate: float | None = None


def start(store: Store, clock: Clock, asked: Asked) -> Rebuild:
    """Begin a rebuild, or go on with the one that is copying; return it, ready to be worked on.

    Raises:
        UsageError: another one is under way, or the options contradict each other.
        OperationError: the one that is copying was begun by another extractor or tagger.
    """
    steps = steps_of(asked.source, asked.only)
    request_of(asked.selection)
    latest = store.rebuilds.get()
    if latest and latest.phase is Phase.COPYING and (difference := find_difference(latest)):
        raise OperationError(
            f"the rebuild under way is of another version, {difference}: go on with it where it was started, "
            "or give it up by `feedmill reindex cancel`"
        )
    if latest is None or not is_under_way(latest):
        latest = _begun(store, clock, asked, steps)
    elif latest.phase is not Phase.COPYING:
        raise UsageError(f"there is a rebuilt index ({latest.phase.value}): {_way_out(latest)}")
    elif asked != Asked() and not _is_same(latest, asked, steps):
        raise UsageError(
            "a rebuild with other options is under way: go on with it by `feedmill reindex start` alone, "
            "or give it up by `feedmill reindex cancel`"
        )
    return latest if latest.to_version else _with_version(store, latest)


def needs_pages(store: Store, asked: Asked) -> bool:
    """Return whether what `start` would begin, or go on with, reads the archive."""
    latest = store.rebuilds.get()
    if latest and latest.phase is Phase.COPYING:
        return Step.EXTRACT.value in latest.only
    return Step.EXTRACT in steps_of(asked.source, asked.only)


def end_copy(store: Store, clock: Clock, rebuild: Rebuild) -> None:
    """Note that everything has been carried; whoever finds the last slice done may do it."""
    changes = {"phase": Phase.COPIED, "ended_at": clock.now(), "said": dict(results(store.rebuilds.slices()))}
    store.rebuilds.update(rebuild.rebuild_id, changes, if_phase=Phase.COPYING)


def end_if_done(store: Store, clock: Clock, rebuild: Rebuild) -> bool:
    """End the copy if every slice of it is done, by whomever; return whether that is so."""
    if not all(part.done for part in store.rebuilds.slices()):
        return False
    end_copy(store, clock, rebuild)
    return True


def promote(store: Store) -> Rebuild:
    """Let the rebuilt version be the one that is searched.

    Raises:
        OperationError: it is not whole yet, or there is none.
    """
    rebuild = latest_of(store)
    if rebuild.phase is Phase.COPYING:
        raise OperationError("the copy is not finished: `feedmill reindex start` goes on with it")
    _in_phase(rebuild, Phase.COPIED, "promoted")
    if store.versions.live() != rebuild.to_version:
        store.versions.level(rebuild.started_at)
        store.versions.swap()
    store.rebuilds.update(rebuild.rebuild_id, {"phase": Phase.PROMOTED}, if_phase=Phase.COPIED)
    return rebuild


def rollback(store: Store) -> Rebuild:
    """Let the version before be searched again; the rebuilt one stays, and may be promoted again.

    Raises:
        OperationError: no rebuilt version was promoted.
    """
    rebuild = latest_of(store)
    _in_phase(rebuild, Phase.PROMOTED, "rolled back")
    if store.versions.live() != rebuild.from_version:
        store.versions.level(rebuild.started_at)
        store.versions.swap()
    store.rebuilds.update(rebuild.rebuild_id, {"phase": Phase.COPIED}, if_phase=Phase.PROMOTED)
    return rebuild


def cancel(store: Store, clock: Clock) -> str | None:
    """Give a rebuild up and delete its version; return the version's name, if there was one.

    Raises:
        OperationError: none is under way, or it was promoted.
    """
    rebuild = latest_of(store)
    if rebuild.phase is Phase.PROMOTED:
        raise OperationError("it was promoted: `feedmill reindex rollback` first, or `clean` to keep it")
    if is_under_way(rebuild):
        ended = {"phase": Phase.CANCELLED, "ended_at": clock.now()}
        if not store.rebuilds.update(rebuild.rebuild_id, ended, if_phase=rebuild.phase):
            raise OperationError("it went on meanwhile: look at `feedmill reindex status`, then try again")
    elif not store.versions.twin():
        raise OperationError(NOT_BEGUN)
    return store.versions.drop()


def droppable(store: Store) -> str | None:
    """Return the name of the version that `clean` deletes, None where there is none.

    Raises:
        OperationError: the second version is the rebuilt one, and was not promoted.
    """
    rebuild, twin = store.rebuilds.get(), store.versions.twin()
    if rebuild and rebuild.phase in (Phase.COPYING, Phase.COPIED):
        raise OperationError(
            f"the rebuilt index is {rebuild.phase.value}, not promoted: promote it first, or cancel it"
        )
    return twin


def clean(store: Store, clock: Clock) -> str | None:
    """Delete the version that is not searched; return its name. There is no way back afterwards.

    Raises:
        OperationError: it is the rebuilt one, and was not promoted.
    """
    droppable(store)
    rebuild = store.rebuilds.get()
    if rebuild and rebuild.phase is Phase.PROMOTED:
        ended = {"phase": Phase.CLEANED, "ended_at": clock.now()}
        if not store.rebuilds.update(rebuild.rebuild_id, ended, if_phase=Phase.PROMOTED):
            raise OperationError("it was rolled back meanwhile: look at `feedmill reindex status`")
    return store.versions.drop()


def latest_of(store: Store) -> Rebuild:
    """Return the latest rebuild.

    Raises:
        OperationError: there has been none.
    """
    rebuild = store.rebuilds.get()
    if rebuild is None:
        raise OperationError(NOT_BEGUN)
    return rebuild


def results(slices: list[Slice]) -> Counter[str]:
    """Return how many documents came to which result, in all slices."""
    counts: Counter[str] = Counter()
    for part in slices:
        counts.update(part.counts)
    return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a rebuild has come. `rate` is in documents a second, over those who work now.

    `waiting` documents are left for later: their pages are on their way to the archive.
    """

    rebuild: Rebuild
    seen: int
    results: Counter[str]
    workers: int
    waiting: int
    rate: float | None
    left_s: float | None


def progress(store: Store, now: datetime) -> Progress:
    """Read how far the latest rebuild has come.

    Raises:
        OperationError: there has been none.
    """
    rebuild, slices = latest_of(store), store.rebuilds.slices()
    seen = sum(part.seen for part in slices)
    at_work = [part for part in slices if part.is_at_work(now)]
    rate = sum(filter(None, map(_rate_of, at_work))) or None
    left = max(0, rebuild.total - seen)
    return Progress(
        rebuild=rebuild,
        seen=seen,
        results=results(slices),
        workers=len(at_work),
        waiting=sum(len(part.waiting) for part in slices),
        rate=rate,
        left_s=left / rate if rate and rebuild.phase is Phase.COPYING else None,
    )


def _rate_of(part: Slice) -> float | None:
    if part.claimed_at is None or part.saved_at is None or part.saved_at <= part.claimed_at:
        return None
    return (part.seen - part.seen_at_claim) / (part.saved_at - part.claimed_at).total_seconds()


def _begun(store: Store, clock: Clock, asked: Asked, steps: frozenset[Step]) -> Rebuild:
    total = store.articles.count()
    rebuild = Rebuild(
        rebuild_id=clock.token(),
        started_at=clock.now(),
        source=asked.source.value,
        only=tuple(sorted(step.value for step in steps)),
        selection=dict(asked.selection),
        from_version=store.versions.live(),
        to_version="",
        extractor_version=extractor_version(),
        tagger_version=tagger_version(),
        rate=asked.rate,
        total=total,
    )
    if not store.rebuilds.begin(rebuild, slices_of(total)):
        raise UsageError("another rebuild has just been started: look at `feedmill reindex status`")
    return rebuild


def _with_version(store: Store, rebuild: Rebuild) -> Rebuild:
    """Make the version that a rebuild fills; one that is there was left by a start that was killed here."""
    store.versions.drop()
    version = store.versions.create()
    store.rebuilds.update(rebuild.rebuild_id, {"to_version": version}, if_phase=Phase.COPYING)
    return latest_of(store)


def _is_same(rebuild: Rebuild, asked: Asked, steps: frozenset[Step]) -> bool:
    said = (asked.source.value, {step.value for step in steps}, dict(asked.selection), asked.rate)
    return said == (rebuild.source, set(rebuild.only), dict(rebuild.selection), rebuild.rate)


def _in_phase(rebuild: Rebuild, phase: Phase, what: str) -> None:
    if rebuild.phase is not phase:
        raise OperationError(f"the latest rebuild is {rebuild.phase.value}: nothing to be {what}")


def _way_out(rebuild: Rebuild) -> str:
    if rebuild.phase is Phase.PROMOTED:
        return "`feedmill reindex clean` ends it, `rollback` takes it back"
    return "`feedmill reindex promote` puts it in place, `cancel` gives it up"
