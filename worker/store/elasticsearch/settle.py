"""Settling attempts: documents first, then the outcomes of those that the server took.

The article index and the ledger answer apart: an outcome goes out only after its own document was
answered 2xx, and only if its claim still holds the row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from worker.errors import StoreUnavailableError
from worker.models import EntryState, Outcome, OutcomeKind, Settled, SettledState
from worker.store.decide import BOILERPLATE, body_hash
from worker.store.elasticsearch import scripts
from worker.store.elasticsearch.articles import add_feeds
from worker.store.elasticsearch.boilerplate import Shown, known_texts, withdraw
from worker.store.elasticsearch.cluster import ROUNDS, Cluster
from worker.store.elasticsearch.place import place
from worker.store.elasticsearch.records import HELD_FIELDS, HeldRow, read_held

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from worker.models import Candidate, Claim, Settlement
    from worker.store.elasticsearch.bulk import Answer

_WithText = tuple["Settlement", str | None]
"""A settlement and the text that its page shows, by `body_hash`."""

_STALE = Settled(state=SettledState.STALE)
_REFUSED = Settled(state=SettledState.REFUSED, error="other writers were at the article at every try")


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A settlement whose claim held when its row was read. `text` is its `body_hash`, if the rule applies."""

    settlement: Settlement
    row: HeldRow
    text: str | None

    def feed_ids(self) -> set[str]:
        """Return the feeds that the article knows once the candidate is placed."""
        candidate = self.settlement.candidate
        return {*self.row.feed_ids, *(candidate.document.feed_ids if candidate else ())}

    def candidate(self) -> Candidate | None:
        """Return the candidate with the feeds that have come to list the row since its worker read it."""
        candidate, feed_ids = self.settlement.candidate, tuple(sorted(self.feed_ids()))
        if candidate is None or candidate.document.feed_ids == feed_ids:
            return candidate
        return replace(candidate, document=replace(candidate.document, feed_ids=feed_ids))


def settle(cluster: Cluster, settlements: Sequence[Settlement], now: datetime) -> list[Settled]:
    """Settle in order; see `Store.settle`.

    Pages of one text are settled one after the other, since each is evidence for the next.
    """
    settled: list[Settled] = []
    for wave in _waves([(settlement, _text(settlement)) for settlement in settlements]):
        if settled:
            cluster.refresh(cluster.names.entries)
        settled += _settle_wave(cluster, wave, now)
    return settled


def _text(settlement: Settlement) -> str | None:
    return body_hash(settlement.candidate.document) if settlement.candidate else None


def _waves(settlements: Iterable[_WithText]) -> list[list[_WithText]]:
    """Cut the settlements where a text comes again. Only walls and notices often do."""
    waves: list[list[_WithText]] = [[]]
    texts: set[str] = set()
    for settlement, text in settlements:
        if text in texts:
            waves.append([])
            texts = set()
        waves[-1].append((settlement, text))
        texts |= {text} if text else set()
    return waves


def _settle_wave(cluster: Cluster, wave: Sequence[_WithText], now: datetime) -> list[Settled]:
    attempts = _attempts(cluster, wave)
    outcomes = _outcomes(cluster, attempts, now)
    finished = _finish(cluster, attempts, outcomes, now)
    return [finished.get(at, _REFUSED) if at in attempts else _STALE for at, _ in enumerate(wave)]


def _attempts(cluster: Cluster, wave: Sequence[_WithText]) -> dict[int, _Attempt]:
    """Return the settlements whose claims hold, by their place in the wave."""
    ids = [settlement.claim.entry_id for settlement, _ in wave]
    found = cluster.read(cluster.names.entries, ids, HELD_FIELDS)
    attempts = {}
    for at, (settlement, text) in enumerate(wave):
        each = found.get(settlement.claim.entry_id)
        if each is not None and each.source.get("claim") == settlement.claim.token:
            row = read_held(each.source)
            attempts[at] = _Attempt(settlement, row, None if row.forced else text)
    return attempts


