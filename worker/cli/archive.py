"""`feedmill archive …`: the WARC files with all that was fetched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.output import say, say_json, settings, table
from worker.errors import OperationError
from worker.ops.text import one_line, when

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker.archive.files import Folder
    from worker.ops.archive import ArchiveFile

app = typer.Typer(help="List or check the archived pages.", no_args_is_help=True)

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
        raise OperationError(f"{damaged:,} places are damaged")


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
        say(f"{records:,} whole records in {files:,} files")
    return damages


def _found(files: list[Path], folder: Folder) -> tuple[list[Path], list[str]]:
    """Return the paths of files, and the names of those that have been uploaded.

    A file is looked for as a path, then by its name in the archive's folder and object store.
    """
    paths, uploaded = [], []
    there = folder.bucket.sizes() if folder.bucket else {}
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
