"""Bodies and metadata of labelled pages, beside trafilatura's own figures in the same run.

487 pages (segments, title, author, date) and 102 more (body F1). The pages are third-party data beside the
project; where they are absent this is skipped.
"""

from __future__ import annotations

import importlib.util
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
import trafilatura

from tests.extract.pages import page_of
from worker.errors import WorkError
from worker.extract.body import extract_article

SHARED = Path(os.environ.get("FEEDMILL_EVAL_DATA", Path(__file__).parents[3] / "shared"))
DATA = SHARED / "data"
FLOORS = json.loads((Path(__file__).parent / "floors.json").read_text())["pages"]

pytestmark = [
    pytest.mark.eval,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not DATA.exists(), reason=f"no labelled pages at {DATA} (set FEEDMILL_EVAL_DATA)"),
]


def scorer(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, DATA / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ours(raw: bytes, url: str) -> dict[str, Any]:
    try:
        article = extract_article(page_of(raw, url), None)
    except WorkError:
        return {}
    # The stored time is in UTC, and so is the day taken of it, though labels hold what a page prints.
    day = article.published_at.date().isoformat() if article.published_at else None
    return {"body": article.body, "title": article.title, "author": "; ".join(article.authors), "date": day}


def theirs(raw: bytes, url: str) -> dict[str, Any]:
    got = trafilatura.bare_extraction(raw, url=url, with_metadata=True, include_comments=False)
    return {"body": got.text, "title": got.title, "author": got.author, "date": got.date} if got else {}


class Timed:
    """An extractor that adds up its CPU time, so that two can run interleaved."""

    def __init__(self, extract: Any) -> None:
        self.extract, self.seconds = extract, 0.0

    def __call__(self, raw: bytes, url: str) -> dict[str, Any]:
        start = time.process_time()
        try:
            return self.extract(raw, url)
        finally:
            self.seconds += time.process_time() - start


@pytest.fixture(scope="module")
def figures() -> dict[str, dict[str, Any]]:
    """Score both extractors page by page, interleaved: absolute times drift with load, ratios do not."""
    mine, bare = Timed(ours), Timed(theirs)
    kept: list[dict[str, Any]] = []
    pages = scorer("score_pages")

    def both(raw: bytes, url: str) -> dict[str, Any]:
        kept.append(bare(raw, url))
        return mine(raw, url)

    found = {"ours": figures_of(pages.score(DATA / "pages", both))}
    replay = iter(kept)
    found["trafilatura"] = figures_of(pages.score(DATA / "pages", lambda raw, url: next(replay)))
    for name, timed in (("ours", mine), ("trafilatura", bare)):
        found[name]["cpu ms"] = round(1000 * timed.seconds / len(kept), 1)
    found["ours"]["cpu ratio"] = round(mine.seconds / bare.seconds, 2)
    return found


def figures_of(scored: dict[str, Any]) -> dict[str, Any]:
    exact = {f: float(scored[f"{f}_exact"].rpartition("= ")[2]) for f in ("title", "author", "date")}
    invented = {f"invented {f}s": scored["invented"][f] for f in ("author", "date")}
    return {"segment f1": scored["segment_f1"], **exact, **invented}


def test_figures_stay_above_the_floors(figures):
    print()
    for name, row in figures.items():
        print(f"{name:12}", "  ".join(f"{key} {value}" for key, value in row.items()))
    mine = figures["ours"]
    least, most = FLOORS["at least"], FLOORS["at most"]
    assert {key: mine[key] for key in least if mine[key] < least[key]} == {}
    assert {key: mine[key] for key in most if mine[key] > most[key]} == {}


def test_body_f1(capsys):
    extraction = scorer("score_extraction")
    gold = extraction.gold()
    rows = {
        name: extraction.score(
            {i: extract(extraction.page(i), e["url"]).get("body") for i, e in gold.items()}
        )
        for name, extract in (("ours", ours), ("trafilatura", theirs))
    }
    with capsys.disabled():
        print("\nbody F1     ", "  ".join(f"{name} {row['f1']:.4f}" for name, row in rows.items()))
    assert rows["ours"]["f1"] >= FLOORS["body f1"]
