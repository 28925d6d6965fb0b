"""The copy that `feedmill reindex start` begins: done here, or left to the workers of a shared broker."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING

from worker.cli.output import CLOCK, say, settings
from worker.cli.progress import watching_copy
from worker.cli.rebuilt import plan_of, results_line
from worker.errors import OperationError, UsageError
from worker.reindex import control

if TYPE_CHECKING:
    from worker.models import Rebuild
    from worker.ops.crew import Crew
    from worker.reindex.control import Asked
    from worker.settings import Settings
    from worker.store.base import Store


def refuse_to_detach(configured: Settings) -> None:
    """Raise UsageError where no other process could go on with the copy."""
    if configured.is_embedded or configured.sqlite_path:
        raise UsageError(
            "--detach leaves the copy to `feedmill worker`, which needs a Redis (FEEDMILL_BROKER_URL) and an "
            "Elasticsearch (FEEDMILL_STORE_URL): without it the copy is done here"
        )


def copy_here(store: Store, asked: Asked) -> None:
    """Copy until it is done or stopped, together with whoever else does, and show how far all have come.

    Raises:
        UsageError, OperationError: it can't be begun, or was not finished.
    """
    from worker.mill import open_pool
    from worker.reindex.alone import beside_others
    from worker.reindex.bench import Bench
    from worker.reindex.crew import run_copy
    from worker.reindex.pages import arrival_s, open_pages, readers_of
    from worker.signals import stop_signals
    from worker.store.outage import Outage

    configured = settings()
    _refuse_without_pages(configured, store, asked)
    with closing(open_pool(configured)) as pool:
        rebuild = _begun(store, asked)
        bench = Bench(
            store=store,
            pool=pool,
            read_page=open_pages(configured, CLOCK),
            clock=CLOCK,
            stopping=threading.Event(),
            readers=readers_of(configured),
            upload_s=arrival_s(configured),
            met=Outage(CLOCK).met,
        )
        with (
            beside_others(store, configured.sqlite_path),
            stop_signals(bench.stopping.set),
            watching_copy() as watch,
        ):
            done = run_copy(
                bench,
                rebuild,
                configured.extract_processes + 1,
                lambda: watch(control.progress(store, CLOCK.now())),
            )
    now = control.progress(store, CLOCK.now())
    say(f"{now.seen:,} documents: {results_line(now.results)}")
    if not done:
        raise OperationError(
            f"the copy is not finished: {now.rebuild.phase.value}; see `feedmill reindex status`"
        )
    say("`feedmill reindex diff` shows what would change, `feedmill reindex promote` puts it in place.")


def leave_to_workers(store: Store, asked: Asked) -> None:
    """Begin a rebuild, and say who goes on with it.

    Raises:
        UsageError, OperationError: it can't be begun.
    """
    from worker.ops.crew import find_crew
    from worker.tagging import use_own_tags

    configured = settings()
    _refuse_without_pages(configured, store, asked)
    use_own_tags(configured)
    _begun(store, asked)
    crew = find_crew(configured)
    if crew:
        say(_who_helps(crew))


def _refuse_without_pages(configured: Settings, store: Store, asked: Asked) -> None:
    from worker.ops.archive import readable_folder

    if not control.needs_pages(store, asked):
        return
    if configured.archive_folder is None:
        raise UsageError("no pages are kept (FEEDMILL_ARCHIVE_URL is off): --from index")
    readable_folder(configured)


def _begun(store: Store, asked: Asked) -> Rebuild:
    rebuild = control.start(store, CLOCK, asked)
    say(f"{rebuild.from_version} → {rebuild.to_version}, {plan_of(rebuild)}")
    return rebuild


def _who_helps(crew: Crew) -> str:
    if crew.away:
        return f"No worker can take part now: {crew.away}"
    if not crew.helpers:
        return (
            "No worker takes part yet: start `feedmill beat` and `feedmill worker` (with the queue rebuild)."
        )
    return f"Workers that take part: {crew.helpers}. `feedmill reindex status` says how far they have come."
