"""What must be true when all is done, as a comparison: the ledger and the index against what was published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from worker.pipeline import content_hash

MOST = 10
"""Lines about one kind of mistake: the first few tell what went wrong."""


@dataclass(frozen=True)
class Expected:
    """How an entry may end: (outcome, reason), and the article that is there then, if any."""

    kinds: frozenset[tuple[str, str | None]]
    article_id: str | None = None
    title: str = ""
    body: str = ""


@dataclass(frozen=True)
class Row:
    """What the ledger says of an entry."""

    url: str
    state: str
    outcome: str | None = None
    reason: str | None = None
    article_id: str | None = None


@dataclass(frozen=True)
class Indexed:
    """An article in the index."""

    article_id: str
    title: str
    content_hash: str
    revision: int = 1


def mistakes(
    expected: Mapping[str, Expected],
    rows: Iterable[Row],
    articles: Iterable[Indexed],
    counts: Mapping[str, int],
) -> list[str]:
    """Return a line for everything that is lost, doubled, or not as it should be; `counts` by outcome."""
    rows, articles = list(rows), list(articles)
    found = [
        *_of_ledger(expected, rows, counts),
        *_of_outcomes(expected, rows),
        *_of_index(expected, articles),
        *_of_claims_to_be_first(rows, articles),
    ]
    return [*found[:MOST], *([f"and {len(found) - MOST} more"] if len(found) > MOST else [])]


def _of_ledger(expected: Mapping[str, Expected], rows: list[Row], counts: Mapping[str, int]) -> Iterator[str]:
    listed = Counter(row.url for row in rows)
    yield from (f"{url}: {times} rows" for url, times in listed.items() if times > 1)
    yield from (f"{url}: lost from the ledger" for url in sorted(expected.keys() - listed.keys()))
    yield from (
        f"{url}: in the ledger, and never published" for url in sorted(listed.keys() - expected.keys())
    )
    if sum(counts.values()) != len(rows):
        yield f"{len(rows)} entries were seen, {dict(counts)} are accounted for"
    if counts.get("pending"):
        yield f"{counts['pending']} entries are pending"


def _of_outcomes(expected: Mapping[str, Expected], rows: list[Row]) -> Iterator[str]:
    for row in rows:
        should = expected.get(row.url)
        if should is None:
            continue
        if (row.outcome, row.reason) not in should.kinds:
            yield f"{row.url}: ended {row.outcome}({row.reason}), not {sorted(map(str, should.kinds))}"
        elif row.article_id != should.article_id:
            yield f"{row.url}: ended at article {row.article_id}, not {should.article_id}"


def _of_index(expected: Mapping[str, Expected], articles: list[Indexed]) -> Iterator[str]:
    should = {
        each.article_id: (each.title, content_hash(each.title, each.body))
        for each in expected.values()
        if each.article_id
    }
    there = {each.article_id: (each.title, each.content_hash) for each in articles}
    yield from (
        f"article {id_} ({should[id_][0]}) is missing" for id_ in sorted(should.keys() - there.keys())
    )
    yield from (
        f"article {id_} ({there[id_][0]}) is nobody's" for id_ in sorted(there.keys() - should.keys())
    )
    for id_ in sorted(should.keys() & there.keys()):
        if there[id_] != should[id_]:
            yield f"article {id_} is {there[id_]}, not {should[id_]}"
    yield from (
        f"article {each.article_id}: revision {each.revision}" for each in articles if each.revision != 1
    )


def _of_claims_to_be_first(rows: list[Row], articles: list[Indexed]) -> Iterator[str]:
    first = Counter(row.article_id for row in rows if row.outcome == "indexed")
    for article in articles:
        if first[article.article_id] != 1:
            yield f"article {article.article_id}: {first[article.article_id]} rows ended `indexed` with it"
