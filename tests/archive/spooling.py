"""Keeps pages in a spool and uploads them, in a process of its own that a test may kill.

`python -m tests.archive.spooling SPOOL URL PAGES SIZE` prints where each page lies, then `uploaded` once the
spool is empty, and ends.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import structlog

from tests.archive.made import SUBJECT, page
from worker.archive.opening import open_archive
from worker.archive.writing import Rotation
from worker.clock import Clock


def main(spool: Path, url: str, pages: int, size: int) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    rotation = Rotation(max_bytes=max(1, size), max_age_s=900)
    archive = open_archive(spool, rotation, Clock(), lambda error: print(error, flush=True), url)
    for number in range(pages):
        made = page(os.getpid() * 1000 + number, size=size)
        said = {"place": asdict(archive.keep(made, SUBJECT)), "number": os.getpid() * 1000 + number}
        archive.sync()
        print(json.dumps(said), flush=True)
    archive.sync()
    while list(spool.glob("*.warc.gz")):
        time.sleep(0.02)
    print("uploaded", flush=True)
    archive.close()


def spooling(
    spool: Path, url: str, environment: Mapping[str, str], pages: int = 0, size: int = 1
) -> subprocess.Popen[str]:
    """Start it."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.archive.spooling", str(spool), url, str(pages), str(size)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
