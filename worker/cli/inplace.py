"""`feedmill retag` and `refetch`: small repairs in the live index."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.output import CLOCK, opened_store, say, settings, table
from worker.cli.selecting import (
    Country,
    Domain,
    Language,
    OfFeed,
    Since,
    Topic,
    Until,
    Where,
    selection_of,
)
from worker.errors import OperationError, UsageError
from worker.ops.text import counted, when

if TYPE_CHECKING:
    from worker.models import Document

_SHOWN = 10
"""Articles that a dry run names."""


def retag(  # noqa: PLR0917 - one parameter per option of the command
    where: Where = None,
    country: Country = None,
    topic: Topic = None,
    language: Language = None,
    domain: Domain = None,
    feed: OfFeed = None,
    since: Since = None,
    until: Until = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also articles that have the present tagger's tags.")
    ] = False,
) -> None:
    """Give articles that an older tagger tagged today's language, countries and topics, where they are.

    For small sets, after a fix in the gazetteer, say; `feedmill reindex` shows first what would change. An
    article that is written meanwhile is left alone. Stopped or killed, begin it again: what is done is passed
    over.
    """
    selection = selection_of(
        where,
        country=country,
        topic=topic,
        language=language,
        domain=domain,
        feed=feed,
        since=since,
        until=until,
    )
    from worker.cli.progress import counting
    from worker.cli.rebuilt import results_line
    from worker.mill import open_pool
    from worker.reindex.bench import Bench
    from worker.reindex.inplace import retag as retag_in_place
    from worker.reindex.pages import no_page
    from worker.signals import stop_signals

    stopping = threading.Event()
    with opened_store() as store, closing(open_pool(settings())) as pool:
        bench = Bench(store=store, pool=pool, read_page=no_page, clock=CLOCK, stopping=stopping)
        with stop_signals(stopping.set), counting("looked at", store.articles.count()) as watch:
            counts = retag_in_place(bench, selection if everything else {**selection, "stale": True}, watch)
    say(results_line(counts))
    if stopping.is_set():
        raise OperationError("stopped before the end: begin it again, what is done is passed over")


def refetch(  # noqa: PLR0917 - one parameter per option of the command
    where: Where = None,
    country: Country = None,
    topic: Topic = None,
    language: Language = None,
    domain: Domain = None,
    feed: OfFeed = None,
    since: Since = None,
    until: Until = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without, only say what would be fetched.")
    ] = False,
) -> None:
    """Make the entries behind articles due again, so that their pages are fetched anew.

    Pages that have changed become revisions. Entries without an article: `feedmill dead retry`.
    """
    selection = selection_of(
        where,
        country=country,
        topic=topic,
        language=language,
        domain=domain,
        feed=feed,
        since=since,
        until=until,
    )
    if not selection:
        raise UsageError("say which: --where, --domain, --feed, --since or another option")
    from worker.cli.progress import counting
    from worker.reindex.inplace import find_entries

    with opened_store() as store:
        with counting("looked at", store.articles.count()) as watch:
            found = dict(find_entries(store, selection, watch))
        if yes:
            count = store.entries.retry(list(found), CLOCK.now())
            say(f"{counted(count, 'entry')} will be fetched again")
            return
    _say_found(found)


def _say_found(found: dict[str, Document]) -> None:
    table(
        ("published", "site", "title", "link"),
        (
            (when(each.published_at), each.domain, each.title, each.url)
            for each in list(found.values())[:_SHOWN]
        ),
    )
    say(f"{counted(len(found), 'entry')} would be fetched again: `--yes` does it.")
