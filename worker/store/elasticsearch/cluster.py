"""The cluster as the rest of this room uses it: aliases, realtime reads, bounded bulks, safe rewrites."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from elastic_transport import ConnectionError as BrokenConnectionError
from elasticsearch import ApiError

from worker.errors import StoreUnavailableError
from worker.store.elasticsearch.bulk import Answer, Operation, Version, answer_of, bodies, encode_all
from worker.store.elasticsearch.faults import OVERLOADED, cause_of, fault_of, store_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elasticsearch import Elasticsearch

    from worker.clock import Clock

Item = TypeVar("Item")
Result = TypeVar("Result")

PAGE = 500
"""Most documents in one read: at 20 KB an article, as much as one bulk may send."""
PAUSES_S = (0.2, 0.5, 1.0)
"""Waits before an overloaded server is asked again; who called has longer ones of its own."""
ROUNDS = 5
"""Times that a document is read and decided anew after a conflict (design, article write)."""


@dataclass(frozen=True, slots=True)
class Names:
    """The aliases that everything goes through.

    Articles are written through one of their own; the twin's is there while an index is rebuilt (`level`).
    """

    feeds: str
    entries: str
    articles: str
    articles_write: str
    articles_twin: str
    hosts: str
    rebuilds: str


def names_of(prefix: str) -> Names:
    """Return the aliases under a prefix."""
    kinds = ("feeds", "entries", "articles", "articles-write", "articles-twin", "hosts", "rebuilds")
    return Names(*(f"{prefix}-{kind}" for kind in kinds))


@dataclass(frozen=True, slots=True)
class Found:
    """A stored document, the version it was read at, and the index behind the alias it was read through."""

    id: str
    source: Mapping[str, Any]
    version: Version
    index: str


Plan = Callable[[Sequence[str], Mapping[str, Found]], Mapping[str, Mapping[str, Any]]]


class Cluster:
    """One Elasticsearch cluster under one prefix. Everything raises `StoreError` and nothing else.

    Args:
        client: the official client, without retries of its own: they are decided here.
        place: the URL without credentials, for messages.
        prefix: what every index and alias begins with.
        clock: waits between tries.
    """

    def __init__(self, client: Elasticsearch, place: str, prefix: str, clock: Clock) -> None:
        self.client = client
        self.place = place
        self.prefix = prefix
        self.names = names_of(prefix)
        self.clock = clock
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="store")

    def read(self, index: str, ids: Sequence[str], fields: Sequence[str] | None = None) -> dict[str, Found]:
        """Return those of the documents that exist, as of now, with only `fields` where they are named."""
        (found,) = self.read_each([index], ids, fields)
        return found

    def read_each(
        self, indices: Sequence[str], ids: Sequence[str], fields: Sequence[str] | None = None
    ) -> list[dict[str, Found]]:
        """Return what each of the indices holds under these ids, as of now, in no order of reading."""
        found: list[dict[str, Found]] = [{} for _ in indices]
        wanted = [(at, id_) for id_ in dict.fromkeys(ids) for at in range(len(indices))]
        for page in pages(wanted, PAGE):
            documents = [{"_index": indices[at], "_id": id_} for at, id_ in page]
            answer = self._ask(partial(self.client.mget, docs=documents, source_includes=fields))
            for (at, id_), said in zip(page, answer["docs"], strict=True):
                if "error" in said:
                    raise fault_of(self.place, 404, said["error"])
                if said["found"]:
                    found[at][id_] = _found(said)
        return found

    def aliases(self, pattern: str) -> dict[str, set[str]]:
        """Return the indices that have aliases of such names, and which."""
        answer = self._ask(partial(self.client.indices.get_alias, name=pattern))
        return {index: set(said["aliases"]) for index, said in answer.items()}

    def search(self, index: str, **body: Any) -> dict[str, Any]:
        """Return the answer to a search: of all shards, or none."""
        ask = partial(self.client.search, index=index, allow_partial_search_results=False, **body)
        return dict(self._ask(ask).body)

    def count(self, index: str, query: Mapping[str, Any] | None = None) -> int:
        return int(self._ask(partial(self.client.count, index=index, query=query))["count"])

    def scan(
        self, index: str, key: str, query: Mapping[str, Any], fields: Sequence[str] | None = None
    ) -> Iterator[list[Found]]:
        """Yield pages of what the query matches, by the unique keyword `key`, as of each page's own time."""
        after: dict[str, Any] = {}
        while True:
            answer = self.search(
                index, query=query, size=PAGE, sort=[{key: "asc"}], seq_no_primary_term=True,
                source=True if fields is None else list(fields) or False, **after,
            )  # fmt: skip
            hits = answer["hits"]["hits"]
            if not hits:
                return
            yield [_found(hit) for hit in hits]
            after = {"search_after": hits[-1]["sort"]}

    def refresh(self, index: str) -> None:
        self._ask(partial(self.client.indices.refresh, index=index))

    def fields(self, index: str) -> dict[str, Any]:
        """Return the properties of an index's mapping."""
        answer = self._ask(partial(self.client.indices.get_mapping, index=index))
        return dict(answer[index]["mappings"].get("properties", {}))

    def bulk(self, operations: Sequence[Operation]) -> list[Answer]:
        """Send the operations in as many requests as their size asks for; return an answer for each.

        Raises:
            StoreUnavailableError: the server stays overloaded, or an index is blocked; earlier
                operations may have been done.
            StoreError: an alias does not exist.
        """
        lines, answers = encode_all(operations)
        pauses = iter(PAUSES_S)
        while waiting := [at for at, answer in enumerate(answers) if answer.verdict == "overloaded"]:
            for at, answer in zip(waiting, self._send([lines[at] for at in waiting]), strict=True):
                answers[at] = answer
            if failed := next((answer for answer in answers if answer.verdict == "overloaded"), None):
                pause_s = next(pauses, None)
                if pause_s is None:
                    raise self.fault(failed)
                self.clock.sleep(pause_s)
        return answers

    def is_done(self, answer: Answer) -> bool:
        """Return whether the operation took effect; False where its condition did not hold.

        Raises:
            StoreError: the server refused it.
        """
        if answer.verdict == "refused":
            raise self.fault(answer)
        return answer.verdict == "done"

    def fault(self, answer: Answer) -> Exception:
        """Return what to raise for an answer that is nobody's expected case."""
        # Where an index is not there, the server's own word for it is a sentence on its template.
        cause = {**answer.error, "index": answer.index} if answer.index else answer.error
        return fault_of(self.place, answer.status, cause)

    def rewrite(self, index: str, ids: Sequence[str], plan: Plan) -> set[str]:
        """Read documents, change them, and write them back unless somebody else has meanwhile; then again.

        `plan` gets ids and what is stored under them, and returns the new sources of those to be written;
        it is asked again about those that met a conflict. Return the ids that were written.

        Raises:
            StoreUnavailableError: a document changed at every try.
        """
        written: set[str] = set()
        left = list(dict.fromkeys(ids))
        for round_ in range(2 * ROUNDS):
            left = self._rewrite_once(index, left, plan, written)
            if not left:
                return written
            self.back_off(round_)
        raise StoreUnavailableError(
            f"{self.place}: {index}: {left[0]} is being changed by others all the time"
        )

    def both(self, one: Callable[[], Result], other: Callable[[], Result]) -> tuple[Result, Result]:
        """Do two things at the same time and return what each came to, once both have ended.

        Raises:
            StoreError: what the first of them raised, in this order.
        """
        beside = self._beside.submit(other)
        try:
            mine = one()
        finally:
            wait([beside])
        return mine, beside.result()

    def back_off(self, round_: int) -> None:
        """Wait a random moment after a conflict: writers that met would meet again."""
        self.clock.sleep(0.02 * 2**round_ * self.clock.jitter())

    def close(self) -> None:
        self._beside.shutdown()
        self.client.close()

    def _ask(self, ask: Callable[[], Any]) -> Any:
        """Return the answer to a request that changes nothing, asked once more where its connection broke.

        Kept connections outlive a server that restarts behind a load balancer, and a read that fails at
        the start of a task costs its row a lease. Writes are left to who knows what repeating them means.
        """
        with store_errors(self.place):
            try:
                return ask()
            except BrokenConnectionError:
                return ask()

    def _rewrite_once(self, index: str, ids: Sequence[str], plan: Plan, written: set[str]) -> list[str]:
        """Try each once; return those that met a conflict."""
        found = self.read(index, ids)
        operations = [write_of(index, id_, body, found.get(id_)) for id_, body in plan(ids, found).items()]
        conflicts = []
        for operation, answer in zip(operations, self.bulk(operations), strict=True):
            if self.is_done(answer):
                written.add(operation.id)
            else:
                conflicts.append(operation.id)
        return conflicts

    def _send(self, lines: Sequence[bytes]) -> list[Answer]:
        return [answer for body in bodies(lines) for answer in self._send_once(body)]

    def _send_once(self, body: Sequence[bytes]) -> list[Answer]:
        with store_errors(self.place):
            try:  # the serializer takes lines as they are; the annotation knows mappings only
                said = self.client.bulk(operations=body, require_alias=True)  # type: ignore[arg-type]
            except ApiError as error:
                if error.status_code not in OVERLOADED:
                    raise
                return [Answer("overloaded", error.status_code, cause_of(error.body))] * len(body)
        answers = [answer_of(item) for item in said["items"]]
        if fatal := next((answer for answer in answers if answer.verdict == "fatal"), None):
            raise self.fault(fatal)
        return answers


def write_of(index: str, id_: str, source: Mapping[str, Any], found: Found | None) -> Operation:
    """Return the operation that writes `source` over exactly what was found, or where nothing was.

    A version means nothing in another index than the one it was read from: there the same number may stand
    for another write, should the alias have moved meanwhile.
    """
    if found is None:
        return Operation(action="create", index=index, id=id_, body=source)
    return Operation(
        action="index", index=found.index, is_alias=False, id=id_, body=source, version=found.version
    )


def delete_of(found: Found) -> Operation:
    """Return the operation that deletes exactly what was found."""
    return Operation(action="delete", index=found.index, id=found.id, version=found.version)


def pages(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Cut a sequence into parts of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _found(said: Mapping[str, Any]) -> Found:
    version = Version(said["_seq_no"], said["_primary_term"])
    return Found(said["_id"], said.get("_source", {}), version, said["_index"])
