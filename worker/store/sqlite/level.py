"""What a write to a live article does to its twin, inside the same transaction."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from worker.store.sqlite.articles import find_document, has_same_text, write_document, write_facts
from worker.store.sqlite.tables import find_versions
from worker.store.versions import leveled

if TYPE_CHECKING:
    import sqlite3

    from worker.models import Document
    from worker.store.sqlite.tables import Tables, Versions


def level(db: sqlite3.Connection, versions: Versions, article_id: str) -> None:
    """Bring both versions level with an article that was written; no other writer comes between."""
    if versions.twin is None:
        return
    live = find_document(db, versions.live, article_id)
    twin = find_document(db, versions.twin, article_id)
    for tables, mine, other in ((versions.twin, twin, live), (versions.live, live, twin)):
        if wanted := leveled(mine, other):
            write_over(db, tables, mine, wanted)


def write_over(db: sqlite3.Connection, tables: Tables, mine: Document | None, wanted: Document) -> None:
    """Write `wanted` where a version holds `mine`; see `write_document`."""
    write = write_facts if mine and has_same_text(mine, wanted) else write_document
    write(db, tables, wanted)


def add_feed(db: sqlite3.Connection, article_id: str, feed_id: str) -> None:
    """Note on an article (if it is there) that another feed lists it."""
    versions = find_versions(db)
    level(db, versions, article_id)
    document = find_document(db, versions.live, article_id)
    if document and feed_id not in document.feed_ids:
        feed_ids = tuple(sorted((*document.feed_ids, feed_id)))
        write_facts(db, versions.live, replace(document, feed_ids=feed_ids))
        level(db, versions, article_id)
