"""What SQLite itself refuses of a document."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

from tests.store.builders import NOW, A, claim_one, document, entry, feed, settlement
from worker.models import OutcomeKind
from worker.store.query import make_request
from worker.store.sqlite import open_sqlite


def test_a_text_that_is_too_long_leaves_nothing_of_its_document(tmp_path: Path) -> None:
    """The text is written last: what was written before it goes, and its neighbours stay."""
    store = open_sqlite(tmp_path / "feedmill.db")
    store.feeds.add([feed()])
    store.entries.admit(A, [entry("1"), entry("2"), entry("3")], NOW)
    with store._database.read() as db:
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 10_000)
    written = [document("1"), replace(document("2", countries=("DE",)), body="long " * 10_000), document("3")]
    claims = [claim_one(store, f"entry-{n}") for n in (1, 2, 3)]
    settled = store.settle(list(map(settlement, claims, written)), NOW)
    outcomes = [each.outcome for each in settled if each.outcome]
    assert [each.kind for each in outcomes] == [
        OutcomeKind.INDEXED,
        OutcomeKind.REJECTED,
        OutcomeKind.INDEXED,
    ]
    assert outcomes[1].reason == "index: not storable"
    assert outcomes[1].detail == "DataError: string or blob too big"
    assert store.articles.count() == 2
    assert store.articles.search(make_request("", country="DE")).total == 0
    store.close()
