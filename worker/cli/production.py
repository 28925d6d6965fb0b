"""`feedmill worker` and `feedmill beat`: the processes of a deployment with a shared broker."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.output import CLOCK, say, settings
from worker.errors import OperationError, UsageError
from worker.models import QUEUES
from worker.ops.logs import configure_logs
from worker.tagging import use_own_tags

if TYPE_CHECKING:
    from worker.progress import Progress
    from worker.settings import Settings

Check = Annotated[
    bool, typer.Option("--check", help="Say how those on this machine get on; exit 1 if one does not.")
]


def worker(
    queues: Annotated[
        str, typer.Option(help="Queues to work on, so that they can be scaled apart.")
    ] = ",".join(QUEUES),
    check: Check = False,
) -> None:
    """Production: do the work that beat calls for, until stopped."""
    _run("worker", _chosen(queues), check=check)


def beat(check: Check = False) -> None:
    """Production: send the ticks, until stopped."""
    _run("beat", [], check=check)


def _run(kind: str, arguments: list[str], *, check: bool) -> None:
    configured = settings()
    if check:
        _check(configured, kind)
        return
    _refuse_one_process_parts(configured)
    if kind == "worker":
        use_own_tags(configured)  # here, where a mistake is the end: a child would be started again and again
    configure_logs(configured)
    from worker.progress import attempt_limit_s, note_of
    from worker.supervisor import Supervisor

    with note_of(configured.run_dir, kind) as note:
        command = [sys.executable, "-m", "worker.child", kind, str(note), *arguments]
        Supervisor(command, note, attempt_limit_s(configured), CLOCK).run()


def _chosen(queues: str) -> list[str]:
    chosen = queues.replace(",", " ").split()
    if not chosen or set(chosen) - set(QUEUES):
        raise UsageError(f"--queues {queues}: choose from {', '.join(QUEUES)}")
    return chosen


def _refuse_one_process_parts(configured: Settings) -> None:
    """What lives in one process can't be shared.

    Raises:
        UsageError: broker or store is of that kind.
    """
    if configured.is_embedded:
        raise UsageError(
            "memory:// lives in one process: use `feedmill run`, or set FEEDMILL_BROKER_URL to a Redis"
        )
    if configured.sqlite_path:
        raise UsageError(
            "SQLite serves one service: use `feedmill run`, or set FEEDMILL_STORE_URL to an Elasticsearch"
        )


def _check(configured: Settings, kind: str) -> None:
    """Print one line per process of this kind.

    Raises:
        OperationError: there is none, or one does not get on.
    """
    from worker.progress import attempt_limit_s, find_note, live_notes, problem

    now = CLOCK.now().timestamp()
    wrong = []
    notes = {pid: find_note(path) for pid, path in live_notes(configured.run_dir, kind).items()}
    for pid, note in notes.items():
        trouble = problem(note, now, attempt_limit_s(configured)) if note else "no note yet"
        say(f"{kind} {pid}: {trouble or (note and told(note, now))}")
        wrong += [str(pid)] if trouble else []
    if not notes:
        raise OperationError(f"no {kind} runs here (looked in {configured.run_dir})")
    if wrong:
        raise OperationError(f"{kind} {', '.join(wrong)} does not get on")


def told(note: Progress, now: float) -> str:
    """Return how a process gets on, where it does."""
    age_s = now - note.at
    return f"{note.ended:,} tasks done, {note.running} running, {note.waiting} waiting, {age_s:.1f} s ago"
