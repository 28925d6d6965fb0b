"""Tags for a corpus of one's own: in order, on all cores, whatever the lines hold."""

from __future__ import annotations

import io
import json
import sys
from contextlib import closing

import pytest

from worker.cli import run_command
from worker.errors import PoolCrashError
from worker.extract.pool import ChildBugError, WorkerPool
from worker.ops.corpus import BATCH, TaggedLine, tag_batch, tag_line, tag_lines

ENGLISH = "The harbour opened again on Monday, and the ferries left with two hours of delay."


def line(**said) -> bytes:
    return json.dumps(said).encode()


class Here:
    """A pool whose child is this process; texts that say so take it down."""

    def run(self, function, batch):
        for _, each in batch:
            if b"crash" in each:
                raise PoolCrashError(None, "the child died")
            if b"bug" in each:
                raise ChildBugError("Traceback (most recent call last):\n  ...\nKeyError: 'x'")
        return function(batch)


LINES = [
    ("no JSON", b"{", None),
    ("no UTF-8", b'{"id": 1, "title": "\xff"}', None),
    ("deeper than Python's stack", b"[" * 100_000, None),
    ("a list", b"[]", None),
    ("no text", line(id=1), None),
    ("empty texts", line(id=1, title="", body=""), None),
    ("a number for a title", line(id=1, title=5), None),
    ("a null body", line(id=1, title="Hello", body=None), 1),
    ("no id", line(title=ENGLISH), None),
    ("an id of any kind", line(id=["a", 1], body=ENGLISH), ["a", 1]),
    ("other fields", line(id=1, body=ENGLISH, url="https://a.example/", published_at="yesterday", x={}), 1),
    ("a language that is no text", line(id=1, body=ENGLISH, language=7), 1),
]
BAD = {
    "no JSON",
    "no UTF-8",
    "deeper than Python's stack",
    "a list",
    "no text",
    "empty texts",
    "a number for a title",
}


@pytest.mark.parametrize(("name", "raw", "id_"), LINES, ids=[row[0] for row in LINES])
def test_a_line_is_tagged_or_says_why_not(name, raw, id_):
    tagged = tag_line(raw, 3)
    assert (tagged.record is None) == (name in BAD)
    assert tagged.number == 3
    if name in BAD:
        assert tagged.problem.startswith(("no JSON", "neither"))
    else:
        assert tagged.record["id"] == id_


def test_what_a_record_holds():
    record = tag_line(line(id=1, body=ENGLISH), 1).record
    assert list(record) == ["id", "language", "country_primary", "countries", "country_scores",
                            "topics", "topics_top", "topic_names", "topic_scores"]  # fmt: skip
    assert record["language"] == "en"


def test_a_stated_language_decides_where_the_text_is_too_short():
    assert tag_line(line(id=1, title="Ok", language="fi"), 1).record["language"] == "fi"


def test_lines_come_out_in_their_order_and_are_numbered_with_the_blank_ones():
    lines = [line(id=n, title=ENGLISH) for n in range(3 * BATCH)]
    lines.insert(5, b"\n")
    tagged = list(tag_lines(lines, Here(), 2))
    assert [each.record["id"] for each in tagged] == list(range(3 * BATCH))
    assert [each.number for each in tagged] == [n for n in range(1, 3 * BATCH + 2) if n != 6]


@pytest.mark.parametrize(("text", "said"), [("crash", "the child died"), ("bug", "KeyError: 'x'")])
def test_a_text_that_breaks_its_child_costs_its_own_line(text, said):
    lines = [line(id=n, title=text if n == 3 else ENGLISH) for n in range(BATCH)]
    problems = {each.number: each.problem for each in tag_lines(lines, Here(), 1) if each.problem}
    assert list(problems) == [4]
    assert said in problems[4]


def test_few_lines_are_read_ahead():
    read = 0

    def endless():
        nonlocal read
        while True:
            read += 1
            yield line(id=read, title=ENGLISH)

    tagged = tag_lines(endless(), Here(), 1)
    for _ in range(40 * BATCH):
        next(tagged)
    assert read <= 40 * BATCH + 8 * BATCH
    tagged.close()


def test_what_reading_raises_is_raised():
    def broken():
        yield line(id=1, title=ENGLISH)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(tag_lines(broken(), Here(), 1))


@pytest.mark.slow
def test_real_children_say_the_same():
    lines = [line(id=n, title=f"{ENGLISH} {n}") for n in range(5 * BATCH)]
    with closing(WorkerPool(2, 20)) as pool:
        assert list(tag_lines(lines, pool, 2)) == [
            each
            for each in tag_batch([(n, raw) for n, raw in enumerate(lines, 1)])
            if isinstance(each, TaggedLine)
        ]


@pytest.mark.slow
def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    good = line(id="a", title=ENGLISH)
    (tmp_path / "texts.jsonl").write_bytes(good + b"\nnot json\n")
    assert run_command(["tag", "texts.jsonl"]) == 1
    said = capsys.readouterr()
    assert [json.loads(each)["id"] for each in said.out.splitlines()] == ["a"]
    assert said.err.splitlines() == ["feedmill: line 2: no JSON", "feedmill: 1 of 2 lines not tagged"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(good)))
    assert run_command(["tag", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["language"] == "en"


def test_a_file_that_is_not_there(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run_command(["tag", "nothing.jsonl"]) == 2
    assert capsys.readouterr().err == "feedmill: no such file: nothing.jsonl\n"
