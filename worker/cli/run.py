"""`feedmill run`: the whole service in one process."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.feeds import import_into
from worker.cli.output import say, settings
from worker.errors import OperationError
from worker.ops.logs import configure_logs
from worker.ops.text import counted

if TYPE_CHECKING:
    from worker.mill import Mill
    from worker.service import RunResult


def run(
    feeds: Annotated[
        Path | None, typer.Option(help="Import this OPML or text file first.", exists=False, dir_okay=False)
    ] = None,
    until_idle: Annotated[
        bool, typer.Option(help="Poll every feed once, finish the work, and exit.")
    ] = False,
) -> None:
    """Poll, fetch, extract and index until stopped."""
    from worker.cli.progress import watching
    from worker.service import run_service

    configured = settings()
    configure_logs(configured)

    def on_start(mill: Mill) -> None:
        if feeds:
            say(import_into(mill.store, feeds))
        if not any(True for _ in mill.store.feeds.all()):
            say("No feeds are followed yet: `feedmill feeds add URL`, or `feedmill run --feeds FILE`.")

    with watching("ingesting") if until_idle else nullcontext(lambda _: None) as watch:
        result = run_service(configured, until_idle=until_idle, on_start=on_start, watch=watch)
    say(summary(result))
    if result.unwritten:
        raise OperationError(f"{result.unwritten} results could not be written; their entries stay pending")


def summary(result: RunResult) -> str:
    """Return the last line of a run: every entry ever seen, by outcome."""
    counts = {kind: rows for kind, rows in result.counts.items() if rows}
    told = ", ".join(f"{rows:,} {kind}" for kind, rows in counts.items()) or "nothing"
    retrying = (
        f" ({result.waiting_for_retry:,} of the pending wait for a retry)" if result.waiting_for_retry else ""
    )
    return f"{counted(sum(counts.values()), 'entry')} seen: {told}{retrying}"
