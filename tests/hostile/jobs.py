"""What runs in the desk's children: the pipeline, but for pages that ask to misbehave."""

from __future__ import annotations

import re

from tests.extract import jobs
from worker.models import LedgerRow, Page
from worker.pipeline import Built, build_candidate

MISCHIEF = {
    "spin": jobs.spin,
    "fill memory": jobs.fill_memory,
    "leave": jobs.leave,
    "crash": jobs.crash,
    "recurse": jobs.recurse,
    "be told to stop": jobs.be_told_to_stop,
    "fail in lxml": jobs.fail_in_lxml,
}


def build_or_suffer(page: Page, row: LedgerRow, **about: object) -> Built:
    """Build the page's candidate; where its body names a mischief, do that first."""
    if asked := re.search(rb"<!-- mischief: ([\w ]+) -->", page.body):
        MISCHIEF[asked[1].decode()]()
    return build_candidate(page, row, **about)
