"""Every settlement of a short text asks for its like: an index must answer, however many rows there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.store.sqlite import boilerplate, open_sqlite

STATEMENTS = {
    "same text": (
        boilerplate._SAME_TEXT,
        ("a.example", "hash", 1, 50),
        "entry_body (domain=? AND body_hash=?)",
    ),
    "articles": (boilerplate._ARTICLES, ("a.example", "hash"), "entry_body (domain=? AND body_hash=?)"),
    "forget": (
        boilerplate._FORGET,
        {"now": 0, "detail": "", "article_id": "a"},
        "entry_article (article_id=?)",
    ),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_is_answered_by_an_index_without_sorting(tmp_path: Path, name: str) -> None:
    statement, values, used = STATEMENTS[name]
    store = open_sqlite(tmp_path / "feedmill.db")
    with store._database.read() as db:
        plan = [row["detail"] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    store.close()
    assert any(used in step for step in plan), plan
    assert not any("SCAN" in step or "ORDER BY" in step for step in plan), plan
