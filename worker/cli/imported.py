"""How the import of WARC files is shown while it goes on, and what it came to."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from worker.cli.output import say_error
from worker.cli.progress import plainly
from worker.ops.imports import Watch
from worker.ops.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from worker.archive.reading import Unread
    from worker.imports.tally import Tally


@contextmanager
def watching_import(unreadable: Callable[[str], object]) -> Iterator[Watch]:
    """Yield who is told of an import's progress and of records that are broken, on stderr."""
    screen = Console(stderr=True)
    if not screen.is_terminal:
        yield Watch(progress=plainly(screen, _told), broken=_say_broken, unreadable=unreadable)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
    with Progress(*columns, TimeRemainingColumn(), console=screen, transient=True) as bars:
        bar = bars.add_task("", total=None)

        def show(path: Path, done: int, size: int) -> None:
            bars.update(bar, description=path.name, completed=done, total=size)

        yield Watch(progress=show, broken=_say_broken, unreadable=unreadable)


def summary(tally: Tally) -> str:
    """Return in a line what came of everything in the files."""
    said = [_counted(tally.ended, "nothing new", tally.reasons)]
    said += [f"{tally.known:,} known already"] if tally.known else []
    said += [f"{tally.waiting:,} left to the service, which is about to fetch them"] if tally.waiting else []
    said += [f"passed over: {_counted(tally.passed_over)}"] if tally.passed_over else []
    said += [counted(tally.broken, "broken record")] if tally.broken else []
    return f"{counted(tally.pages, 'page')}: {'; '.join(said)}"


def tally_record(tally: Tally) -> dict[str, Any]:
    """Return the counts as JSON says them."""
    return {"pages": tally.pages, **{each.name: getattr(tally, each.name) for each in fields(tally)}}


def _counted(counts: Mapping[str, int], nothing: str = "", reasons: Mapping[str, int] | None = None) -> str:
    said = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items(), key=lambda each: -each[1]))
    return f"{said or nothing} ({_counted(reasons)})" if reasons else said or nothing


def _told(path: Path, done: int, size: int) -> str:
    return f"{path.name}: {done / 1e6:,.1f} of {size / 1e6:,.1f} MB"


def _say_broken(path: Path, unread: Unread) -> None:
    error = unread.error
    where = f" {error.url}" if error.url else ""
    say_error(f"{path}: {error.reason} at {unread.offset}:{where} {error.detail}")
