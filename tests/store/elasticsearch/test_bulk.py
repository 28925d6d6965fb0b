"""Bulk requests without a server: how operations are said, split and answered."""

from __future__ import annotations

import json

import pytest

from tests.store.builders import document
from worker.store.batches import BATCH, BATCH_CHARS
from worker.store.elasticsearch.bulk import (
    MOST_BYTES,
    MOST_OPERATIONS,
    Operation,
    Version,
    answer_of,
    bodies,
    encode_all,
)
from worker.store.elasticsearch.records import document_source

A_VERSION = Version(7, 2)


@pytest.mark.parametrize(
    ("operation", "lines"),
    [
        (
            Operation(action="create", index="i", id="1", body={"a": "ü"}),
            [{"create": {"_index": "i", "_id": "1", "require_alias": True}}, {"a": "ü"}],
        ),
        (
            Operation(action="index", index="i", id="1", body={}, version=A_VERSION),
            [
                {
                    "index": {
                        "_index": "i",
                        "_id": "1",
                        "require_alias": True,
                        "if_seq_no": 7,
                        "if_primary_term": 2,
                    }
                },
                {},
            ],
        ),
        (
            Operation(action="update", index="i", id="1", body={"script": {}}, retries=5),
            [
                {"update": {"_index": "i", "_id": "1", "require_alias": True, "retry_on_conflict": 5}},
                {"script": {}},
            ],
        ),
        (Operation(action="delete", index="i", id="1"), [{"delete": {"_index": "i", "_id": "1"}}]),
    ],
    ids=["create", "index", "update", "delete"],
)
def test_lines(operation: Operation, lines: list[dict]) -> None:
    assert [json.loads(line) for line in operation.lines().splitlines()] == lines


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([10] * 3, [3]),
        ([1] * (MOST_OPERATIONS + 1), [MOST_OPERATIONS, 1]),
        ([MOST_BYTES // 2] * 3, [2, 1]),
        ([MOST_BYTES, 1], [1, 1]),
        ([1, MOST_BYTES, 1], [1, 1, 1]),
    ],
    ids=["nothing", "small", "many", "large", "as large as may be", "large amid small"],
)
def test_bodies(sizes: list[int], expected: list[int]) -> None:
    lines = [bytes(size) for size in sizes]
    split = list(bodies(lines))
    assert [len(body) for body in split] == expected
    assert [line for body in split for line in body] == lines


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"n": float("nan")}, "not storable"),
        ({"n": float("inf")}, "not storable"),
        ({"n": "x" * MOST_BYTES}, "too large"),
    ],
)
def test_what_no_request_can_carry_is_refused_alone(body: dict, error: str) -> None:
    lines, answers = encode_all(
        [Operation(action="create", index="i", id=str(n), body=each) for n, each in enumerate([{}, body, {}])]
    )
    assert [answer.verdict for answer in answers] == ["overloaded", "refused", "overloaded"]
    assert (lines[1], answers[1].error["type"]) == (b"", error)


def item(status: int, **said) -> dict:
    return {"update": {"_index": "i", "_id": "1", "status": status, **said}}


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (item(201, result="created"), "done"),
        (item(200, result="updated"), "done"),
        (item(200, result="deleted"), "done"),
        (item(200, result="noop"), "skipped"),
        (item(404, result="not_found"), "missing"),
        (item(404, error={"type": "document_missing_exception"}), "missing"),
        (item(404, error={"type": "index_not_found_exception"}), "fatal"),
        (item(409, error={"type": "version_conflict_engine_exception"}), "conflict"),
        (item(400, error={"type": "document_parsing_exception"}), "refused"),
        (item(429, error={"type": "es_rejected_execution_exception"}), "overloaded"),
        (item(503, error={"type": "unavailable_shards_exception"}), "overloaded"),
        (item(429, error={"type": "cluster_block_exception"}), "fatal"),
        (item(403, error={"type": "cluster_block_exception"}), "fatal"),
        (item(403, error={"type": "security_exception"}), "fatal"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value["update"]["status"]),
)
def test_answers(said: dict, verdict: str) -> None:
    assert answer_of(said).verdict == verdict


def test_an_update_returns_the_fields_that_were_asked_for() -> None:
    assert answer_of(item(200, result="updated", get={"_source": {"state": "done"}})).returned == {
        "state": "done"
    }


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", 'text with "quotes" and\nlines '),
        ("ru", "текст и слова "),
        ("zh", "新聞文章的內容"),
        ("hi", "समाचार "),
    ],
)
def test_a_batch_of_the_writer_fits_one_body(language: str, text: str) -> None:
    """Its bound is in characters: what a request makes of them depends on the script."""
    body = (text * (BATCH_CHARS // BATCH // len(text)))[: BATCH_CHARS // BATCH]
    written = document(title="", body=body, language=language, content_hash="h", raw_digest="d")
    source = document_source(written)
    line = Operation(action="create", index="feedmill-articles", id="x" * 32, body=source).lines()
    assert BATCH * len(line) <= MOST_BYTES
