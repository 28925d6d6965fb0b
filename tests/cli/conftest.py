"""What tests of commands share."""

import pytest

from tests.reindex.library import Library
from tests.store.builders import feed
from worker.store.sqlite import open_sqlite


@pytest.fixture
def older_articles(tmp_path, monkeypatch):
    """A store of twelve articles that an older tagger made, in the folder that commands run in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEEDMILL_STORE_URL", "sqlite:///feedmill.db")
    monkeypatch.setenv("FEEDMILL_EXTRACT_PROCESSES", "1")
    store = open_sqlite(tmp_path / "feedmill.db")
    store.feeds.add([feed()])
    Library(store, 12)
    store.close()
    return tmp_path / "feedmill.db"
