"""Countries of labelled texts: GeoVirus, TR-News, Reuters with and without its dateline, the seed page.

The texts are third-party data beside the project; where they are absent this is skipped.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest

from tests.extract.pages import page_of
from worker.enrich.countries import countries_of
from worker.extract.body import extract_article

SHARED = Path(os.environ.get("FEEDMILL_EVAL_DATA", Path(__file__).parents[3] / "shared"))
DATA = SHARED / "data" / "countries"
OWN = Path(__file__).parent / "disambiguation.jsonl"
MAINS = Path(__file__).parent / "mains.jsonl"
FLOORS = json.loads((Path(__file__).parent / "floors.json").read_text())["countries"]

pytestmark = [pytest.mark.eval, pytest.mark.timeout(400)]
labelled = pytest.mark.skipif(
    not DATA.exists(), reason=f"no labelled texts at {DATA} (set FEEDMILL_EVAL_DATA)"
)


def records(name):
    path = DATA / name
    lines = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")
    with lines:
        return [json.loads(line) for line in lines]


def figures(name):
    """Return F1 over all (article, country) pairs and the share of right main countries."""
    rows = records(name)
    found = [countries_of(row["title"], row["text"], "en") for row in rows]
    hits = sum(len(set(row["countries"]) & set(f.countries)) for row, f in zip(rows, found, strict=True))
    given = sum(len(f.countries) for f in found)
    wanted = sum(len(set(row["countries"])) for row in rows)
    right = sum(f.primary == row["primary"] for row, f in zip(rows, found, strict=True))
    return {
        "precision": round(hits / given, 3),
        "recall": round(hits / wanted, 3),
        "f1": round(2 * hits / (given + wanted), 3),
        "primary": round(right / len(rows), 3),
    }


@labelled
@pytest.mark.parametrize("name", ["geovirus", "trnews"])
def test_labelled_articles(name, capsys):
    got = figures(f"{name}.jsonl")
    with capsys.disabled():
        print(f"\ncountries/{name:12}", "  ".join(f"{key} {value}" for key, value in got.items()))
    assert {key: got[key] for key, floor in FLOORS[name].items() if got[key] < floor} == {}


@labelled
@pytest.mark.parametrize("dateline", ["with dateline", "without dateline"])
def test_reuters_primary(dateline, capsys):
    rows = records("reuters-one-place.jsonl.gz")
    right = 0
    for row in rows:
        head = f"{row['dateline'] or ''} " if dateline == "with dateline" else ""
        right += countries_of(row["title"], head + row["text"], "en").primary == row["primary"]
    share = round(right / len(rows), 3)
    with capsys.disabled():
        print(f"\ncountries/reuters {dateline}: primary {share}")
    assert share >= FLOORS["reuters"][dateline]


@labelled
def test_confidence_means_what_it_says(capsys):
    """In each decile with enough countries, as many are right as the confidence says, give or take .08."""
    deciles: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for name in ("geovirus.jsonl", "trnews.jsonl"):
        for row in records(name):
            for country, confidence in countries_of(row["title"], row["text"], "en").scores.items():
                deciles[min(int(confidence * 10), 9)].append((confidence, country in row["countries"]))
    off = {}
    with capsys.disabled():
        print("\nconfidence  countries  mean  right")
        for decile, pairs in sorted(deciles.items()):
            mean, right = (sum(column) / len(pairs) for column in zip(*pairs, strict=True))
            print(f"  .{decile}-  {len(pairs):12}  {mean:.2f}  {right:.2f}")
            if len(pairs) >= FLOORS["calibration"]["of at least"]:
                off[decile] = round(abs(mean - right), 3)
    assert {d: gap for d, gap in off.items() if gap > FLOORS["calibration"]["at most off by"]} == {}


@pytest.mark.skipif(not (SHARED / "seed").exists(), reason="no seed page")
def test_seed_page():
    expected = json.loads((SHARED / "seed" / "expected.json").read_text())
    article = extract_article(page_of((SHARED / "seed" / "page.html").read_bytes(), expected["url"]), None)
    found = countries_of(article.title, article.body, "en")
    assert found.primary == expected["primary_country"]
    assert set(found.countries) == set(expected["countries"])


def own(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def found_in(row):
    return countries_of(row["title"], row["text"], row["language"])


def test_own_sentences(capsys):
    """Our own sentences, each with a trap: exactly the countries that they are about."""
    by_language: dict[str, list[bool]] = defaultdict(list)
    for row in own(OWN):
        by_language[row["language"]].append(set(found_in(row).countries) == set(row["countries"]))
    exact = [right for rights in by_language.values() for right in rights]
    with capsys.disabled():
        print(f"\ncountries/own sentences: {sum(exact)} of {len(exact)} exact;", end=" ")
        print(", ".join(f"{code} {sum(rights)}/{len(rights)}" for code, rights in by_language.items()))
    assert sum(exact) / len(exact) >= FLOORS["own"]["exact"]


def test_own_stories(capsys):
    """Our own short stories: the one country that each is about, or none."""
    rows = own(MAINS)
    right = sum(found_in(row).primary == row["primary"] for row in rows)
    with capsys.disabled():
        print(f"\ncountries/own stories: main country right in {right} of {len(rows)}")
    assert right / len(rows) >= FLOORS["own"]["primary"]


MEMORY = """
import ahocorasick_rs
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
before = resident()
from worker.enrich.countries import countries_of
countries_of("Kenya", "Floods in Nairobi.", "en")
print(round((resident() - before) / 1e6))
"""


@labelled
def test_speed_and_memory(capsys):
    rows = (records("geovirus.jsonl") + records("trnews.jsonl"))[:300]
    words = sum(len(row["text"].split()) for row in rows)
    start = time.process_time()
    for row in rows:
        countries_of(row["title"], row["text"], "en")
    rate = round(words / 500 / (time.process_time() - start))
    megabytes = int(subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, check=True).stdout)
    with capsys.disabled():
        print(f"\ncountries: {rate} articles of 500 words a second on one core, {megabytes} MB of memory")
    assert rate >= FLOORS["articles a second"]
    assert megabytes <= FLOORS["at most MB"]
