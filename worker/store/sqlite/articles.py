"""The articles: stored whole, searched through FTS5 and labels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from worker.models import Document
from worker.store.highlight import highlights
from worker.store.query import Hit, SearchPage, filter_value, topic_value
from worker.store.records import decode, encode, encoded_fields, to_json
from worker.store.sqlite.compile import compile_request
from worker.store.sqlite.tables import MAKERS, find_versions
from worker.store.text import stem_column

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterator, Mapping

    from worker.store.query import SearchRequest
    from worker.store.sqlite.connection import Database
    from worker.store.sqlite.tables import Tables

_COLUMNS = ("article_id", "url", "canonical_url", "domain", "language", "published_at")
_TEXTS = ("title", "summary", "body")
_APART = frozenset({*_COLUMNS, *_TEXTS})
"""What is not in `record`, having columns of its own."""
_SELECT = "SELECT a.*, t.title, t.summary, t.body FROM {article} AS a JOIN {text} AS t ON t.id = a.id"
_WRITE_FACTS = """INSERT INTO {article}
    (article_id, url, canonical_url, domain, language, published_at, record)
    VALUES (:article_id, :url, :canonical_url, :domain, :language, :published_at, :record)
    ON CONFLICT (article_id) DO UPDATE SET
        url = excluded.url, canonical_url = excluded.canonical_url, domain = excluded.domain,
        language = excluded.language, published_at = excluded.published_at, record = excluded.record
    RETURNING id"""
_WRITE_TEXT = """INSERT INTO {text} (id, title, summary, body, title_stems, text_stems)
    VALUES (:id, :title, :summary, :body, :title_stems, :text_stems)
    ON CONFLICT (id) DO UPDATE SET
        title = excluded.title, summary = excluded.summary, body = excluded.body,
        title_stems = excluded.title_stems, text_stems = excluded.text_stems"""


class SqliteArticles:
    """`ArticleIndex` on SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, article_id: str) -> Document | None:
        with self._database.snapshot() as db:
            return find_document(db, find_versions(db).live, article_id)

    def find_by_url(self, url: str) -> Document | None:
        with self._database.snapshot() as db:
            row = db.execute(
                f"{_select(find_versions(db).live)} WHERE a.url = :url OR a.canonical_url = :url "
                "ORDER BY a.url = :url DESC, a.id LIMIT 1",
                {"url": url},
            ).fetchone()
        return _document(row) if row else None

    def search(self, request: SearchRequest) -> SearchPage:
        with self._database.snapshot() as db:
            tables = find_versions(db).live
            compiled = compile_request(request, tables)
            total = db.execute(*compiled.count()).fetchone()[0]
            ranked = db.execute(*compiled.page(request.limit, request.offset)).fetchall()
            one = f"{_select(tables)} WHERE a.id = ?"
            rows = [(db.execute(one, (id_,)).fetchone(), score) for id_, score in ranked]
        found = [(_document(row), score) for row, score in rows]
        return SearchPage(
            hits=tuple(
                Hit(document=each, score=score, highlights=highlights(request.query, each))
                for each, score in found
            ),
            total=total,
        )

    def matching(self, request: SearchRequest, article_ids: Collection[str]) -> set[str]:
        with self._database.snapshot() as db:
            compiled = compile_request(request, find_versions(db).live)
            return {row["article_id"] for row in db.execute(*compiled.among(article_ids))}

    def count(self) -> int:
        with self._database.snapshot() as db:
            tables = find_versions(db).live
            return int(db.execute(f"SELECT count(*) FROM {tables.article}").fetchone()[0])

    def made_by(self) -> dict[tuple[str, str], int]:
        with self._database.snapshot() as db:
            article = find_versions(db).live.article
            rows = db.execute(f"SELECT {MAKERS}, count(*) FROM {article} GROUP BY 1, 2").fetchall()
        return {(row[0] or "", row[1] or ""): row[2] for row in rows}

    def refresh(self) -> None:
        """Do nothing: what is committed is visible."""


def find_document(db: sqlite3.Connection, tables: Tables, article_id: str) -> Document | None:
    """Return the document that a version holds, None where it holds none."""
    row = db.execute(f"{_select(tables)} WHERE a.article_id = ?", (article_id,)).fetchone()
    return _document(row) if row else None


def find_page(db: sqlite3.Connection, tables: Tables, after: str, before: str, limit: int) -> list[Document]:
    """Return a version's documents with after < article_id < before, in that order; "" is the open end."""
    below, values = ("AND a.article_id < ?", (before,)) if before else ("", ())
    rows = db.execute(
        f"{_select(tables)} WHERE a.article_id > ? {below} ORDER BY a.article_id LIMIT ?",
        (after, *values, limit),
    )
    return list(map(_document, rows.fetchall()))


def write_document(db: sqlite3.Connection, tables: Tables, document: Document) -> None:
    """Write everything of a document, its text index included.

    Raises:
        ValueError: a number that JSON cannot hold.
        OverflowError, sqlite3.IntegrityError, sqlite3.DataError: values the columns cannot hold.
    """
    row_id = write_facts(db, tables, document)
    texts = {name: encode(getattr(document, name)) for name in _TEXTS}
    stems = {
        "title_stems": stem_column(document.language, document.title),
        "text_stems": stem_column(document.language, document.summary or "", document.body),
    }
    db.execute(_WRITE_TEXT.format(text=tables.text), {"id": row_id, **texts, **stems})


def write_facts(db: sqlite3.Connection, tables: Tables, document: Document) -> int:
    """Write everything of a document but its text; return its row."""
    values = encoded_fields(document)
    rest = {name: value for name, value in values.items() if name not in _APART}
    columns = {name: values[name] for name in _COLUMNS}
    statement = _WRITE_FACTS.format(article=tables.article)
    row_id: int = db.execute(statement, {**columns, "record": to_json(rest)}).fetchone()[0]
    db.execute(f"DELETE FROM {tables.label} WHERE article = ?", (row_id,))
    db.executemany(
        f"INSERT OR IGNORE INTO {tables.label} (kind, value, article) VALUES (?, ?, ?)",
        [(kind, value, row_id) for kind, value in _labels(values)],
    )
    return row_id


def delete_document(db: sqlite3.Connection, tables: Tables, article_id: str) -> None:
    """Take an article out of a version, its text and labels too."""
    for table, column in ((tables.label, "article"), (tables.text, "id")):
        db.execute(
            f"DELETE FROM {table} WHERE {column} = (SELECT id FROM {tables.article} WHERE article_id = ?)",
            (article_id,),
        )
    db.execute(f"DELETE FROM {tables.article} WHERE article_id = ?", (article_id,))


def has_same_text(one: Document, other: Document) -> bool:
    """Return whether two documents need the same text index, so that writing the facts alone will do."""
    return all(getattr(one, name) == getattr(other, name) for name in (*_TEXTS, "language"))


def _select(tables: Tables) -> str:
    return _SELECT.format(article=tables.article, text=tables.text)


def _labels(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from (("feed", feed_id) for feed_id in values["feed_ids"])
    countries = {values["country_primary"], *values["countries"]} - {None}
    yield from (("country", filter_value("country", country)) for country in countries)
    topics = (*values["topics"], *values["topics_all"], *values["topic_names"])
    yield from (("topic", topic_value(topic)) for topic in topics)


def _document(row: sqlite3.Row) -> Document:
    columns = {name: row[name] for name in (*_COLUMNS, *_TEXTS)}
    return decode(Document, {**json.loads(row["record"]), **columns})