def _outcomes(cluster: Cluster, attempts: Mapping[int, _Attempt], now: datetime) -> dict[int, Outcome]:
    """Write what is to be written; return each attempt's outcome, if it came to one."""
    boilerplate = _boilerplate(cluster, attempts, now)
    candidates = {
        at: candidate
        for at, attempt in attempts.items()
        if at not in boilerplate and (candidate := attempt.candidate())
    }
    written = {**boilerplate, **place(cluster, candidates, now)}
    return _alone(cluster, attempts) | {
        at: _told(attempts[at].settlement.outcome, outcome) for at, outcome in written.items()
    }


def _alone(cluster: Cluster, attempts: Mapping[int, _Attempt]) -> dict[int, Outcome]:
    """Return the outcomes that come without a candidate.

    One that names an article comes once the article knows the row's feeds, and not where it is gone.
    """
    outcomes = {
        at: each.settlement.outcome for at, each in attempts.items() if each.settlement.candidate is None
    }
    named = {at: outcome.article_id for at, outcome in outcomes.items() if outcome.article_id}
    there = cluster.read(cluster.names.articles_write, sorted({*named.values()}), ("article_id",))
    for at, article_id in named.items():
        add_feeds(cluster, [article_id], attempts[at].feed_ids())
    return {at: outcome for at, outcome in outcomes.items() if named.get(at) in (None, *there)}


def _boilerplate(cluster: Cluster, attempts: Mapping[int, _Attempt], now: datetime) -> dict[int, Outcome]:
    """Return the outcome of each attempt whose text is its site's, not an article's."""
    known = known_texts(cluster, (each.text for each in attempts.values() if each.text))
    ended = {}
    for at, attempt in attempts.items():
        candidate = attempt.settlement.candidate
        if candidate and attempt.text and attempt.text in known:
            shown = Shown(attempt.row, attempt.text, candidate.document.article_id)
            if seen := withdraw(cluster, shown, now):
                ended[at] = Outcome(kind=OutcomeKind.REJECTED, reason=BOILERPLATE, detail=seen)
    return ended


def _told(hoped: Outcome, written: Outcome) -> Outcome:
    """Return the written outcome with what the attempt tells of status, archive and timings."""
    return replace(
        hoped, kind=written.kind, reason=written.reason, detail=written.detail, article_id=written.article_id
    )


def _finish(
    cluster: Cluster, attempts: Mapping[int, _Attempt], outcomes: Mapping[int, Outcome], now: datetime
) -> dict[int, Settled]:
    """Write the outcomes; return what became of each.

    Raises:
        StoreUnavailableError: a row changed at every try. What is finished by then stays so.
    """
    index, left, settled = cluster.names.entries, dict(outcomes), dict[int, Settled]()
    feed_ids = {at: attempts[at].feed_ids() for at in left}
    for round_ in range(ROUNDS):
        operations = [
            scripts.finish(
                index, attempts[at].settlement.claim, outcome, attempts[at].text, feed_ids[at], now
            )
            for at, outcome in left.items()
        ]
        for (at, outcome), answer in zip(left.items(), cluster.bulk(operations), strict=True):
            if late := _late_feeds(attempts[at].settlement.claim, answer):
                add_feeds(cluster, [outcome.article_id] if outcome.article_id else [], late)
                feed_ids[at] |= late
            elif answer.verdict != "conflict":
                settled[at] = _settled(outcome, answer, is_done=cluster.is_done(answer))
        left = {at: outcome for at, outcome in left.items() if at not in settled}
        if not left:
            return settled
        cluster.back_off(round_)
    raise StoreUnavailableError(f"{cluster.place}: {index}: a row is being changed by others all the time")


def _settled(outcome: Outcome, answer: Answer, *, is_done: bool) -> Settled:
    if not is_done:
        return _STALE
    if answer.returned["state"] != EntryState.DONE:
        return Settled(state=SettledState.REQUEUED)
    article_id = answer.returned.get("article_id")
    return Settled(state=SettledState.FINISHED, outcome=replace(outcome, article_id=article_id))


def _late_feeds(claim: Claim, answer: Answer) -> set[str]:
    """Return the row's feeds where it was left alone because it has some that its article does not know.

    They came to list it after it was read here; later ones find the row's article and tell it themselves.
    """
    is_ours = answer.verdict == "skipped" and answer.returned.get("claim") == claim.token
    return set(answer.returned["feed_ids"]) if is_ours else set()
