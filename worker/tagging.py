"""The folder of an operator's own tags: read once, when a process starts, and put in force for it.

Its children are told the same (`WorkerPool`'s `set_up`), so that every text is tagged alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from worker.enrich.own import NOTHING_OWN, OwnTags, install
from worker.errors import OwnTagsError

if TYPE_CHECKING:
    from pathlib import Path

    from worker.settings import Settings

log = structlog.get_logger()


def use_own_tags(settings: Settings) -> OwnTags:
    """Return what the folder says, if one is set, and tag with it in this process from now on.

    Raises:
        OwnTagsError: with everything that is wrong with its files.
    """
    own = read_folder(settings.tags_dir.expanduser()) if settings.tags_dir else NOTHING_OWN
    install(own)
    return own


def say_own_tags(settings: Settings, own: OwnTags) -> None:
    """Log what was read from which files, if a folder is set."""
    if settings.tags_dir:
        read, ignored = _files(settings.tags_dir.expanduser())
        log.info(
            "own tags",
            topics=len(own.topics),
            places=len(own.places),
            digest=own.digest,
            files=[file.name for file in read],
            ignored=ignored,
        )


def read_folder(folder: Path) -> OwnTags:
    """Return what the files of a folder say, if they are all right.

    Raises:
        OwnTagsError: with everything that is wrong with them, or why they can't be read.
    """
    from worker.enrich.own.read import read_own  # noqa: PLC0415 - 90 ms that nobody without a folder need pay

    contents, mistakes = {}, []
    for file in _files(folder)[0]:
        try:
            contents[file.name] = file.read_bytes()
        except OSError as error:
            mistakes.append(f"{file.name}: {error.strerror}")
    if mistakes:
        raise OwnTagsError(tuple(mistakes))
    return read_own(contents)


def _files(folder: Path) -> tuple[list[Path], list[str]]:
    """Return the files to be read, and the names of what else is there.

    Raises:
        OwnTagsError: there is no such folder, or it may not be looked into.
    """
    from worker.enrich.own.read import is_ignored  # noqa: PLC0415 - as above

    try:
        found = sorted(folder.iterdir())
    except OSError as error:
        raise OwnTagsError((f"FEEDMILL_TAGS_DIR: {folder}: {error.strerror}",)) from error
    read = [path for path in found if (path.is_file() or path.is_symlink()) and not is_ignored(path.name)]
    return read, [path.name for path in found if path not in read]
