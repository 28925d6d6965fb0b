"""`make bench-store`: articles per second through the writer, beside bare requests for the same operations.

The bare side asks the server for what any writer must: for each batch one read of the rows, one of the
articles, one bulk of documents and one of outcomes, one after the other, their bytes built beforehand,
their answers not even parsed. Both sides run in turn on one server, round by round, so that whatever
else the machine does falls on both. It fails below `FLOOR` of the bare rate. The writer may come out
above it: it sends a large batch's documents as two requests at once.

The server is found as the tests find theirs (`tests/servers`): FEEDMILL_TEST_ELASTICSEARCH_URL first.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

import pytest
import urllib3

from bench.articles import Written, admitted
from tests.servers.elasticsearch import elasticsearch
from tests.store.elasticsearch.backend import delete_all
from worker.clock import Clock
from worker.store.batches import BATCH
from worker.store.decide import decide
from worker.store.elasticsearch import ElasticsearchStore, open_elasticsearch, scripts
from worker.store.elasticsearch.bulk import Operation
from worker.store.elasticsearch.cluster import names_of
from worker.store.elasticsearch.records import HELD_FIELDS, document_source
from worker.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from worker.models import Settled, Settlement

FLOOR = 0.8
"""Least share of the bare rate (issue 5)."""
THREADS = 16
"""Tasks that submit at once: `FEEDMILL_FETCH_THREADS`."""

Request = tuple[str, bytes]
"""A path and the body to post there."""


@dataclass(frozen=True)
class Round:
    """Articles per second of either side."""

    writer: float
    bare: float

    @property
    def ratio(self) -> float:
        return self.writer / self.bare


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--articles", type=int, default=320, help="for each side in each round")
    chosen = parser.parse_args()
    try:
        with elasticsearch() as server:
            return report(list(measured(server.url, chosen.rounds, chosen.articles)))
    except pytest.skip.Exception as missing:
        print(missing, file=sys.stderr)
        return 1


def measured(url: str, rounds: int, count: int) -> Iterator[Round]:
    """Yield each round's rates, under a prefix of this run's own."""
    prefix = f"feedmill-{secrets.token_hex(4)}"
    with closing(open_elasticsearch(url, prefix=prefix)) as store:
        store.setup()
        try:
            write_once(store, BATCH)
            for n in range(rounds):
                yield one_round(store, url, prefix, count, first=n % 2)
            check(store, 2 * (rounds * count) + BATCH)
        finally:
            delete_all(url, prefix)


def write_once(store: ElasticsearchStore, count: int) -> None:
    """Compile the server's scripts and open its files before anything is measured."""
    through_writer(store, list(admitted(store, count)))()


def one_round(store: ElasticsearchStore, url: str, prefix: str, count: int, first: int) -> Round:
    """Run both sides, taking turns at which is first."""
    mine, theirs = (list(admitted(store, count)) for _ in range(2))
    sides = [through_writer(store, mine), bare(url, prefix, theirs)]
    store.entries.counts()  # refreshes: rows are claimed seconds before they are settled
    rates = {side: count / seconds(sides[side]) for side in (first, 1 - first)}
    result = Round(rates[0], rates[1])
    print(f"writer {result.writer:5.0f}/s   bare {result.bare:5.0f}/s   ratio {result.ratio:.2f}", flush=True)
    return result


def seconds(work: Callable[[], object]) -> float:
    clock = Clock()
    start = clock.monotonic()
    work()
    return clock.monotonic() - start


def through_writer(store: ElasticsearchStore, articles: Sequence[Written]) -> Callable[[], None]:
    """Return what settles the articles as tasks do: many threads, one writer."""
    settled: list[Settled] = []

    def on_bug(_: Settlement, error: Exception) -> None:
        raise error

    def work() -> None:
        writer = Writer(store, Clock(), lambda _, each: settled.append(each), on_bug)
        with ThreadPoolExecutor(THREADS) as tasks:
            list(tasks.map(writer.submit, [each.settlement for each in articles]))
        left = writer.drain()
        assert left == 0
        assert len(settled) == len(articles)

    return work


def bare(url: str, prefix: str, articles: Sequence[Written]) -> Callable[[], None]:
    """Return what sends the same operations, a batch after the other, over one connection."""
    batches = [articles[start : start + BATCH] for start in range(0, len(articles), BATCH)]
    requests = [request for batch in batches for request in requests_of(prefix, batch)]
    pool = urllib3.connection_from_url(url, maxsize=1)
    auth = urllib3.util.parse_url(url).auth
    headers = urllib3.make_headers(basic_auth=auth, keep_alive=True) | {
        "Content-Type": "application/x-ndjson"
    }

    def work() -> None:
        for path, body in requests:
            answer = pool.request("POST", path, body=body, headers=headers, retries=False)
            assert answer.status == 200
            assert b'"errors":true' not in answer.data[:100]
        pool.close()

    return work


def requests_of(prefix: str, batch: Sequence[Written]) -> Iterator[Request]:
    """Yield a batch's four requests: read the rows, read the articles, write documents, write outcomes."""
    names = names_of(prefix)
    documents = {each.candidate.document.article_id: each for each in batch}
    held = f"/{names.entries}/_mget?_source_includes={','.join(HELD_FIELDS)}"
    yield held, json.dumps({"ids": [each.claim.entry_id for each in batch]}).encode()
    yield f"/{names.articles_write}/_mget", json.dumps({"ids": list(documents)}).encode()
    yield bulk(document_operation(names.articles_write, id_, each) for id_, each in documents.items())
    yield bulk(outcome_operation(names.entries, each) for each in batch)


def bulk(operations: Iterator[Operation]) -> Request:
    return "/_bulk?require_alias=true", b"".join(each.lines() for each in operations)


def document_operation(index: str, id_: str, article: Written) -> Operation:
    document = decide(None, article.candidate, article.at).document
    assert document
    return Operation(action="create", index=index, id=id_, body=document_source(document))


def outcome_operation(index: str, article: Written) -> Operation:
    known = article.candidate.document.feed_ids
    at = article.at + timedelta(seconds=1)
    return scripts.finish(index, article.claim, article.settlement.outcome, None, known, at)


def check(store: ElasticsearchStore, wanted: int) -> None:
    """Both sides must have done all of their work, or the rates mean nothing."""
    assert store.entries.counts()["indexed"] == wanted
    assert store.articles.count() == wanted


def report(rounds: Sequence[Round]) -> int:
    """Print medians and spread; return the exit code."""
    ratios = sorted(each.ratio for each in rounds)
    middle = median(ratios)
    writer, plain = (median(getattr(each, side) for each in rounds) for side in ("writer", "bare"))
    spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f} in {len(ratios)} rounds"
    print(f"median: writer {writer:.0f}/s, bare {plain:.0f}/s, ratio {middle:.2f} ({spread}), floor {FLOOR}")
    return 0 if middle >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
