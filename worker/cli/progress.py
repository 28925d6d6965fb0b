"""The progress of a run: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, ParamSpec

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from worker.cli.rebuilt import progress_line
from worker.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worker.mill import Mill
    from worker.reindex.control import Progress as CopyProgress

PLAIN_EVERY_S = 5.0
_BEGIN = (SpinnerColumn(), TextColumn("{task.description}"))

Now = ParamSpec("Now")


@contextmanager
def watching(label: str) -> Iterator[Callable[[Mill], None]]:
    """Yield a function that shows how many of the entries seen so far are done."""
    screen = Console(stderr=True)
    if not screen.is_terminal:
        yield plainly(screen, lambda mill: "{}: {} of {} entries done".format(label, *done_and_seen(mill)))
        return
    columns = (*_BEGIN, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True) as bars:
        bar = bars.add_task(label, total=None)

        def show(mill: Mill) -> None:
            done, seen = done_and_seen(mill)
            bars.update(bar, completed=done, total=seen or None)

        yield show


@contextmanager
def watching_copy() -> Iterator[Callable[[CopyProgress], None]]:
    """Yield a function that shows how far a rebuild has come, how fast, and how long the rest takes."""
    screen = Console(stderr=True)
    if not screen.is_terminal:
        yield plainly(screen, lambda now: f"copying: {progress_line(now)}")
        return
    columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=screen, transient=True) as bars:
        bar = bars.add_task("", total=None)

        def show(now: CopyProgress) -> None:
            total = max(now.rebuild.total, now.seen)
            bars.update(bar, completed=now.seen, total=total or None, description=progress_line(now))

        yield show


@contextmanager
def counting(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function that shows how many of about `total` things are done."""
    screen = Console(stderr=True)
    if not screen.is_terminal:
        yield plainly(screen, lambda done: f"{label}: {done:,} of {total:,}")
        return
    with Progress(*_BEGIN, BarColumn(), MofNCompleteColumn(), console=screen, transient=True) as bars:
        bar = bars.add_task(label, total=total)
        yield lambda done: bars.update(bar, completed=done, total=max(done, total))


def plainly(screen: Console, told: Callable[Now, str]) -> Callable[Now, None]:
    """Return a function that prints now and then what `told` makes of its arguments, as a line."""
    clock = Clock()
    last = clock.monotonic()

    def show(*now: Now.args, **more: Now.kwargs) -> None:
        nonlocal last
        if clock.monotonic() - last >= PLAIN_EVERY_S:
            last = clock.monotonic()
            screen.print(told(*now, **more), markup=False, highlight=False)

    return show


def done_and_seen(mill: Mill) -> tuple[int, int]:
    """Return how many entries have an outcome, and how many there are."""
    counts = mill.store.entries.counts()
    seen = sum(counts.values())
    return seen - counts.get("pending", 0), seen
