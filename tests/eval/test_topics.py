"""Topics of labelled texts: BBC and AG News by top-level code, the seed page, the speed of all taggers.

The texts are third-party data beside the project; where they are absent this is skipped. A label stands for
one top-level code (`world` for politics or conflict); the strongest of all 17 has to be it.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.extract.pages import page_of
from tests.test_pipeline import built, row_of
from worker.enrich.topics.tagging import topics_of

SHARED = Path(os.environ.get("FEEDMILL_EVAL_DATA", Path(__file__).parents[3] / "shared"))
DATA = SHARED / "data" / "topics"
FLOORS = json.loads((Path(__file__).parent / "floors.json").read_text())
CODES = {
    "business": {"04"},
    "entertainment": {"01"},
    "politics": {"11"},
    "sport": {"15"},
    "sports": {"15"},
    "tech": {"13"},
    "sci/tech": {"13"},
    "world": {"11", "16"},
}

pytestmark = [pytest.mark.eval, pytest.mark.timeout(400)]
labelled = pytest.mark.skipif(
    not DATA.exists(), reason=f"no labelled texts at {DATA} (set FEEDMILL_EVAL_DATA)"
)


def records(name):
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def guess(row, labels):
    """Return the label that the strongest code stands for, or the code, or "" where there is none."""
    tops = topics_of(row["title"], row["text"], "en").top
    code = tops[0].removeprefix("medtop:")[:2] if tops else ""
    return next((label for label in labels if code in CODES[label]), code)


def figures(name):
    """Return the share of right guesses, and F1 averaged over the labels."""
    rows = records(name)
    labels = sorted({row["label"] for row in rows})
    pairs = Counter((row["label"], guess(row, labels)) for row in rows)
    right = {label: pairs[label, label] for label in labels}
    f1 = [
        2
        * right[label]
        / sum(count * ((label == gold) + (label == said)) for (gold, said), count in pairs.items())
        for label in labels
    ]
    return {
        "accuracy": round(sum(right.values()) / len(rows), 3),
        "macro f1": round(sum(f1) / len(f1), 3),
        "abstained": round(sum(count for (_, said), count in pairs.items() if not said) / len(rows), 3),
    }


@labelled
@pytest.mark.parametrize("name", ["bbc", "agnews"])
def test_top_level_codes(name, capsys):
    got = figures(name)
    with capsys.disabled():
        print(f"\ntopics/{name:8}", "  ".join(f"{key} {value}" for key, value in got.items()))
    assert {key: got[key] for key, floor in FLOORS["topics"][name].items() if got[key] < floor} == {}


@pytest.mark.skipif(not (SHARED / "seed").exists(), reason="no seed page")
def test_seed_page():
    expected = json.loads((SHARED / "seed" / "expected.json").read_text())
    page = page_of((SHARED / "seed" / "page.html").read_bytes(), expected["url"])
    topics = set(built(page, row_of()).candidate.document.topics)
    must, may = set(expected["topics_must_contain"]), set(expected["topics_may_contain"])
    assert must <= topics <= must | may


SPEED = """
import gzip, json, sys, time
def resident():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1]) / 1024
texts = []
for line in gzip.open(sys.argv[1], "rt", encoding="utf-8"):
    row = json.loads(line)
    words = row["text"].split(" ")
    if len(words) >= 500:
        texts.append((row["title"], " ".join(words[:500])))
import numpy, py3langid, ahocorasick_rs
before = resident()
from worker.enrich.tags import tag
for text in texts:
    tag(*text, ("en",))
best = 0
for _ in range(5):
    started = time.process_time()
    for text in texts:
        tag(*text, ("en",))
    best = max(best, len(texts) / (time.process_time() - started))
print(json.dumps({"per second": best, "MB": resident() - before}))
"""


@labelled
def test_speed_and_memory_of_all_taggers(capsys):
    """Language, countries and topics of 500 words each, on one core, in a process of its own; best of five."""
    run = json.loads(subprocess.check_output([sys.executable, "-c", SPEED, str(DATA / "bbc.jsonl.gz")]))
    speed, memory = run["per second"], run["MB"]
    with capsys.disabled():
        print(f"\ntags: {speed:.0f} articles of 500 words a second on one core, {memory:.0f} MB of memory")
    assert speed >= FLOORS["tags"]["articles a second"]
    assert memory <= FLOORS["tags"]["at most MB"]
