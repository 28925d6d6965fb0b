"""Deleting what the archive need not keep any more: by the operator's word, or every hour by the settings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from worker.archive.files import OPEN, archive_errors, sync_folder
from worker.archive.retention import GB, Kept, Limits, Plan, begun_at, plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from worker.archive.files import Folder
    from worker.settings import Settings
    from worker.store.base import Store

log = structlog.get_logger()


def limits_of(settings: Settings) -> Limits:
    """Return what the settings say."""
    days = settings.archive_keep_days
    return limits(None if days is None else timedelta(days=days), settings.archive_max_gb)


def limits(older_than: timedelta | None, max_gb: float | None) -> Limits:
    """Return limits as people say them."""
    return Limits(older_than=older_than, max_bytes=None if max_gb is None else round(max_gb * GB))


def plan_prune(folder: Folder, store: Store, wanted: Limits, now: datetime, *, even_referenced: bool) -> Plan:
    """Return what would go. The store is asked what is pointed to only where that decides anything.

    Raises:
        ArchiveUnavailableError: the object store is away.
    """
    files = list(_files(folder, now))
    unasked = plan(files, wanted, (), now)
    if even_referenced or not unasked.going:
        return unasked
    return plan(files, wanted, {*store.versions.files(), *store.entries.files()}, now)


def prune(folder: Folder, going: Plan) -> int:
    """Delete what is to go; return how many files did.

    Raises:
        ArchiveUnavailableError: the folder cannot be written, or the object store refuses or is away.
    """
    if folder.bucket:
        return folder.bucket.delete([file.name for file in going.going])
    with archive_errors(folder.path):
        deleted = sum(_delete(folder.path / file.name) for file in going.going)
        sync_folder(folder.path)
    return deleted


def _delete(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:  # another worker was faster
        return False
    return True


def prune_by_settings(folder: Folder, store: Store, settings: Settings, now: datetime) -> None:
    """Delete what the settings don't keep, with a line in the log."""
    wanted = limits_of(settings)
    if not wanted.are_any:
        return
    going = plan_prune(folder, store, wanted, now, even_referenced=False)
    if going.going:
        log.info("pruned archive", files=prune(folder, going), freed_bytes=going.freed)


def _files(folder: Folder, now: datetime) -> Iterator[Kept]:
    for path in folder.files():
        try:
            found = path.stat()
        except FileNotFoundError:  # it was closed or deleted just now
            continue
        written_at = datetime.fromtimestamp(found.st_mtime, UTC)
        name = path.name.removesuffix(OPEN)
        yield Kept(
            name=name,
            begun_at=begun_at(name, written_at),
            written_at=written_at,
            size=found.st_size,
            is_open=path.name != name,
            is_spooled=folder.bucket is not None,
        )
    for name, there in folder.bucket.files().items() if folder.bucket else ():
        # Of an unknown age it is taken for new, and stays.
        written_at = there.written_at or now
        yield Kept(name=name, begun_at=begun_at(name, written_at), written_at=written_at, size=there.size)
