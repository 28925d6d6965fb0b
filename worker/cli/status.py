"""`feedmill status`: the service at a glance."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from worker.cli.output import CLOCK, opened_store, pairs, say, say_json, settings
from worker.ops.crew import find_crew
from worker.ops.text import counted, one_line, when
from worker.tagging import use_own_tags

if TYPE_CHECKING:
    from datetime import datetime

    from worker.ops.archive import ArchiveSize
    from worker.ops.crew import Crew
    from worker.ops.status import Status


def status(json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Show feeds, entries by outcome, what waits, and what fails."""
    from worker.ops.archive import size_of
    from worker.ops.status import collect_status

    now = CLOCK.now()
    configured = settings()
    use_own_tags(configured)  # they are part of what the present tagger is
    crew, archive = find_crew(configured), size_of(configured)
    with opened_store() as store:
        collected = collect_status(store, now)
    if json:
        said = {"seen": collected.seen, "crew": asdict(crew) if crew else None}
        said["archive"] = asdict(archive) if archive else None
        say_json({**asdict(collected), **said})
        return
    pairs([*status_lines(collected, now), archive_line(archive), *(crew_lines(crew) if crew else [])])
    for each in collected.troubled:
        trouble, name = each.problem.trouble.value, one_line(each.feed.title or each.feed.url)
        say(Text(f"  {trouble}: {name}: {one_line(each.problem.said)}", style="red"))


def status_lines(status: Status, now: datetime) -> list[tuple[str, str]]:
    """Return the status as (heading, sentence) pairs."""
    overdue = f", {status.overdue_feeds} overdue: is the service running?" if status.overdue_feeds else ""
    next_poll = "none"
    if status.next_poll_at:
        next_poll = "now" if status.next_poll_at <= now else when(status.next_poll_at)
    older = f", {status.stale:,} of them made by another extractor or tagger than the present one"
    stale = older if status.stale else ""
    told = [
        ("feeds", _counts(status.feeds, always=("active",))),
        ("problems", _counts(status.problems, always=()) or "none"),
        ("next poll", next_poll + overdue),
        ("articles", f"{status.articles:,}{stale}"),
        ("entries", f"{status.seen:,} seen = {_counts(status.entries, always=('indexed', 'pending'))}"),
    ]
    if waiting := _counts(status.waiting, always=()):
        told.append(("pending", waiting))
    told += [(outcome, f"{rows:,} {reason}") for outcome, reason, rows in status.reasons]
    return told


def archive_line(archive: ArchiveSize | None) -> tuple[str, str]:
    """Return how large the archive is, or how much of it waits in the spool, as heading and sentence."""
    if archive is None:
        return "archive", "off"
    being_written = f", {archive.open:,} open" if archive.open else ""
    said = f"{counted(archive.files, 'file')}, {archive.size / 1e6:,.1f} MB{being_written}"
    return "archive", f"{archive.bucket}; in the spool here {said}" if archive.bucket else said


def crew_lines(crew: Crew) -> list[tuple[str, str]]:
    """Return who is at work, as (heading, sentence) pairs."""
    if crew.away:
        return [("broker", crew.away)]
    waiting = _counts(crew.queues or {}, always=()) or "nothing"
    at_work = f"{crew.workers:,} with {crew.threads:,} threads" if crew.workers else "none"
    return [("workers", at_work), ("queued", waiting)]


def _counts(counts: dict[str, int], always: tuple[str, ...]) -> str:
    return ", ".join(f"{rows:,} {name}" for name, rows in counts.items() if rows or name in always)
