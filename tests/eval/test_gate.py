"""False rejections: labelled pages are articles, and the gate must let them in. Its cost, too.

The pages are third-party data beside the project; where they are absent this is skipped.
"""

from __future__ import annotations

import gzip
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.eval.test_pages import scorer
from tests.extract.pages import page_of
from worker.errors import WorkError
from worker.extract.body import extract_article
from worker.extract.quality import judge

SHARED = Path(os.environ.get("FEEDMILL_EVAL_DATA", Path(__file__).parents[3] / "shared"))
DATA = SHARED / "data"
FLOORS = json.loads((Path(__file__).parent / "floors.json").read_text())["gate"]

pytestmark = [
    pytest.mark.eval,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not DATA.exists(), reason=f"no labelled pages at {DATA} (set FEEDMILL_EVAL_DATA)"),
]


def labelled_pages() -> Iterator[tuple[str, bytes]]:
    extraction = scorer("score_extraction")
    for key, entry in extraction.gold().items():
        yield entry["url"], extraction.page(key)
    for key, label in json.loads((DATA / "pages" / "labels.json").read_text(encoding="utf-8")).items():
        yield label["url"], gzip.decompress((DATA / "pages" / "html" / f"{key}.html.gz").read_bytes())


class TimedJudge:
    """The gate with a stopwatch; parsing and extraction are not its own."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, *facts: Any) -> None:
        start = time.process_time()
        try:
            judge(*facts)
        finally:
            self.seconds.append(time.process_time() - start)


def test_articles_are_let_in_cheaply(capsys):
    timed = TimedJudge()
    rejected = []
    start = time.process_time()
    for url, body in labelled_pages():
        try:
            extract_article(page_of(body, url), None, timed)
        except WorkError as error:
            rejected.append(f"{error.reason}: {url}: {error.detail}")
    share = sum(timed.seconds) / (time.process_time() - start)
    pages = len(timed.seconds)
    mean_ms = 1000 * sum(timed.seconds) / pages
    with capsys.disabled():
        print(
            f"\ngate: {len(rejected)} of {pages} labelled pages rejected, {mean_ms:.2f} ms a page, {share:.1%} of extraction"
        )
        print("".join(f"  {line}\n" for line in rejected))
    assert len(rejected) / pages <= FLOORS["at most rejected"]
    # A share: milliseconds drift with the load of the machine.
    assert share <= FLOORS["at most share of extraction"]
