"""`feedmill kibana …`: data views and saved searches, checked and imported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.output import CLOCK, say, settings
from worker.errors import OperationError, UsageError
from worker.ops.text import one_line

if TYPE_CHECKING:
    from worker.ops.saved_objects import Object
    from worker.settings import Settings

app = typer.Typer(help="Check or import Kibana's data views and saved searches.", no_args_is_help=True)

OwnFile = Annotated[
    Path | None,
    typer.Argument(metavar="FILE", help="Saved objects (NDJSON), instead of those that come with Feedmill."),
]


@app.command("import")
def import_(file: OwnFile = None) -> None:
    """Import into the Kibana at FEEDMILL_KIBANA_URL, over objects with the same ids.

    Edits of the shipped ones are lost with that: duplicate in Kibana what you change.
    """
    from worker.ops.kibana import import_objects
    from worker.ops.saved_objects import render_objects

    configured = settings()
    if not configured.kibana_url:
        raise UsageError("say where Kibana is: FEEDMILL_KIBANA_URL=https://NAME:PASSWORD@HOST:5601")
    ndjson = render_objects(_objects(file, configured))
    lines = import_objects(
        configured.kibana_url, ndjson, clock=CLOCK, on_wait=say, ca_file=configured.kibana_ca_file
    )
    for line in lines:
        say(one_line(line))


@app.command()
def check(file: OwnFile = None) -> None:
    """Check saved objects against the index templates; needs no Kibana."""
    from worker.ops.object_checks import known_indices, problems

    configured = settings()
    objects = _objects(file, configured)
    found = problems(objects, known_indices(configured.store_prefix))
    for line in found:
        say(one_line(line))
    if found:
        raise OperationError(f"{len(found)} problems")
    say(f"{len(objects)} objects, no problems")


def _objects(file: Path | None, configured: Settings) -> list[Object]:
    from worker.ops.saved_objects import parse_objects, shipped_objects

    if file is None:
        return shipped_objects(configured.store_prefix)
    try:
        return parse_objects(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: not UTF-8") from error
