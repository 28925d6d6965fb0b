"""The judge is judged first: each thing that may go wrong is seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.faults.plant import find_crash
from tests.faults.verdict import Expected, Indexed, Row, mistakes
from worker.pipeline import content_hash

INDEXED = frozenset({("indexed", None)})
GONE = frozenset({("rejected", "not_found")})
EXPECTED = {
    "/a": Expected(INDEXED, "a", "A", "Text of a"),
    "/b": Expected(INDEXED, "b", "B", "Text of b"),
    "/gone": Expected(GONE),
}
ROWS = [
    Row("/a", "done", "indexed", None, "a"),
    Row("/b", "done", "indexed", None, "b"),
    Row("/gone", "done", "rejected", "not_found"),
]
ARTICLES = [
    Indexed("a", "A", content_hash("A", "Text of a")),
    Indexed("b", "B", content_hash("B", "Text of b")),
]
COUNTS = {"indexed": 2, "rejected": 1, "pending": 0}


def judged(rows=ROWS, articles=ARTICLES, counts=COUNTS):
    return mistakes(EXPECTED, rows, articles, counts)


def test_nothing_is_wrong_with_what_should_be():
    assert judged() == []


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"rows": ROWS[1:]}, "/a: lost from the ledger"),
        ({"rows": [*ROWS, ROWS[0]]}, "/a: 2 rows"),
        ({"rows": [*ROWS, replace(ROWS[2], url="/new")]}, "/new: in the ledger, and never published"),
        ({"counts": {"indexed": 2, "pending": 0}}, "3 entries were seen"),
        ({"counts": {"indexed": 2, "pending": 1}}, "1 entries are pending"),
        ({"rows": [replace(ROWS[0], outcome="gave_up", reason="timeout"), *ROWS[1:]]}, "/a: ended gave_up(timeout)"),
        ({"rows": [replace(ROWS[0], article_id="b"), *ROWS[1:]]}, "/a: ended at article b, not a"),
        ({"articles": ARTICLES[1:]}, "article a (A) is missing"),
        ({"articles": [*ARTICLES, Indexed("c", "C", "")]}, "article c (C) is nobody's"),
        ({"articles": [replace(ARTICLES[0], content_hash="x"), ARTICLES[1]]}, "article a is ('A', 'x')"),
        ({"articles": [replace(ARTICLES[0], revision=2), ARTICLES[1]]}, "article a: revision 2"),
        ({"rows": [replace(ROWS[0], outcome="duplicate"), *ROWS[1:]]}, "article a: 0 rows ended `indexed`"),
    ],
    ids=[
        "lost", "twice in the ledger", "unknown", "unaccounted", "pending", "another outcome", "another article",
        "no article", "one article more", "another text", "written again", "nobody was first",
    ],
)  # fmt: skip
def test_each_mistake_is_seen(wrong, line):
    assert any(said.startswith(line) for said in judged(**wrong)), judged(**wrong)


def test_many_mistakes_are_cut_short():
    many = [replace(ROWS[2], url=f"/{n}") for n in range(20)]
    assert judged(rows=[*ROWS, *many])[-1] == "and 11 more"


@pytest.mark.parametrize(
    ("log", "crash"),
    [
        ("12:00 [info] indexed\n", None),
        (
            "12:00 [error] bug\nTraceback (most recent call last):\n  File x\nKeyError: 'a'\n12:01 more\n",
            "KeyError: 'a'",
        ),
        ("Fatal Python error: no lock\nThread 1\n", "Fatal Python error: no lock"),
    ],
    ids=["none", "traceback", "the interpreter's own"],
)
def test_a_crash_is_found_in_a_log(log, crash):
    assert find_crash(log) == crash
