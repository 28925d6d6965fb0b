"""`feedmill extract`: what a page would become, stored nowhere."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer
from rich.text import Text

from worker.cli.articles import flat, say_document
from worker.cli.output import CLOCK, say, say_error, say_json, settings
from worker.errors import (
    ArchiveError,
    ArchiveMissingError,
    ArchiveNotUploadedError,
    OperationError,
    UsageError,
    WorkError,
)
from worker.ops.text import counted

if TYPE_CHECKING:
    from worker.models import Document


def extract(
    source: Annotated[
        str,
        typer.Argument(
            metavar="URL|FILE",
            help="A page's address, a saved HTML file, or a WARC file (also one of the archive, by name).",
        ),
    ],
    url: Annotated[str | None, typer.Option(help="Where a saved file comes from.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per article.")] = False,
) -> None:
    """Extract and tag one page, or every response of a WARC file in their order, and print it."""
    from worker.ops.extraction import is_warc

    is_address = source.startswith(("http://", "https://"))
    if not is_address and not Path(source).is_file():
        _extract_archived(source, json=json)
        return
    if not is_address and is_warc(Path(source)):
        with Path(source).open("rb") as file:
            _extract_all(source, file, json=json)
        return
    _say_article(_document(source, url), json=json)


def _say_article(document: Document, *, json: bool) -> None:
    if json:
        say_json(document)
        return
    say_document(document)
    say_evidence(document)


def _extract_archived(name: str, *, json: bool) -> None:
    try:
        with _archived(name) as file:
            _extract_all(name, file, json=json)
    except ArchiveError as error:
        raise OperationError(error.detail) from error


def _archived(name: str) -> BinaryIO:
    """Open a file of the archive."""
    from worker.archive.files import is_name
    from worker.ops.archive import folder_of

    try:
        if is_name(name) and settings().archive_folder:
            return folder_of(settings()).opened(name)
    except (ArchiveMissingError, ArchiveNotUploadedError):
        pass
    raise UsageError(f"neither a web address nor a file, here or in the archive: {name}")


def _extract_all(path: str, file: BinaryIO, *, json: bool) -> None:
    """Print the articles of a WARC file; on stderr what gave none, and how many there were of each."""
    from worker.archive.reading import Unread
    from worker.mill import open_pool
    from worker.ops.extraction import NoArticle, extract_file

    articles = rejected = broken = 0
    configured = settings()
    with closing(open_pool(configured)) as pool:
        for each in extract_file(file, pool, configured.extract_processes, CLOCK):
            match each:
                case NoArticle():
                    rejected += 1
                    say_error(f"no article: {each.error.reason}: {each.url}: {each.error.detail}")
                case Unread():
                    broken += 1
                    say_error(f"{path}: {each.error.reason} at {each.offset}: {each.error.detail}")
                case _:
                    if articles and not json:
                        say("")
                    articles += 1
                    _say_article(each, json=json)
    said = f"{counted(articles, 'article')}, {counted(rejected, 'page')} without one"
    said += f", {counted(broken, 'record')} that cannot be read" if broken else ""
    if broken:
        raise OperationError(said)
    say_error(said)


def say_evidence(document: Document) -> None:
    """Print what speaks for countries and topics: the words in bold, with the text around them."""
    from worker.ops.evidence import countries_shown, topics_shown

    for shown in (countries_shown(document), topics_shown(document)):
        if shown:
            say("")
        width = max((len(each.about) for each in shown), default=0)
        for each in shown:
            line = Text(f"{each.about:<{width}}  {each.strength:.2f}  {each.why:<20}  ", style="dim")
            line.append(flat(each.before), style="not dim")
            line.append(flat(each.words), style="not dim bold yellow")
            say(line.append(flat(each.after), style="not dim"))


def _document(source: str, url: str | None) -> Document:
    from worker.mill import open_fetcher, open_pool
    from worker.ops.preview import extract_page, fetch_page, read_page

    is_address = source.startswith(("http://", "https://"))
    one_child = settings().model_copy(update={"extract_processes": 1})
    with closing(open_fetcher(one_child, CLOCK)) as fetcher, closing(open_pool(one_child)) as pool:
        page = fetch_page(source, fetcher) if is_address else read_page(Path(source), url, CLOCK.now())
        try:
            return extract_page(page, pool, CLOCK)
        except WorkError as error:
            raise OperationError(f"no article: {error.reason}: {error}") from error
