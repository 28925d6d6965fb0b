"""What a rebuilt index would change, before anyone sees it. Pure.

A report is added up from pairs of documents, so that any part of an index can be looked at, and parts added.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from worker.models import Document

_LENGTHS = (
    (0.5, "under half", "over double"),
    (0.9, "shorter", "longer"),
    (1.0, "slightly shorter", "slightly longer"),
)
"""What a body's length is called, by the share of the longer one that the shorter one has at most."""
SAMPLES = 5
"""Documents shown side by side for each kind of change."""
_SHOWN = 200
"""Characters of a text that a sample shows, from where the two part."""
_BEFORE_PARTING = 40


@dataclass(frozen=True, slots=True)
class Sample:
    """One document, and what a field of it says before and after."""

    article_id: str
    url: str
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """How one document differs: everything is empty where it is the same for its readers."""

    length: str = ""
    fields: tuple[str, ...] = ()
    countries_added: tuple[str, ...] = ()
    countries_removed: tuple[str, ...] = ()
    topics_added: tuple[str, ...] = ()
    topics_removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.fields)


@dataclass(slots=True)
class Report:
    """What was compared, and what differs, in numbers of documents.

    `lost` are documents that only the live index has, `gained` those that only the rebuilt one has. `fields`
    counts documents by the field that differs, `lengths` those whose body did by how (`length_of`).
    `countries` and `topics` count by code and by `added` or `removed`; `topic_names` are those of codes.
    """

    compared: int = 0
    changed: int = 0
    lost: int = 0
    gained: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    lengths: Counter[str] = field(default_factory=Counter)
    countries: Counter[tuple[str, str]] = field(default_factory=Counter)
    topics: Counter[tuple[str, str]] = field(default_factory=Counter)
    topic_names: dict[str, str] = field(default_factory=dict)
    samples: dict[str, list[Sample]] = field(default_factory=dict)

    def add(self, before: Document | None, after: Document | None) -> None:
        """Count one document as the live index and the rebuilt one have it (None: it has it not)."""
        if before is None or after is None:
            self._add_lone(before, after)
            return
        self.compared += 1
        change = change_of(before, after)
        self.changed += bool(change)
        self.fields.update(change.fields)
        self.lengths.update((change.length,) if change.length else ())
        for codes, counts, sense in (
            (change.countries_added, self.countries, "added"),
            (change.countries_removed, self.countries, "removed"),
            (change.topics_added, self.topics, "added"),
            (change.topics_removed, self.topics, "removed"),
        ):
            counts.update((code, sense) for code in codes)
        if change.topics_added or change.topics_removed:
            for each in (before, after):
                self.topic_names.update(zip(each.topics, each.topic_names, strict=False))
        for name in change.fields:
            self._keep(sample_of(before, after, name))

    def _add_lone(self, before: Document | None, after: Document | None) -> None:
        if before:
            self.compared += 1
            self.lost += 1
            self._keep(Sample(before.article_id, before.url, "lost", before.title, ""))
        elif after:
            self.gained += 1
            self._keep(Sample(after.article_id, after.url, "gained", "", after.title))

    def _keep(self, sample: Sample) -> None:
        kept = self.samples.setdefault(sample.field, [])
        if len(kept) < SAMPLES:
            kept.append(sample)

    def share(self, count: int) -> float:
        """Return a count as a share of the documents that the live index has, 0 to 1."""
        return count / self.compared if self.compared else 0.0


_TEXTS = ("title", "body", "summary")
_FACTS = ("language", "authors", "section", "image_url", "published_at", "modified_at", "country_primary")
_SETS = ("countries", "topics")


def change_of(before: Document, after: Document) -> Change:
    """Return how a document differs in what its readers see; versions and scores are nothing of that."""
    fields = [name for name in (*_TEXTS, *_FACTS) if getattr(before, name) != getattr(after, name)]
    fields += [name for name in _SETS if set(getattr(before, name)) != set(getattr(after, name))]
    return Change(
        length=length_of(len(before.body), len(after.body)) if "body" in fields else "",
        fields=tuple(fields),
        countries_added=_missing_in(before.countries, after.countries),
        countries_removed=_missing_in(after.countries, before.countries),
        topics_added=_missing_in(before.topics, after.topics),
        topics_removed=_missing_in(after.topics, before.topics),
    )


def length_of(before: int, after: int) -> str:
    """Return by what name the lengths of two bodies (in characters) differ."""
    if before == after:
        return "same length"
    share = min(before, after) / max(before, after)
    return next(longer if after > before else shorter for most, shorter, longer in _LENGTHS if share < most)


def sample_of(before: Document, after: Document, name: str) -> Sample:
    """Return what differs in a field: of sets what the other has not, of texts the part where they differ."""
    values = getattr(before, name), getattr(after, name)
    if name in _SETS:
        values = _missing_in(values[1], values[0]), _missing_in(*values)
        return Sample(before.article_id, before.url, name, *map(_shown, values))
    one, other = map(_shown, values)
    start = max(0, _parting(one, other) - _BEFORE_PARTING)
    return Sample(before.article_id, before.url, name, one[start:][:_SHOWN], other[start:][:_SHOWN])


def movers(counts: Mapping[tuple[str, str], int], most: int) -> list[tuple[str, int, int]]:
    """Return the codes that most documents gained or lost: (code, added, removed), the most first."""
    codes = {code for code, _ in counts}
    both = [(code, counts.get((code, "added"), 0), counts.get((code, "removed"), 0)) for code in codes]
    return sorted(both, key=lambda each: (-each[1] - each[2], each[0]))[:most]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a rebuilt index may change at most, as shares of the documents (0 to 1); None: anything."""

    lost: float | None = 0.001
    shorter: float | None = None
    titles: float | None = None
    countries: float | None = None
    topics: float | None = None


def exceeded(report: Report, limits: Limits) -> list[str]:
    """Return a sentence for each limit that the report breaks."""
    cut = report.lengths["under half"] + report.lengths["shorter"]
    counts = (
        ("documents lost", report.lost, limits.lost),
        ("bodies cut by more than a tenth", cut, limits.shorter),
        ("titles changed", report.fields["title"], limits.titles),
        ("documents with other countries", report.fields["countries"], limits.countries),
        ("documents with other topics", report.fields["topics"], limits.topics),
    )
    return [
        f"{what}: {count:,} of {report.compared:,} ({report.share(count):.2%}), more than {most:.2%}"
        for what, count, most in counts
        if most is not None and report.share(count) > most
    ]


def _missing_in(codes: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    """Return the others that are not among the codes."""
    return tuple(sorted(set(others) - set(codes)))


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(sorted(map(str, value)))
    return "" if value is None else str(value)


def _parting(one: str, other: str) -> int:
    """Return where two texts begin to differ."""
    shorter = min(len(one), len(other))
    return next((at for at in range(shorter) if one[at] != other[at]), shorter)
