"""One text under many titles of a site: found when the next page shows it, and then taken back everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.models import OutcomeKind
from worker.store.decide import (
    BOILERPLATE,
    SHOWINGS_LOOKED_AT,
    WITH_ARTICLE,
    Showing,
    body_hash,
    is_boilerplate,
    seen_on,
)
from worker.store.records import to_ms
from worker.store.sqlite.articles import delete_document, find_document
from worker.store.sqlite.tables import find_versions

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from worker.models import Candidate
    from worker.store.sqlite.tables import Tables

_ROW = "SELECT domain, article_id, json_extract(said, '$.title') AS title FROM entry WHERE id = ?"
_SAME_TEXT = """SELECT entry_id, article_id, json_extract(said, '$.title') AS title FROM entry
    WHERE domain = ? AND body_hash = ? AND id <> ? ORDER BY id DESC LIMIT ?"""
_ARTICLES = """SELECT DISTINCT article_id FROM entry
    WHERE domain = ? AND body_hash = ? AND article_id IS NOT NULL"""
_ENDED = f"outcome IN ({', '.join(repr(kind.value) for kind in WITH_ARTICLE)})"
_FORGET = f"""UPDATE entry SET article_id = NULL,
    outcome = CASE WHEN {_ENDED} THEN '{OutcomeKind.REJECTED}' ELSE outcome END,
    reason = CASE WHEN {_ENDED} THEN '{BOILERPLATE}' ELSE reason END,
    done_at = CASE WHEN {_ENDED} THEN :now ELSE done_at END,
    ended = CASE WHEN {_ENDED} THEN json_set(ended, '$.detail', :detail) ELSE ended END
    WHERE article_id = :article_id"""


def withdraw(
    db: sqlite3.Connection, row_id: int, text: str, candidate: Candidate, now: datetime
) -> str | None:
    """Return what makes the candidate's text boilerplate, having withdrawn the articles that hold it.

    None, and nothing written, where it is none: see `Store.settle`. `text` is the document's `body_hash`.
    """
    row = db.execute(_ROW, (row_id,)).fetchone()
    others = db.execute(_SAME_TEXT, (row["domain"], text, row_id, SHOWINGS_LOOKED_AT)).fetchall()
    showings = [Showing(each["entry_id"], each["title"] or "", each["article_id"]) for each in others]
    own = Showing(candidate.entry_id, row["title"] or "", candidate.document.article_id)
    if not is_boilerplate([own, *showings]):
        return None
    seen, versions = seen_on(len(showings) + 1, row["domain"]), find_versions(db)
    ended_at = {each["article_id"] for each in db.execute(_ARTICLES, (row["domain"], text)).fetchall()}
    for article_id in sorted({*ended_at, row["article_id"]} - {None}):
        if _holds_only(db, versions.live, article_id, text):
            for tables in versions.all():
                delete_document(db, tables, article_id)
            db.execute(_FORGET, {"article_id": article_id, "now": to_ms(now), "detail": seen})
    return seen


def _holds_only(db: sqlite3.Connection, tables: Tables, article_id: str, text: str) -> bool:
    """Return whether the article's present text is the boilerplate and no operator let it in."""
    document = find_document(db, tables, article_id)
    if document is None or body_hash(document) != text:
        return False
    forced = "SELECT 1 FROM entry WHERE article_id = ? AND forced LIMIT 1"
    return db.execute(forced, (article_id,)).fetchone() is None
