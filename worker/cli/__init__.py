"""The command line: one module per command group, and the one place where errors become exit codes.

Exit codes: 0 done, 1 it failed (one line on stderr), 2 wrong usage.
"""

from __future__ import annotations

import io
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import Abort, TyperException

from worker.cli import (
    archive,
    articles,
    dead,
    demo,
    extract,
    feeds,
    inplace,
    kibana,
    production,
    reindex,
    run,
    setup,
    status,
    tag,
)
from worker.cli.output import say, say_error
from worker.errors import FeedmillError, OwnTagsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    name="feedmill",
    invoke_without_command=True,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def feedmill(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Feeds in, searchable articles out."""
    if version:
        say(f"feedmill {metadata.version('feedmill')}")
        raise typer.Exit


for command in (
    run.run,
    production.worker,
    production.beat,
    demo.demo,
    articles.search,
    articles.show,
    articles.explain,
    extract.extract,
    tag.tag,
    tag.countries,
    tag.topics,
    inplace.retag,
    inplace.refetch,
    status.status,
    setup.setup,
):
    app.command()(command)
app.add_typer(feeds.app, name="feeds")
app.add_typer(dead.app, name="dead")
app.add_typer(reindex.app, name="reindex")
app.add_typer(archive.app, name="archive")
app.add_typer(kibana.app, name="kibana")


def main(arguments: list[str] | None = None) -> None:
    """Run one command and exit."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # what is not in UTF-8 still gets the rest
    sys.exit(run_command(arguments))


def run_command(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code."""
    try:
        returned = app(arguments, standalone_mode=False)
    except (UsageError, UnicodeEncodeError) as error:
        for mistake in _wrong_usage(error):
            say_error(mistake)
        return 2
    except FeedmillError as error:
        say_error(str(error))
        return 1
    except TyperException as error:
        message = error.format_message()
        if "\n" in message:  # a command group called without a command: this is its help
            typer.echo(message, err=True)
        else:
            say_error(f"{message} (see `feedmill --help`)")
        return error.exit_code
    except (Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        # The reader has seen enough (`feedmill search … | head`); closing stdout must not complain again.
        sys.stdout = None
        return 0
    return returned if isinstance(returned, int) else 0


def _wrong_usage(error: UsageError | UnicodeEncodeError) -> Sequence[str]:
    """Return what was wrong; a surrogate that no store can look up stands for a byte that is no text."""
    if isinstance(error, OwnTagsError):
        return error.mistakes
    if isinstance(error, UnicodeEncodeError):
        return (f"not text: {ascii(error.object)[:200]}",)
    return (str(error),)
