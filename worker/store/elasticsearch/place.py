"""Writing documents where `store.decide` says, however many writers meet at one article."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from worker.models import Outcome, OutcomeKind
from worker.store.decide import decide
from worker.store.elasticsearch.cluster import ROUNDS, Cluster, write_of
from worker.store.elasticsearch.level import level
from worker.store.elasticsearch.records import document_source, read_document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from worker.models import Candidate, Document
    from worker.store.elasticsearch.bulk import Answer
    from worker.store.elasticsearch.cluster import Found

WORTH_HALVING = 40
"""Candidates from which two requests at once pay: a server writes the documents of one request to one shard
one after the other, and the second half is made ready while the first is on its way."""
REFUSED = "index"
"""A refused document's reason begins so, and goes on with the server's own word for it."""


@dataclass(frozen=True, slots=True)
class _Folded:
    """What several candidates for one article come to: the document after them, and each one's outcome.

    `wrote` is the last that gave the document its text: a refusal is its fault.
    """

    before: Document | None
    document: Document | None
    outcomes: dict[int, OutcomeKind] = field(default_factory=dict)
    wrote: int | None = None

    def is_changed(self) -> bool:
        return self.document is not None and self.document != self.before


@dataclass(frozen=True, slots=True)
class _Placed:
    """What has become of candidates so far, and the indices that documents were written into."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    written_in: set[str] = field(default_factory=set)


def place(cluster: Cluster, candidates: Mapping[int, Candidate], now: datetime) -> dict[int, Outcome]:
    """Write the candidates' documents; return what became of each, by the caller's own numbers.

    One that met another writer at every try is missing: it is worth another attempt later.
    """
    if len(candidates) < WORTH_HALVING:
        placed = _place(cluster, candidates, now)
    else:
        one, other = (partial(_place, cluster, half, now) for half in _halves(candidates))
        first, second = cluster.both(one, other)
        placed = _Placed(first.outcomes | second.outcomes, first.written_in | second.written_in)
    # Also where nothing was written: an earlier try may have ended before both versions were level.
    level(cluster, filter(None, (each.article_id for each in placed.outcomes.values())), placed.written_in)
    return placed.outcomes


def _halves(candidates: Mapping[int, Candidate]) -> tuple[dict[int, Candidate], dict[int, Candidate]]:
    """Cut the candidates in two, those for one article together: they are decided in turn."""
    ids = dict.fromkeys(candidate.document.article_id for candidate in candidates.values())
    first = set(list(ids)[: len(ids) // 2])
    in_first = {at: candidate.document.article_id in first for at, candidate in candidates.items()}
    return (
        {at: each for at, each in candidates.items() if in_first[at]},
        {at: each for at, each in candidates.items() if not in_first[at]},
    )


def _place(cluster: Cluster, candidates: Mapping[int, Candidate], now: datetime) -> _Placed:
    left, placed = dict(candidates), _Placed()
    for round_ in range(ROUNDS):
        met = _place_once(cluster, left, placed, now)
        left = {at: candidate for at, candidate in left.items() if at not in placed.outcomes}
        if not left:
            break
        if met:
            cluster.back_off(round_)
    return placed


def _place_once(cluster: Cluster, left: dict[int, Candidate], placed: _Placed, now: datetime) -> bool:
    """Try each once; return whether a write met another.

    In `left`, those that `decide` sends to their own identity have it now.
    """
    index = cluster.names.articles_write
    found = cluster.read(index, [candidate.document.article_id for candidate in left.values()])
    folded = _fold_all(left, found, now)
    for article_id, each in folded.items():
        if not each.is_changed():
            placed.outcomes.update(_outcomes(article_id, each))
    changed = {article_id: each for article_id, each in folded.items() if each.is_changed()}
    operations = [
        write_of(index, article_id, document_source(each.document), found.get(article_id))
        for article_id, each in changed.items()
        if each.document
    ]
    answers = cluster.bulk(operations)
    for (article_id, each), answer in zip(changed.items(), answers, strict=True):
        if answer.verdict == "done":
            placed.outcomes.update(_outcomes(article_id, each))
            placed.written_in.add(answer.index)
        elif answer.verdict == "refused" and each.wrote is not None:
            placed.outcomes[each.wrote] = _refusal(answer)
    return any(answer.verdict == "conflict" for answer in answers)


def _fold_all(left: dict[int, Candidate], found: Mapping[str, Found], now: datetime) -> dict[str, _Folded]:
    by_article: defaultdict[str, list[int]] = defaultdict(list)
    for at, candidate in left.items():
        by_article[candidate.document.article_id].append(at)
    folded = {}
    for article_id, group in by_article.items():
        existing = read_document(found[article_id].source) if article_id in found else None
        folded[article_id] = _fold(existing, group, left, now)
    return folded


def _fold(
    existing: Document | None, group: Sequence[int], left: dict[int, Candidate], now: datetime
) -> _Folded:
    """Decide about each candidate in turn, as if those before it had been written."""
    folded = _Folded(existing, existing)
    for at in group:
        decision = decide(folded.document, left[at], now)
        if decision.candidate:
            left[at] = decision.candidate
            continue
        assert decision.outcome  # decide gives an outcome or a candidate
        wrote = at if decision.action in {"create", "replace"} else folded.wrote
        outcomes = {**folded.outcomes, at: decision.outcome}
        folded = replace(folded, document=decision.document, outcomes=outcomes, wrote=wrote)
    return folded


def _outcomes(article_id: str, folded: _Folded) -> dict[int, Outcome]:
    return {at: Outcome(kind=kind, article_id=article_id) for at, kind in folded.outcomes.items()}


def _refusal(answer: Answer) -> Outcome:
    kind, reason = answer.error.get("type", f"HTTP {answer.status}"), answer.error.get("reason")
    return Outcome(kind=OutcomeKind.REJECTED, reason=f"{REFUSED}: {kind}", detail=str(reason or ""))
