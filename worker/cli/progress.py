"""The progress of a run: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from worker.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worker.mill import Mill

PLAIN_EVERY_S = 5.0


@contextmanager
def watching(label: str) -> Iterator[Callable[[Mill], None]]:
    """Yield a function that shows how many of the entries seen so far are done."""
    screen = Console(stderr=True)
    if screen.is_terminal:
        with _bar(screen, label) as show:
            yield show
    else:
        yield _plain(screen, label)


@contextmanager
def _bar(screen: Console, label: str) -> Iterator[Callable[[Mill], None]]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=screen, transient=True) as progress:
        task = progress.add_task(label, total=None)

        def show(mill: Mill) -> None:
            done, seen = done_and_seen(mill)
            progress.update(task, completed=done, total=seen or None)

        yield show


def _plain(screen: Console, label: str) -> Callable[[Mill], None]:
    clock = Clock()
    last = clock.monotonic()

    def show(mill: Mill) -> None:
        nonlocal last
        if clock.monotonic() - last >= PLAIN_EVERY_S:
            last = clock.monotonic()
            done, seen = done_and_seen(mill)
            screen.print(f"{label}: {done} of {seen} entries done", markup=False, highlight=False)

    return show


def done_and_seen(mill: Mill) -> tuple[int, int]:
    """Return how many entries have an outcome, and how many there are."""
    counts = mill.store.entries.counts()
    seen = sum(counts.values())
    return seen - counts.get("pending", 0), seen
