"""What a rebuild is to do: which documents are made anew, by which steps, in which slices. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from worker.enrich.tags import tagger_version
from worker.errors import UsageError
from worker.extract.version import extractor_version
from worker.models import Slice
from worker.reindex.steps import STALE, Source, Step
from worker.store.query import make_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.models import Document, Rebuild
    from worker.store.query import SearchRequest


_FEW, _MANY = 16, 256
_MANY_FROM = 20_000
"""Documents from which on a rebuild has many slices: one is then some ten seconds of work, or more."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done anew, and of which documents: search options, and `stale`."""

    steps: frozenset[Step]
    selection: Mapping[str, Any]


def planned(rebuild: Rebuild) -> Plan:
    """Return what a rebuild is to do."""
    return Plan(frozenset(map(Step, rebuild.only)), rebuild.selection)


def steps_of(source: Source, only: Step | None) -> frozenset[Step]:
    """Return the steps of a rebuild, all that its source allows unless one is named.

    Raises:
        UsageError: the source cannot serve that step.
    """
    if only is Step.EXTRACT and source is Source.INDEX:
        raise UsageError("--only extract needs the pages: --from archive")
    if only:
        return frozenset({only})
    return frozenset({Step.TAGS} if source is Source.INDEX else {Step.EXTRACT, Step.TAGS})


def is_stale(document: Document, steps: frozenset[Step]) -> bool:
    """Return whether a step of these has changed since it last saw the document."""
    extracted = Step.EXTRACT in steps and document.extractor_version != extractor_version()
    return extracted or (Step.TAGS in steps and document.tagger_version != tagger_version())


def find_difference(rebuild: Rebuild) -> str | None:
    """Return what a rebuild makes that this process would make otherwise, None where it would not."""
    steps = set(rebuild.only)
    if Step.EXTRACT in steps and rebuild.extractor_version != extractor_version():
        return f"its extractor is {rebuild.extractor_version}, ours {extractor_version()}"
    if Step.TAGS in steps and rebuild.tagger_version != tagger_version():
        return f"its tagger is {rebuild.tagger_version}, ours {tagger_version()}"
    return None


def request_of(selection: Mapping[str, Any]) -> SearchRequest | None:
    """Return the search that a selection is, None where it chooses by no such thing.

    Raises:
        UsageError: an option can never match.
    """
    said = {name: value for name, value in selection.items() if name != STALE and value}
    return make_request(said.pop("query", ""), **said) if said else None


def slices_of(documents: int) -> list[Slice]:
    """Return the slices for about so many documents: equal ranges of ids, which are hex and evenly spread."""
    digits = 2 if documents >= _MANY_FROM else 1
    bounds = ["", *(f"{number:0{digits}x}" for number in range(1, _MANY if digits == 2 else _FEW)), ""]
    return [
        Slice(slice_id=f"{number:03}", after=after, before=before, cursor=after)
        for number, (after, before) in enumerate(pairwise(bounds))
    ]
