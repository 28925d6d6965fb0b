"""How many articles the present extractor and tagger did not make."""

from __future__ import annotations

import pytest

from tests.store.builders import NOW, A, document, entry, feed, ingest
from worker.cli.status import status_lines
from worker.enrich.tags import tagger_version
from worker.extract.version import extractor_version
from worker.ops.status import collect_status
from worker.store.sqlite import open_sqlite


@pytest.fixture
def store(tmp_path):
    store = open_sqlite(tmp_path / "feedmill.db")
    store.feeds.add([feed()])
    store.entries.admit(A, [entry(name) for name in "123"], NOW)
    yield store
    store.close()


def test_articles_of_other_versions_are_counted(store):
    present = {"extractor_version": extractor_version(), "tagger_version": tagger_version()}
    made = (present, {**present, "extractor_version": "old"}, {**present, "tagger_version": "old"})
    for name, versions in zip("123", made, strict=True):
        ingest(store, document(name, **versions), f"entry-{name}")
    found = collect_status(store, NOW)
    assert (found.articles, found.stale) == (3, 2)
    said = dict(status_lines(found, NOW))["articles"]
    assert said == "3, 2 of them made by another extractor or tagger than the present one"


def test_nothing_is_said_where_there_are_none(store):
    found = collect_status(store, NOW)
    assert (found.articles, found.stale) == (0, 0)
    assert dict(status_lines(found, NOW))["articles"] == "0"
