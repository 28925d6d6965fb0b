"""`feedmill dead …`: entries that ended without an article."""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.output import CLOCK, opened_store, say, say_json, table
from worker.errors import UsageError
from worker.ops.subscriptions import find_feed
from worker.ops.text import counted, when

app = typer.Typer(help="List or retry entries that were rejected or given up.", no_args_is_help=True)

Reason = Annotated[str | None, typer.Option(help="Only this reason, as `feedmill status` names it.")]
OfFeed = Annotated[str | None, typer.Option(help="Only entries of this feed (URL or id).")]
Limit = Annotated[int, typer.Option(min=1, help="Most entries.")]


@app.command("list")
def list_dead(
    reason: Reason = None,
    feed: OfFeed = None,
    limit: Limit = 50,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """List rejected and given-up entries, latest first."""
    with opened_store() as store:
        feed_id = find_feed(store, feed).feed_id if feed else None
        rows = store.entries.dead(reason=reason, feed_id=feed_id, limit=limit)
    if json:
        for row in rows:
            say_json(row)
        return
    columns = ("ended", "outcome", "reason", "seen", "HTTP", "title", "link", "entry")
    table(
        columns,
        (
            (
                when(row.done_at),
                str(row.outcome),
                row.reason or "-",
                row.detail or "-",
                str(row.http_status or "-"),
                row.entry.title or "-",
                row.entry.url or "-",
                row.entry.entry_id,
            )
            for row in rows
        ),
    )


@app.command()
def retry(
    entries: Annotated[list[str] | None, typer.Argument(metavar="ENTRY_ID…")] = None,
    reason: Reason = None,
    feed: OfFeed = None,
    all_dead: Annotated[bool, typer.Option("--all", help="Every rejected or given-up entry.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Let them in whatever the quality gate says of their text.")
    ] = False,
    limit: Limit = 10_000,
) -> None:
    """Put entries back to work.

    With --force they pass the quality gate for good: `feedmill explain URL` tells why an entry was rejected.
    """
    if not (entries or reason or feed or all_dead):
        raise UsageError("say which: entry ids, --reason, --feed or --all")
    with opened_store() as store:
        if not entries:
            feed_id = find_feed(store, feed).feed_id if feed else None
            entries = [
                row.entry.entry_id for row in store.entries.dead(reason=reason, feed_id=feed_id, limit=limit)
            ]
        put_back = store.entries.admit_anyway if force else store.entries.retry
        count = put_back(entries, CLOCK.now())
    say(f"{counted(count, 'entry')} will be tried again")
