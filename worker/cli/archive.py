"""`feedmill archive …`: the WARC files with all that was fetched."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.output import CLOCK, opened_store, say, say_json, settings, table
from worker.errors import ArchiveUnavailableError, OperationError, UsageError
from worker.ops.text import counted, one_line, when

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker.archive.files import Folder
    from worker.ops.archive import ArchiveFile

app = typer.Typer(help="List, check, import or delete archived pages.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line, one for each file.")]


@app.command("list")
def list_archive(json: AsJson = False) -> None:
    """List the archive's files: records, pages among them, and from when these are."""
    from worker.ops.archive import folder_of, list_files

    files = list_files(folder_of(settings()))
    if json:
        for each in files:
            say_json(_record(each))
        return
    columns = ("file", "state", "bytes", "records", "pages", "first", "last")
    table(columns, (_cells(each) for each in files))


@app.command()
def verify(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE…", help="Paths, or names of the archive's files; all of them without."),
    ] = None,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="First close what killed workers left open."),
    ] = False,
    json: AsJson = False,
) -> None:
    """Read everything; say what is damaged, and exit 1 if anything is."""
    from worker.archive.files import Folder
    from worker.archive.recovery import recover
    from worker.ops.archive import check_files, folder_of

    is_off = settings().archive_folder is None
    folder = Folder(Path()) if files and is_off else folder_of(settings())
    if repair:
        recover(folder)
    paths, uploaded = _found(files, folder) if files else (folder.files(), None)
    damaged = _say_checked(check_files(folder, paths, uploaded), json=json)
    if damaged:
        raise OperationError(f"damaged at {counted(damaged, 'place')}")


@app.command("import")
def import_pages(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="WARC files, compressed or not, in any order.")
    ],
    name: Annotated[
        str, typer.Option(help="What the pages are listed under, as entries of a feed are.")
    ] = "imported pages",
    json: Annotated[bool, typer.Option("--json", help="One JSON object with all counts.")] = False,
) -> None:
    """Index the pages in WARC files that others wrote, such as Common Crawl's news.

    Each page ends in the ledger as if it had been fetched at its record's date, and is kept in the archive,
    so that the file is needed no more. What is known already, or newer, stays as it is: importing a file
    again changes nothing, or goes on where a killed import was. Nothing is ever fetched for it.
    """
    from worker.cli.imported import summary, tally_record, watching_import
    from worker.ops.imports import import_files, open_bench
    from worker.signals import stop_signals

    configured, stopping, unreadable = settings(), threading.Event(), list[str]()
    with (
        open_bench(configured, CLOCK, name, stopping) as bench,
        stop_signals(stopping.set),
        watching_import(unreadable.append) as watch,
    ):
        tally = import_files(bench, files, configured.archive_folder, watch)
    if json:
        say_json(tally_record(tally))
    else:
        say(one_line(summary(tally)))
    if stopping.is_set():
        unreadable.append("stopped: the same command goes on")
    if tally.bugs:
        unreadable.append(
            f"{counted(tally.bugs, 'page')} hit a bug, which the log has; the next import tries them again"
        )
    if unreadable:
        raise OperationError("; ".join(unreadable))


@app.command()
def prune(
    older_than: Annotated[
        str | None, typer.Option(help="Files begun so long ago: 90d (also h, w); by default the settings'.")
    ] = None,
    max_gb: Annotated[
        float | None, typer.Option(min=0, help="The oldest files of an archive larger than that.")
    ] = None,
    even_referenced: Annotated[
        bool,
        typer.Option(
            "--even-referenced",
            help="Also files that articles or waiting entries point to: these can't be made anew then.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only say what would go.")] = False,
) -> None:
    """Delete old files; without --yes only show which.

    What an article of the searched index or of one being rebuilt points to, or a waiting entry, stays unless
    told otherwise; what is being written always does.
    """
    from worker.cli.pruned import say_plan
    from worker.ops import retention
    from worker.ops.archive import folder_of

    folder, limits = folder_of(settings()), retention.limits_of(settings())
    if older_than is not None or max_gb is not None:
        limits = retention.limits(_age(older_than) if older_than else None, max_gb)
    if not limits.are_any:
        raise UsageError("say which files: --older-than 90d, --max-gb 100, or the settings for both")
    with opened_store() as store:
        plan = retention.plan_prune(folder, store, limits, CLOCK.now(), even_referenced=even_referenced)
    try:
        deleted = retention.prune(folder, plan) if yes else None
    except ArchiveUnavailableError as error:
        raise OperationError(error.detail) from error
    say_plan(plan, limits, deleted)


def _age(text: str) -> timedelta:
    from worker.store.query import find_age

    try:
        if age := find_age(text):
            return age
    except OverflowError:
        pass
    raise UsageError(f"--older-than {text}: must be an age such as 90d, 12h or 8w")


def _say_checked(checked: Iterable[ArchiveFile], *, json: bool) -> int:
    """Print what was found, file by file; return how much is damaged."""
    damages = files = records = 0
    for each in checked:
        damages += len(each.contents.damages)
        files, records = files + 1, records + each.contents.records
        if json:
            say_json(_record(each))
            continue
        for damage in each.contents.damages:
            where = f"{each.file}: {damage.length:,} bytes at {damage.offset}"
            say(one_line(f"{where}: {damage.said}"))
    if not json:
        say(f"{counted(records, 'whole record')} in {counted(files, 'file')}")
    return damages


def _found(files: list[Path], folder: Folder) -> tuple[list[Path], list[str]]:
    """Return the paths of files, and the names of those that have been uploaded.

    A file is looked for as a path, then by its name in the archive's folder and object store.
    """
    paths, uploaded = [], []
    there = folder.bucket.files() if folder.bucket else {}
    for file in files:
        places = file, folder.path / file, folder.path / f"{file}.open"
        here = next((each for each in places if each.exists()), None)
        if here:
            paths.append(here)
        elif str(file) in there:
            uploaded.append(str(file))
        else:
            raise OperationError(f"there is no {file}, here or in the archive")
    return paths, uploaded


def _record(each: ArchiveFile) -> dict[str, Any]:
    contents = each.contents
    damages = [{"offset": it.offset, "length": it.length, "said": it.said} for it in contents.damages]
    said = {"file": each.file, "state": each.state, "bytes": each.size, **contents.said()}
    return {**said, "damages": damages}


def _cells(each: ArchiveFile) -> tuple[str, ...]:
    contents = each.contents
    counts = f"{each.size:,}", f"{contents.records:,}", f"{contents.pages:,}"
    return (each.file, each.state, *counts, when(contents.first_at), when(contents.last_at))
