"""An import: captures in waves, prepared by many threads, admitted, taken and settled together.

The ledger remembers everything. An import that was killed is begun again from the start, and passes over
what is there already.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

import structlog

from worker.archive.foreign import Capture, PassedOver, captures_in
from worker.archive.reading import Unread
from worker.errors import ArchiveDamagedError
from worker.imports.captures import is_redirect
from worker.imports.preparing import Bench, Prepared, prepare
from worker.imports.standing import Standing, standing
from worker.models import ArchiveLocation, SettledState, Settlement
from worker.urls import article_id_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from worker.archive.foreign import Found
    from worker.imports.tally import Tally
    from worker.models import Claim

log = structlog.get_logger()

WAVE, WAVE_BYTES = 64, 20_000_000
"""Captures that are admitted and settled together: a second of extraction, some bytes at most."""
TRIES = 3
"""A service that starts meanwhile releases all claims; other writers may be at the same article."""
REDIRECT = "redirect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file to import. `archived_as` is its name in our own archive, None where it lies elsewhere."""

    file: BinaryIO
    archived_as: str | None = None

    def place_of(self, capture: Capture) -> ArchiveLocation | None:
        """Return where our own archive has the capture, None where it can't be read from there."""
        if self.archived_as is None or capture.length is None:
            return None
        return ArchiveLocation(file=self.archived_as, offset=capture.offset, length=capture.length)


@dataclass(frozen=True, slots=True)
class _Wave:
    """Captures by their entries' ids, and how far their file was read."""

    captures: Mapping[str, Capture]
    offset: int


def import_file(
    bench: Bench,
    source: Source,
    tally: Tally,
    watch: Callable[[int], object],
    on_broken: Callable[[Unread], object],
) -> None:
    """Index what a file holds, counting it in `tally`; `watch` is told how many bytes are done with.

    One wave is prepared while the one before it is written, unless both have captures of one entry. A stop
    that is asked for comes when what was begun is written.

    Raises:
        OSError: the file cannot be read.
        StoreError, WorkError: nothing more can be written, kept or extracted.
    """
    with ThreadPoolExecutor(bench.threads, thread_name_prefix="import") as threads:
        before: tuple[_Wave, list[Future[Prepared]]] | None = None
        for wave in _waves(_captures(bench, source, tally, on_broken)):
            if bench.stopping.is_set():
                break
            if before and not before[0].captures.keys().isdisjoint(wave.captures):
                _write(bench, before[1], tally)
                before = None
            begun = _begin(bench, source, wave, threads)
            if before:
                _write(bench, before[1], tally)
                watch(before[0].offset)
            before = wave, begun
        if before:
            _write(bench, before[1], tally)
            watch(before[0].offset)


def _begin(bench: Bench, source: Source, wave: _Wave, threads: ThreadPoolExecutor) -> list[Future[Prepared]]:
    rows, now = bench.store.entries.get_many(list(wave.captures)), bench.clock.now()
    return [
        threads.submit(prepare, bench, each, rows.get(entry_id), source.place_of(each), now)
        for entry_id, each in wave.captures.items()
    ]


def _captures(
    bench: Bench, source: Source, tally: Tally, on_broken: Callable[[Unread], object]
) -> Iterator[Capture]:
    """Yield the pages of a file, and count what else is in it."""
    for found in captures_in(source.file):
        if bench.stopping.is_set():
            return
        each = _judged(found, bench.clock.now())
        match each:
            case Unread():
                tally.broken += 1
                on_broken(each)
            case PassedOver():
                tally.passed_over[each.kind] += 1
            case _:
                yield each


def _judged(found: Found, now: datetime) -> Found:
    """Return a capture as what it is: a redirect holds no page, and nothing was fetched in the future."""
    if not isinstance(found, Capture):
        return found
    if found.page.fetched_at > now:
        # Nothing that is fetched would be newer for as long as that lies ahead.
        said = f"its date, {found.page.fetched_at:%Y-%m-%d %H:%M}, lies ahead"
        return Unread(found.offset, ArchiveDamagedError(found.page.url, said))
    return PassedOver(found.offset, REDIRECT) if is_redirect(found.page) else found


def _waves(captures: Iterator[Capture]) -> Iterator[_Wave]:
    wave: dict[str, Capture] = {}
    size = 0
    for each in captures:
        entry_id = article_id_of(each.page.url)
        if entry_id in wave or len(wave) == WAVE or size > WAVE_BYTES:
            yield _Wave(wave, each.offset)
            wave, size = {}, 0
        wave[entry_id] = each
        size += len(each.page.body)
    if wave:
        yield _Wave(wave, next(reversed(wave.values())).offset)


def _write(bench: Bench, begun: Sequence[Future[Prepared]], tally: Tally) -> None:
    """Admit and settle a wave, once all of it is prepared."""
    left = []
    for prepared in [each.result() for each in begun]:
        if prepared.outcome:
            left.append(prepared)
        elif prepared.bug:
            log.error("bug", url=prepared.entry.url, traceback=prepared.bug)
            tally.bugs += 1
        else:
            tally.count_left(prepared.standing)
    bench.store.entries.admit(bench.feed.feed_id, [each.entry for each in left], bench.clock.now())
    for _ in range(TRIES):
        left = _news_still(bench, _settle(bench, left, tally), tally)
    tally.waiting += len(left)


def _news_still(bench: Bench, left: Sequence[Prepared], tally: Tally) -> list[Prepared]:
    """Look again at entries that could not be settled: somebody else may have been at them."""
    rows = bench.store.entries.get_many([each.entry.entry_id for each in left])
    news = []
    for prepared in left:
        fetched_at = prepared.outcome.fetched_at if prepared.outcome else None
        what = standing(rows.get(prepared.entry.entry_id), None, fetched_at)
        if what is Standing.TAKE:
            news.append(prepared)
        else:
            tally.count_left(what)
    return news


def _settle(bench: Bench, left: Sequence[Prepared], tally: Tally) -> list[Prepared]:
    """Settle what can be taken; return what is to be tried again."""
    if not left:
        return []
    by_id = {each.entry.entry_id: each for each in left}
    now = bench.clock.now()
    settlements = [
        _settlement(by_id[claim.entry_id], claim)
        for claim in bench.store.entries.take(list(by_id), now, bench.lease_s)
    ]
    bench.archive.sync()
    for settlement, settled in zip(settlements, bench.store.settle(settlements, now), strict=True):
        if settled.outcome:
            del by_id[settlement.claim.entry_id]
            tally.count(settled.outcome)
        elif settled.state is SettledState.REQUEUED:
            del by_id[settlement.claim.entry_id]
            tally.count_left(Standing.WAITING)
    return list(by_id.values())


def _settlement(prepared: Prepared, claim: Claim) -> Settlement:
    assert prepared.outcome  # nothing else is taken
    candidate = prepared.candidate and replace(prepared.candidate, generation=claim.generation)
    return Settlement(claim=claim, outcome=prepared.outcome, candidate=candidate)
