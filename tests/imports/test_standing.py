"""What a capture is to an entry that is known: a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.builders import NOW, A, document, entry, later
from worker.imports.standing import Standing, standing
from worker.models import EntryState, LedgerRow

ROW = LedgerRow(entry=entry(), feed_ids=(A,), first_seen_at=NOW, listed_at=NOW, admitted_at=NOW)
DONE = replace(ROW, state=EntryState.DONE)
SEEN = replace(DONE, fetched_at=NOW)
OLD_ARTICLE, ARTICLE = document(fetched_at=later(-60)), document()
TAKE, KNOWN, WAITING = Standing.TAKE, Standing.KNOWN, Standing.WAITING

CASES = [
    ("nobody knows it", None, None, NOW, TAKE),
    ("nobody knows it, and it is no page", None, None, None, TAKE),
    ("held: left by a killed import", ROW, None, NOW, TAKE),
    ("held, and it is no page", ROW, None, None, TAKE),
    ("about to be fetched", replace(ROW, due_at=later(1)), None, NOW, WAITING),
    ("about to be fetched, and it is no page", replace(ROW, due_at=later(1)), None, None, WAITING),
    ("never fetched: its site was gone", DONE, None, later(-9999), TAKE),
    ("never fetched, and this is no page either", DONE, None, None, KNOWN),
    ("the same page", SEEN, None, NOW, KNOWN),
    ("an older page", SEEN, None, later(-1), KNOWN),
    ("a newer page", SEEN, None, later(1), TAKE),
    ("no page, where there was one", SEEN, None, None, KNOWN),
    ("an article from before rows knew when", DONE, ARTICLE, NOW, KNOWN),
    ("a page newer than that", DONE, ARTICLE, later(1), TAKE),
    ("a page newer than the article, not than the one that was rejected", SEEN, OLD_ARTICLE, later(-1), KNOWN),
    ("a page newer than both", SEEN, OLD_ARTICLE, later(1), TAKE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "article", "at", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_standing(row, article, at, expected):
    assert standing(row, article, at) is expected
