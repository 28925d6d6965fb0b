"""`feedmill reindex …`: the article index built anew beside the live one, compared, swapped in and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.output import CLOCK, opened_store, say, say_json, settings
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
from worker.models import Phase
from worker.reindex.steps import Source, Step

if TYPE_CHECKING:
    from worker.reindex.diff import Limits, Report
    from worker.store.base import Store

app = typer.Typer(
    help="Build the article index anew beside the live one, compare, swap, and swap back.",
    no_args_is_help=True,
)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]
MaxLost = Annotated[str, typer.Option(help="Most documents that may be missing: 0.1%, or `any`.")]
MaxShorter = Annotated[str, typer.Option(help="Most bodies cut by more than a tenth.")]
MaxTitles = Annotated[str, typer.Option(help="Most titles changed.")]
MaxCountries = Annotated[str, typer.Option(help="Most documents with other countries.")]
MaxTopics = Annotated[str, typer.Option(help="Most documents with other topics.")]
_PROMOTE_SAMPLE = 10_000


@app.command()
def start(  # noqa: PLR0917 - one parameter per option of the command
    source: Annotated[
        Source, typer.Option("--from", help="Archived pages, or the text that the index has.")
    ] = Source.ARCHIVE,
    only: Annotated[Step | None, typer.Option(help="This step alone; mapping copies texts and tags.")] = None,
    stale: Annotated[
        bool, typer.Option("--stale", help="Only what another extractor or tagger made than this one.")
    ] = False,
    where: Where = None,
    country: Country = None,
    topic: Topic = None,
    language: Language = None,
    domain: Domain = None,
    feed: OfFeed = None,
    since: Since = None,
    until: Until = None,
    rate: Annotated[float | None, typer.Option(min=0.1, help="Most documents a second, in all.")] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Begin it and return: workers on the same Redis do the copy.")
    ] = False,
) -> None:
    """Make a new version of the article index, or go on with the one that is being made.

    Ingestion goes on meanwhile and reaches both versions. Documents outside the selection are copied as they
    are. Ctrl-C stops after the page at hand; so does a kill, and the next start goes on. Workers on the same
    Redis take part by themselves.
    """
    selection = {"stale": True} if stale else {}
    selection |= selection_of(
        where,
        country=country,
        topic=topic,
        language=language,
        domain=domain,
        feed=feed,
        since=since,
        until=until,
    )
    from worker.cli.copying import copy_here, leave_to_workers, refuse_to_detach
    from worker.reindex.control import Asked

    asked = Asked(source=source, only=only, selection=selection, rate=rate)
    if detach:
        refuse_to_detach(settings())
    with opened_store() as store:
        (leave_to_workers if detach else copy_here)(store, asked)


@app.command()
def status(json: AsJson = False) -> None:
    """Say how far the latest rebuild has come, and what can be done next."""
    from worker.cli.rebuilt import progress_record, say_progress
    from worker.reindex import control

    with opened_store() as store:
        now = control.progress(store, CLOCK.now())
    if json:
        say_json(progress_record(now))
    else:
        say_progress(now)


@app.command()
def diff(
    sample: Annotated[
        int | None, typer.Option(min=1, help="Compare about so many documents, not all.")
    ] = None,
    max_lost: MaxLost = "any",
    max_shorter: MaxShorter = "any",
    max_titles: MaxTitles = "any",
    max_countries: MaxCountries = "any",
    max_topics: MaxTopics = "any",
    json: AsJson = False,
) -> None:
    """Show what the rebuilt index changes, before anyone sees it; exit 1 where a limit is broken."""
    from worker.cli.rebuilt import report_record, say_report
    from worker.reindex.diff import exceeded

    limits = _limits(max_lost, max_shorter, max_titles, max_countries, max_topics)
    with opened_store() as store:
        report, results = _compared(store, sample)
    broken = exceeded(report, limits)
    if json:
        say_json(report_record(report, results, broken))
    else:
        say_report(report, results)
    if broken:
        raise OperationError("; ".join(broken))


@app.command()
def promote(
    max_lost: MaxLost = "0.1%",
    max_shorter: MaxShorter = "any",
    max_titles: MaxTitles = "any",
    max_countries: MaxCountries = "any",
    max_topics: MaxTopics = "any",
    sample: Annotated[
        int, typer.Option(min=1, help="Documents that are compared for the limits.")
    ] = _PROMOTE_SAMPLE,
    force: Annotated[bool, typer.Option("--force", help="Whatever the limits say.")] = False,
) -> None:
    """Let the rebuilt index be the one that is searched, at one moment; the one before stays up to date."""
    from worker.reindex import control
    from worker.reindex.diff import exceeded

    limits = _limits(max_lost, max_shorter, max_titles, max_countries, max_topics)
    with opened_store() as store:
        if not force and control.latest_of(store).phase is Phase.COPIED:
            report, _ = _compared(store, sample)
            if broken := exceeded(report, limits):
                raise OperationError(f"{'; '.join(broken)}: not promoted (--force does it all the same)")
        rebuild = control.promote(store)
    say(f"{rebuild.to_version} is searched now; `feedmill reindex rollback` takes it back.")


@app.command()
def rollback() -> None:
    """Let the version before be the one that is searched again: it has received every write since."""
    from worker.reindex import control

    with opened_store() as store:
        rebuild = control.rollback(store)
    say(f"{rebuild.from_version} is searched again; {rebuild.to_version} stays beside it.")


@app.command()
def cancel() -> None:
    """Give the rebuild up and delete its version; what is searched stays as it is."""
    from worker.reindex import control

    with opened_store() as store:
        dropped = control.cancel(store, CLOCK)
    say(f"{dropped} deleted" if dropped else "cancelled")


@app.command()
def clean(
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without, only say what would be deleted.")
    ] = False,
) -> None:
    """Delete the version that a promoted one took the place of: then there is no way back."""
    from worker.reindex import control

    with opened_store() as store:
        name = control.clean(store, CLOCK) if yes else control.droppable(store)
    if name is None:
        say("There is one version only: nothing to delete.")
    elif yes:
        say(f"{name} deleted")
    else:
        say(f"{name} would be deleted: `feedmill reindex clean --yes` does it.")


def _compared(store: Store, sample: int | None) -> tuple[Report, dict[str, int]]:
    from worker.cli.progress import counting
    from worker.reindex import control
    from worker.reindex.compare import compare

    rebuild = control.latest_of(store)
    with counting("compared", min(sample or rebuild.total, rebuild.total)) as watch:
        report = compare(store, sample, watch)
    return report, dict(rebuild.said)


def _limits(lost: str, shorter: str, titles: str, countries: str, topics: str) -> Limits:
    from worker.reindex.diff import Limits

    return Limits(
        lost=_share("--max-lost", lost),
        shorter=_share("--max-shorter", shorter),
        titles=_share("--max-titles", titles),
        countries=_share("--max-countries", countries),
        topics=_share("--max-topics", topics),
    )


def _share(option: str, text: str) -> float | None:
    """Return a share of 0 to 1 as it was typed: "0.1%", "0.001", "any"."""
    if text == "any":
        return None
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise UsageError(f"{option} {text}: must be a share such as 0.1%, or `any`")
    return number
