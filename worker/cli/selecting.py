"""The options by which commands choose articles, as they are kept: what was said, with ages as times."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from worker.cli.output import CLOCK
from worker.store.query import make_request

Where = Annotated[str | None, typer.Option(help="Only what this query finds, as in `search`.")]
Country = Annotated[str | None, typer.Option(help="Only articles about this country.")]
Topic = Annotated[str | None, typer.Option(help="Only articles about this topic.")]
Language = Annotated[str | None, typer.Option(help="Only this language.")]
Domain = Annotated[str | None, typer.Option(help="Only this site.")]
OfFeed = Annotated[str | None, typer.Option(help="Only this feed (URL or id).")]
Since = Annotated[str | None, typer.Option(help="Published from: 2026-11-01, or 7d ago.")]
Until = Annotated[str | None, typer.Option(help="Published until, in the same forms.")]


def selection_of(where: str | None, **options: str | None) -> dict[str, Any]:
    """Return the search options that were given; "7d" is turned into a time, so that it means the same later.

    Raises:
        UsageError: one of them can never match.
    """
    said = {name: value for name, value in options.items() if value}
    request = make_request(where or "", now=CLOCK.now(), **said)  # type: ignore[arg-type]
    times = {name: time.isoformat() for name in ("since", "until") if (time := getattr(request, name))}
    return {**({"query": where} if where else {}), **said, **times}
