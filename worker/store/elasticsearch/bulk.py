"""What a bulk request says and what its answer means. Pure: nothing here is sent."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from worker.store.elasticsearch.faults import BLOCKED, NO_INDEX, OVERLOADED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MOST_OPERATIONS = 500
MOST_BYTES = 10_000_000
"""Bounds of one body: larger ones gain nothing and fill the server's breakers (design, Elasticsearch)."""

Action = Literal["create", "index", "update", "delete"]
Verdict = Literal["done", "skipped", "conflict", "missing", "refused", "overloaded", "fatal"]


@dataclass(frozen=True, slots=True)
class Version:
    """The write that made a stored document what it is: a later one has another."""

    seq_no: int
    primary_term: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One line pair of a bulk request. `is_alias` False names an index itself, which must be there, too."""

    action: Action
    index: str
    id: str
    body: Mapping[str, Any] | None = None
    version: Version | None = None
    retries: int = 0
    is_alias: bool = True

    def lines(self) -> bytes:
        """Return the operation as NDJSON.

        Raises:
            ValueError: a number is not finite, which JSON cannot say.
        """
        said: dict[str, Any] = {"_index": self.index, "_id": self.id}
        if self.action != "delete":
            said["require_alias"] = self.is_alias
        if self.version:
            said |= {"if_seq_no": self.version.seq_no, "if_primary_term": self.version.primary_term}
        if self.retries:
            said["retry_on_conflict"] = self.retries
        head = _line({self.action: said})
        return head if self.body is None else head + _line(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one operation.

    skipped: the script left the document alone. conflict: somebody else has written it meanwhile.
    refused: this document can never be stored. overloaded: worth another try. fatal: the index is
    blocked or absent, or nothing may be written at all. `index` is the one behind the alias, `version` what
    was written.
    """

    verdict: Verdict
    status: int = 200
    error: Mapping[str, Any] = field(default_factory=dict)
    returned: Mapping[str, Any] = field(default_factory=dict)
    index: str = ""
    version: Version | None = None


_JSON = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":"))
"""Made once: `json.dumps` would make one for every line."""
TO_SEND = Answer("overloaded", 503)
"""The answer of an operation that has not been sent yet: worth a try, as after an overload."""


def bodies(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Split operations into bodies within both bounds, in order."""
    body: list[bytes] = []
    size = 0
    for line in lines:
        if body and (len(body) == MOST_OPERATIONS or size + len(line) > MOST_BYTES):
            yield body
            body, size = [], 0
        body.append(line)
        size += len(line)
    if body:
        yield body


def encode_all(operations: Iterable[Operation]) -> tuple[list[bytes], list[Answer]]:
    """Return each operation's lines beside its answer so far: to be sent, or refused already."""
    pairs = [_encoded(operation) for operation in operations]
    return [line for line, _ in pairs], [answer for _, answer in pairs]


def answer_of(item: Mapping[str, Any]) -> Answer:
    """Return what one item of the answer to a bulk request means."""
    ((_, said),) = item.items()
    error, status = said.get("error", {}), said["status"]
    if not error and status < 300:
        verdict: Verdict = "skipped" if said.get("result") == "noop" else "done"
        written = Version(said["_seq_no"], said["_primary_term"]) if "_seq_no" in said else None
        returned = said.get("get", {}).get("_source", {})
        return Answer(verdict, status, returned=returned, index=said.get("_index", ""), version=written)
    return Answer(_verdict(status, error.get("type", "")), status, error, index=said.get("_index", ""))


def _verdict(status: int, kind: str) -> Verdict:
    if kind in {BLOCKED, NO_INDEX} or status in {401, 403}:
        return "fatal"
    if status in OVERLOADED:
        return "overloaded"
    return {404: "missing", 409: "conflict"}.get(status, "refused")  # type: ignore[return-value]


def _encoded(operation: Operation) -> tuple[bytes, Answer]:
    try:
        line = operation.lines()
    except ValueError as error:
        return b"", Answer("refused", 400, {"type": "not storable", "reason": f"ValueError: {error}"})
    if len(line) > MOST_BYTES:
        reason = f"{len(line)} bytes, more than one request may have"
        return b"", Answer("refused", 413, {"type": "too large", "reason": reason})
    return line, TO_SEND


def _line(value: Mapping[str, Any]) -> bytes:
    return _JSON.encode(value).encode("utf-8") + b"\n"
