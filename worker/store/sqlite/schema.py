"""The database's tables, versioned with `PRAGMA user_version` and migrated on open.

Times are integer milliseconds since 1970 UTC. What is queried is a column; the rest of a record is
JSON beside it. Version n is reached by the n-th list of statements, which never changes afterwards.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from worker.errors import StoreCorruptError, StoreUnavailableError, StoreVersionError
from worker.store.sqlite.tables import FIRST, MADE_BY, article_tables

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path

APPLICATION_ID = 0x46656564
"""'Feed' in ASCII: tells our file from another program's SQLite database."""

_VERSION_1 = (
    f"PRAGMA application_id = {APPLICATION_ID}",
    # The keys are feed ids of the present URL and the redirect target: http and https are one feed.
    """CREATE TABLE feed (
        feed_id TEXT PRIMARY KEY,
        url TEXT NOT NULL,
        url_key TEXT NOT NULL,
        redirect_key TEXT,
        title TEXT,
        state TEXT NOT NULL,
        next_poll_at INTEGER NOT NULL,
        interval_s INTEGER NOT NULL,
        record TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX feed_url ON feed (url_key)",
    "CREATE INDEX feed_redirect ON feed (redirect_key) WHERE redirect_key IS NOT NULL",
    "CREATE INDEX feed_due ON feed (next_poll_at) WHERE state = 'active'",
    # `said` is what the feed says, `ended` how the last attempt went.
    """CREATE TABLE entry (
        id INTEGER PRIMARY KEY,
        entry_id TEXT NOT NULL UNIQUE,
        feed_id TEXT NOT NULL,
        url TEXT,
        canonical_url TEXT,
        domain TEXT NOT NULL,
        entry_hash TEXT NOT NULL,
        content TEXT,
        state TEXT NOT NULL,
        wait TEXT NOT NULL,
        claim TEXT,
        generation INTEGER NOT NULL,
        outcome TEXT,
        reason TEXT,
        due_at INTEGER,
        attempts INTEGER NOT NULL,
        first_seen_at INTEGER NOT NULL,
        listed_at INTEGER NOT NULL,
        admitted_at INTEGER NOT NULL,
        done_at INTEGER,
        article_id TEXT,
        said TEXT NOT NULL,
        ended TEXT NOT NULL DEFAULT '{}'
    ) STRICT""",
    "CREATE INDEX entry_url ON entry (url)",
    "CREATE INDEX entry_canonical ON entry (canonical_url)",
    # Dispatch jumps from domain to domain and reads each one's newest rows from the index alone.
    """CREATE INDEX entry_due ON entry (domain, first_seen_at DESC, due_at, entry_id)
        WHERE due_at IS NOT NULL""",
    # Counting reads these two small indexes from end to end and never a row.
    "CREATE INDEX entry_pending ON entry (wait, due_at IS NULL) WHERE state = 'pending'",
    "CREATE INDEX entry_outcome ON entry (outcome, reason, done_at)",
    "CREATE INDEX entry_claim ON entry (claim) WHERE claim IS NOT NULL",
    """CREATE TABLE listing (
        entry INTEGER NOT NULL REFERENCES entry (id),
        feed_id TEXT NOT NULL,
        PRIMARY KEY (entry, feed_id)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX listing_feed ON listing (feed_id, entry)",
    *article_tables(FIRST),
)

_VERSION_2 = (
    "ALTER TABLE entry ADD COLUMN body_hash TEXT",
    "ALTER TABLE entry ADD COLUMN forced INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX entry_body ON entry (domain, body_hash) WHERE body_hash IS NOT NULL",
    # Who else ended at an article that is withdrawn.
    "CREATE INDEX entry_article ON entry (article_id) WHERE article_id IS NOT NULL",
)

_VERSION_3 = (
    "CREATE TABLE stop (host TEXT PRIMARY KEY, stopped_until INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    # With a rowid: texts of up to 500 KB would spread the keys of a table without.
    "CREATE TABLE robots (host TEXT PRIMARY KEY, asked_at INTEGER NOT NULL, record TEXT NOT NULL) STRICT",
)

# Rows admitted before have no link_key; most never get one, as their id says it.
_VERSION_4 = (
    "ALTER TABLE entry ADD COLUMN link_key TEXT",
    "ALTER TABLE entry ADD COLUMN page_key TEXT",
    "CREATE INDEX entry_link ON entry (link_key) WHERE link_key IS NOT NULL",
    "CREATE INDEX entry_page ON entry (page_key) WHERE page_key IS NOT NULL",
)

# Which version of the article tables is searched, which is its twin, and the latest number given out; what is
# known of the latest rebuild. A change of the article tables is a step for each version in `article_version`.
_VERSION_5 = (
    """CREATE TABLE article_version (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        live INTEGER NOT NULL,
        twin INTEGER,
        latest INTEGER NOT NULL
    ) STRICT""",
    "INSERT INTO article_version (id, live, twin, latest) VALUES (1, 1, NULL, 1)",
    """CREATE TABLE rebuild (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        record TEXT NOT NULL
    ) STRICT""",
    "CREATE TABLE slice (slice_id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID",
    MADE_BY.format(article="article"),
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4, _VERSION_5)


def migrate(
    db: sqlite3.Connection, path: Path, migrations: Sequence[Sequence[str]] = MIGRATIONS
) -> list[str]:
    """Bring the database to the newest version; return one line per step taken.

    Two processes may come at once: the second waits, and finds nothing left to do.

    Raises:
        StoreVersionError: a newer Feedmill wrote it.
        StoreCorruptError: the file is another program's database.
        StoreUnavailableError: its folder cannot be read.
    """
    with _alone_in(path.parent):
        version = _checked_version(db, path, len(migrations))
        if version < len(migrations):
            db.execute("PRAGMA journal_mode = WAL")
            _run(db, migrations[version:], version)
    return [f"{path}: schema version {n}" for n in range(version + 1, len(migrations) + 1)]


def _run(db: sqlite3.Connection, migrations: Sequence[Sequence[str]], version: int) -> None:
    """Run the steps after `version`, all or none."""
    db.execute("BEGIN IMMEDIATE")
    try:
        for number, statements in enumerate(migrations, version + 1):
            for statement in statements:
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {number}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process migrates a database in this folder.

    SQLite's own locks are not enough: of six processes that turned one new file to WAL, one in a
    hundred was told 'locked' at once, whatever its busy timeout. The lock is on the folder, since
    closing a second handle of the file itself would drop SQLite's locks on it (POSIX), and a lock
    file would stay behind.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise StoreUnavailableError(f"{folder}: cannot be read: check its permissions") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _checked_version(db: sqlite3.Connection, path: Path, newest: int) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    owner = db.execute("PRAGMA application_id").fetchone()[0]
    is_empty = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if owner != APPLICATION_ID and not (is_empty and version == 0):
        raise StoreCorruptError(f"{path}: is another program's database: name another file")
    if version > newest:
        raise StoreVersionError(
            f"{path}: schema {version} is from a newer Feedmill (this one knows {newest}): upgrade Feedmill"
        )
    return version
