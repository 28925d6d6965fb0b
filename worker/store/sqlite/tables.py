"""The tables of the articles, once for each version, and which versions there are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

FIRST = 1
"""The version that a new file has. Its tables have no number in their names: they came before others."""

MAKERS = "json_extract(record, '$.extractor_version'), json_extract(record, '$.tagger_version')"
MADE_BY = f"CREATE INDEX IF NOT EXISTS {{article}}_made_by ON {{article}} ({MAKERS})"
"""Version 5 adds it to the tables of files that are older."""

_ARTICLE_TABLES = (
    """CREATE TABLE {article} (
        id INTEGER PRIMARY KEY,
        article_id TEXT NOT NULL UNIQUE,
        url TEXT NOT NULL,
        canonical_url TEXT NOT NULL,
        domain TEXT NOT NULL,
        language TEXT NOT NULL,
        published_at INTEGER NOT NULL,
        record TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX {article}_url ON {article} (url)",
    "CREATE INDEX {article}_canonical ON {article} (canonical_url)",
    "CREATE INDEX {article}_published ON {article} (published_at)",
    "CREATE INDEX {article}_domain ON {article} (domain, published_at)",
    "CREATE INDEX {article}_language ON {article} (language, published_at)",
    MADE_BY,
    # Filters with many values: kind is country, topic or feed; topics include their ancestors.
    """CREATE TABLE {label} (
        kind TEXT NOT NULL,
        value TEXT NOT NULL,
        article INTEGER NOT NULL REFERENCES {article} (id),
        PRIMARY KEY (kind, value, article)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX {label}_article ON {label} (article)",
    # Apart from the rest: merging a feed id must not rewrite 10 KB of text.
    """CREATE TABLE {text} (
        id INTEGER PRIMARY KEY REFERENCES {article} (id),
        title TEXT NOT NULL,
        summary TEXT,
        body TEXT NOT NULL,
        title_stems TEXT NOT NULL,
        text_stems TEXT NOT NULL
    ) STRICT""",
    # Marks count as letters, or Hindi falls apart at its vowel signs.
    """CREATE VIRTUAL TABLE {fts} USING fts5 (
        title, summary, body, title_stems, text_stems,
        content = '{text}', content_rowid = 'id',
        tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
    )""",
    """CREATE TRIGGER {text}_insert AFTER INSERT ON {text} BEGIN
        INSERT INTO {fts} (rowid, title, summary, body, title_stems, text_stems)
        VALUES (new.id, new.title, new.summary, new.body, new.title_stems, new.text_stems);
    END""",
    """CREATE TRIGGER {text}_update AFTER UPDATE ON {text} BEGIN
        INSERT INTO {fts} ({fts}, rowid, title, summary, body, title_stems, text_stems)
        VALUES ('delete', old.id, old.title, old.summary, old.body, old.title_stems, old.text_stems);
        INSERT INTO {fts} (rowid, title, summary, body, title_stems, text_stems)
        VALUES (new.id, new.title, new.summary, new.body, new.title_stems, new.text_stems);
    END""",
    """CREATE TRIGGER {text}_delete AFTER DELETE ON {text} BEGIN
        INSERT INTO {fts} ({fts}, rowid, title, summary, body, title_stems, text_stems)
        VALUES ('delete', old.id, old.title, old.summary, old.body, old.title_stems, old.text_stems);
    END""",
)


@dataclass(frozen=True, slots=True)
class Tables:
    """The names of one version's tables."""

    version: int
    article: str
    label: str
    text: str
    fts: str


@dataclass(frozen=True, slots=True)
class Versions:
    """The tables that are searched, and those of their twin while there is one."""

    live: Tables
    twin: Tables | None

    def all(self) -> tuple[Tables, ...]:
        return (self.live, self.twin) if self.twin else (self.live,)


@cache
def tables_of(version: int) -> Tables:
    """Return the names of a version's tables."""
    number = "" if version == FIRST else f"_{version}"
    return Tables(
        version, f"article{number}", f"label{number}", f"article_text{number}", f"article_fts{number}"
    )


def article_tables(version: int) -> tuple[str, ...]:
    """Return the statements that make a version's tables, empty."""
    tables = tables_of(version)
    names = {name: getattr(tables, name) for name in ("article", "label", "text", "fts")}
    return tuple(statement.format(**names) for statement in _ARTICLE_TABLES)


def find_versions(db: sqlite3.Connection) -> Versions:
    """Return the versions as the present transaction sees them."""
    live, twin = db.execute("SELECT live, twin FROM article_version").fetchone()
    return Versions(tables_of(live), tables_of(twin) if twin else None)
