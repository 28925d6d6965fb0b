"""How the deletion of old archive files is shown."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from worker.archive.retention import GB, Hold
from worker.cli.output import say, table
from worker.ops.text import counted, when

if TYPE_CHECKING:
    from worker.archive.retention import Limits, Plan


def say_plan(plan: Plan, limits: Limits, deleted: int | None) -> None:
    """Print what goes, or is gone (`deleted` of it), and what stays though it is beyond the limits."""
    if plan.going:
        table(("file", "begun", "bytes"), ((f.name, when(f.begun_at), f"{f.size:,}") for f in plan.going))
    held = Counter(hold for _, hold in plan.held)
    for hold, count in held.items():
        told = " (--even-referenced deletes them, too)" if hold is Hold.NEEDED else ""
        say(f"{count:,} more stay: {hold.value}{told}")
    left = plan.size - plan.freed
    if limits.max_bytes is not None and left > limits.max_bytes:
        say(f"{_gb(left)} are left, more than {_gb(limits.max_bytes)}")
    say(_result(plan, deleted))


def _result(plan: Plan, deleted: int | None) -> str:
    size = f"{_gb(plan.freed)} of {_gb(plan.size)}"
    if not plan.going:
        return "nothing to delete"
    if deleted is None:
        return f"{counted(len(plan.going), 'file')}, {size}, would be deleted: --yes does it"
    return f"{counted(deleted, 'file')}, {size}, deleted"


def _gb(size: int) -> str:
    return f"{size / GB:,.3f} GB"
