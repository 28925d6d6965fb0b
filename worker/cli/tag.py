"""`feedmill tag`: tags for a corpus of one's own."""

from __future__ import annotations

import os
import sys
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from worker.cli.output import say_error, say_json, settings
from worker.errors import OperationError, UsageError


def tag(
    source: Annotated[
        str, typer.Argument(metavar="FILE|-", help="Lines of JSON, - for those of the standard input.")
    ],
) -> None:
    """Tag texts, stored nowhere: one JSON object a line with id, title, body and perhaps language.

    Prints one object a line, in the same order, computed on all cores. A line without a text is named on
    stderr, and the exit code is 1 in the end.
    """
    from worker.extract.pool import WorkerPool
    from worker.ops.corpus import tag_lines

    if source != "-" and not Path(source).is_file():
        raise UsageError(f"no such file: {source}")
    processes, all_of_them, bad = os.cpu_count() or 1, 0, 0
    with (
        nullcontext(sys.stdin.buffer) if source == "-" else Path(source).open("rb") as lines,
        closing(WorkerPool(processes, settings().extract_timeout_s)) as pool,
    ):
        for line in tag_lines(lines, pool, processes):
            all_of_them += 1
            if line.record is not None:
                say_json(line.record)
            else:
                bad += 1
                say_error(f"line {line.number}: {line.problem}")
    if bad:
        raise OperationError(f"{bad:,} of {all_of_them:,} lines not tagged")
