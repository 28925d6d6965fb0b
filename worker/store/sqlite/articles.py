"""The articles: stored whole, searched through FTS5 and labels."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from worker.models import Document
from worker.store.highlight import highlights
from worker.store.query import Hit, SearchPage, filter_value, topic_value
from worker.store.records import decode, encoded_fields, to_json
from worker.store.sqlite.compile import Compiled, compile_request
from worker.store.text import stem_column

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from worker.store.query import SearchRequest
    from worker.store.sqlite.connection import Database

_COLUMNS = ("article_id", "url", "canonical_url", "domain", "language", "published_at")
_TEXTS = ("title", "summary", "body")
_SELECT = "SELECT a.*, t.title, t.summary, t.body FROM article AS a JOIN article_text AS t ON t.id = a.id"
_WRITE_FACTS = """INSERT INTO article (article_id, url, canonical_url, domain, language, published_at, record)
    VALUES (:article_id, :url, :canonical_url, :domain, :language, :published_at, :record)
    ON CONFLICT (article_id) DO UPDATE SET
        url = excluded.url, canonical_url = excluded.canonical_url, domain = excluded.domain,
        language = excluded.language, published_at = excluded.published_at, record = excluded.record
    RETURNING id"""
_WRITE_TEXT = """INSERT INTO article_text (id, title, summary, body, title_stems, text_stems)
    VALUES (:id, :title, :summary, :body, :title_stems, :text_stems)
    ON CONFLICT (id) DO UPDATE SET
        title = excluded.title, summary = excluded.summary, body = excluded.body,
        title_stems = excluded.title_stems, text_stems = excluded.text_stems"""


class SqliteArticles:
    """`ArticleIndex` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, article_id: str) -> Document | None:
        with self._database.read() as db:
            return find_document(db, article_id)

    def find_by_url(self, url: str) -> Document | None:
        with self._database.read() as db:
            row = db.execute(
                f"{_SELECT} WHERE a.url = :url OR a.canonical_url = :url "
                "ORDER BY a.url = :url DESC, a.id LIMIT 1",
                {"url": url},
            ).fetchone()
        return _document(row) if row else None

    def search(self, request: SearchRequest) -> SearchPage:
        compiled = compile_request(request)
        with self._database.read() as db:
            total = db.execute(*compiled.count()).fetchone()[0]
            ranked = db.execute(*compiled.page(request.limit, request.offset)).fetchall()
            rows = [
                (db.execute(f"{_SELECT} WHERE a.id = ?", (id_,)).fetchone(), score) for id_, score in ranked
            ]
        found = [(_document(row), score) for row, score in rows if row]
        return SearchPage(
            hits=tuple(
                Hit(document=each, score=score, highlights=highlights(request.query, each))
                for each, score in found
            ),
            total=total,
        )

    def count(self) -> int:
        with self._database.read() as db:
            return int(db.execute(*Compiled().count()).fetchone()[0])

    def refresh(self) -> None:
        """Do nothing: what is committed is visible."""


def find_document(db: sqlite3.Connection, article_id: str) -> Document | None:
    """Return the stored document, None where there is none."""
    row = db.execute(f"{_SELECT} WHERE a.article_id = ?", (article_id,)).fetchone()
    return _document(row) if row else None


def write_document(db: sqlite3.Connection, document: Document) -> None:
    """Write everything of a document, its text index included.

    Raises:
        ValueError: a number that JSON cannot hold.
        OverflowError, sqlite3.IntegrityError, sqlite3.DataError: values the columns cannot hold.
    """
    row_id = write_facts(db, document)
    texts = {name: value for name, value in encoded_fields(document).items() if name in _TEXTS}
    stems = {
        "title_stems": stem_column(document.language, document.title),
        "text_stems": stem_column(document.language, document.summary or "", document.body),
    }
    db.execute(_WRITE_TEXT, {"id": row_id, **texts, **stems})


def write_facts(db: sqlite3.Connection, document: Document) -> int:
    """Write everything of a document but its text; return its row."""
    values = encoded_fields(document)
    rest = {name: value for name, value in values.items() if name not in (*_COLUMNS, *_TEXTS)}
    columns = {name: values[name] for name in _COLUMNS}
    row_id: int = db.execute(_WRITE_FACTS, {**columns, "record": to_json(rest)}).fetchone()[0]
    db.execute("DELETE FROM label WHERE article = ?", (row_id,))
    db.executemany(
        "INSERT OR IGNORE INTO label (kind, value, article) VALUES (?, ?, ?)",
        [(kind, value, row_id) for kind, value in _labels(values)],
    )
    return row_id


def delete_document(db: sqlite3.Connection, article_id: str) -> None:
    """Take an article out of the index, its text and labels too."""
    for table, column in (("label", "article"), ("article_text", "id")):
        db.execute(
            f"DELETE FROM {table} WHERE {column} = (SELECT id FROM article WHERE article_id = ?)",
            (article_id,),
        )
    db.execute("DELETE FROM article WHERE article_id = ?", (article_id,))


def add_feed(db: sqlite3.Connection, article_id: str, feed_id: str) -> None:
    """Note on an article (if it is there) that another feed lists it."""
    document = find_document(db, article_id)
    if document and feed_id not in document.feed_ids:
        write_facts(db, replace(document, feed_ids=tuple(sorted((*document.feed_ids, feed_id)))))


def _labels(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from (("feed", feed_id) for feed_id in values["feed_ids"])
    countries = {values["country_primary"], *values["countries"]} - {None}
    yield from (("country", filter_value("country", country)) for country in countries)
    topics = (*values["topics"], *values["topics_all"], *values["topic_names"])
    yield from (("topic", topic_value(topic)) for topic in topics)


def _document(row: sqlite3.Row) -> Document:
    columns = {name: row[name] for name in (*_COLUMNS, *_TEXTS)}
    return decode(Document, {**json.loads(row["record"]), **columns})
