"""102 labelled pages through the whole service, from raw bytes: body F1, and an outcome for every page.

The pages are third-party data beside the project; where they are absent this is skipped.
"""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.newsroom import Item, follow, rss
from tests.site import Reply, Site
from worker.mill import open_store
from worker.service import run_service
from worker.settings import read_settings

SHARED = Path(os.environ.get("FEEDMILL_EVAL_DATA", Path(__file__).parents[3] / "shared"))
SCORER = SHARED / "data" / "score_extraction.py"
FLOORS = json.loads((Path(__file__).parent / "floors.json").read_text())["extraction"]

pytestmark = [
    pytest.mark.eval,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not SCORER.exists(), reason=f"no labelled pages at {SHARED} (set FEEDMILL_EVAL_DATA)"),
]


def scorer() -> Any:
    spec = importlib.util.spec_from_file_location("score_extraction", SCORER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def serve(site: Site, labelled: Any) -> dict[str, str]:
    """Serve each page under its own host and path; return its address there by its key."""
    links = {}
    for key, entry in labelled.gold().items():
        parts = urlsplit(entry["url"])
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        site.name(parts.hostname, "127.0.0.1")
        # Raw bytes and no charset in the header: the service has to find it out.
        site.serve(path, Reply(body=labelled.page(key), content_type="text/html"), host=parts.hostname)
        links[key] = site.url(path, host=parts.hostname)
    site.serve("/feed.xml", rss(Item(link, f"Page {key}", guid=key) for key, link in links.items()))
    return links


def test_bodies_through_the_whole_service(site, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    labelled = scorer()
    links = serve(site, labelled)
    settings = read_settings(
        store_url=f"sqlite:///{tmp_path}/eval.db",
        allow_private_networks="127.0.0.0/8",
        allow_ports="any",
        host_delay_s=0,
        extract_timeout_s=60,
    )
    feed = site.url("/feed.xml")
    result = run_service(settings, until_idle=True, resolver=site.resolve, on_start=follow(feed))

    store = open_store(settings)
    bodies, ended = {}, {}
    for key, link in links.items():
        [row] = store.entries.find_by_url(link)
        ended[key] = row.outcome
        document = store.articles.get(row.article_id) if row.article_id else None
        bodies[key] = document.body if document else ""
    store.close()

    score = labelled.score(bodies)
    with capsys.disabled():
        outcomes = {kind: rows for kind, rows in result.counts.items() if rows}
        print(f"\nextraction, whole service: { ({k: round(v, 4) for k, v in score.items()}) } {outcomes}")
    assert sum(result.counts.values()) == len(links) == score["pages"]
    assert all(ended.values()), "a page without an outcome"
    assert score["f1"] >= FLOORS["f1"]
