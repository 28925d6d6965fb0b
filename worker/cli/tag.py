"""`feedmill tag`: tags for a corpus of one's own; `feedmill topics` and `countries`: what is known."""

from __future__ import annotations

import os
import sys
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from worker.cli.output import say, say_error, say_json, settings, table
from worker.enrich.countries.names import names_by_code
from worker.errors import OperationError, UsageError
from worker.tagging import use_own_tags


def tag(
    source: Annotated[
        str, typer.Argument(metavar="FILE|-", help="Lines of JSON, - for those of the standard input.")
    ],
    evidence: Annotated[
        bool, typer.Option("--evidence", help="Also the spans of title, line break and body that speak.")
    ] = False,
) -> None:
    """Tag texts, stored nowhere: one JSON object a line with id, title, body and perhaps language.

    Prints one object a line, in the same order, computed on all cores. A line without a text is named on
    stderr, and the exit code is 1 in the end.
    """
    from worker.mill import open_pool
    from worker.ops.corpus import explain_batch, tag_batch, tag_lines

    if source != "-" and not Path(source).is_file():
        raise UsageError(f"no such file: {source}")
    processes, all_of_them, bad = os.cpu_count() or 1, 0, 0
    one_per_core = settings().model_copy(update={"extract_processes": processes})
    with (
        nullcontext(sys.stdin.buffer) if source == "-" else Path(source).open("rb") as lines,
        closing(open_pool(one_per_core)) as pool,
    ):
        for line in tag_lines(lines, pool, processes, explain_batch if evidence else tag_batch):
            all_of_them += 1
            if line.record is not None:
                say_json(line.record)
            else:
                bad += 1
                say_error(f"line {line.number}: {line.problem}")
    if bad:
        raise OperationError(f"{bad:,} of {all_of_them:,} lines not tagged")


def topics(
    name: Annotated[
        str | None, typer.Argument(metavar="[CODE|NAME]", help="Only this and what is below it.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """List the topics that texts are tagged with, IPTC's and your own, each below its broader one.

    Ends with the languages that have a lexicon; texts in others are given own topics only.
    """
    from worker.enrich.topics.lexicon import languages
    from worker.ops.topics import topics_below

    known = topics_below(name, use_own_tags(settings()))
    if json:
        for topic in known:
            say_json(topic)
        return
    table(
        ("code", "topic", "patterns"),
        ((each.code, f"{'  ' * each.depth}{each.name}", each.told) for each in known),
    )
    say(Text(f"lexicons: {', '.join(languages())}", style="dim"))


def countries(
    language: Annotated[str, typer.Option(help="ISO 639 code of the language of the names.")] = "en",
    json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """List the countries that texts are tagged with, and what a language calls them."""
    known = names_by_code(language)
    if json:
        for code, names in known.items():
            say_json({"code": code, "names": names})
        return
    table(("code", "names"), ((code, " · ".join(names)) for code, names in known.items()))
