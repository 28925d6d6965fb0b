"""Dispatch asks every second: it must read the index and nothing else, however many rows are due."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.builders import NOW, A, entry, feed
from worker.store.records import to_ms
from worker.store.sqlite import entries, open_sqlite

STATEMENTS = {
    "hosts after": (entries._AFTER, {"start": "", "now": 0, "limit": 1}),
    "hosts up to": (entries._UP_TO, {"start": "", "end": "", "now": 0, "limit": 1}),
    "rows of a host": (entries._DUE_OF_HOST, ("a", 0, 1)),
    "counts": ("SELECT outcome, count(*) FROM entry GROUP BY outcome", ()),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_reads_a_covering_index(tmp_path: Path, name: str) -> None:
    store = open_sqlite(tmp_path / "feedmill.db")
    with store._database.read() as db:
        plan = [
            row["detail"]
            for row in db.execute("EXPLAIN QUERY PLAN " + STATEMENTS[name][0], STATEMENTS[name][1])
        ]
    touching = [step for step in plan if " entry" in step]
    assert touching
    assert all("COVERING INDEX" in step for step in touching), plan
    store.close()


def test_one_host_with_thousands_of_rows_starves_nobody(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "feedmill.db")
    store.feeds.add([feed()])
    big = [entry(f"big{n}", domain="big.example") for n in range(3_000)]
    small = [entry(f"small{n}", domain=f"s{n}.example") for n in range(10)]
    store.entries.admit(A, [*big, *small], NOW)
    due = store.entries.due(NOW, 20, 4)
    assert {row.domain for row in due} == {"big.example", *(f"s{n}.example" for n in range(10))}
    assert sum(row.domain == "big.example" for row in due) == 4
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with store._database.read() as db:
        db.set_progress_handler(count, 1_000)
        store.entries.due(NOW, 20, 4)
        db.set_progress_handler(None, 0)
        assert (
            db.execute("SELECT count(*) FROM entry WHERE due_at <= ?", (to_ms(NOW),)).fetchone()[0] == 3_010
        )
    # Instructions of SQLite's machine, not seconds: walking all 3,000 rows takes some 20,000 of them.
    assert steps < 5
    store.close()
