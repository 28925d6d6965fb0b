"""Every word of the contract's articles, whole and cut and in the plural, finds the same in both stores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.builders import NOW, entry, feed, ingest
from tests.store.contract_search import ARTICLES
from worker.store.base import Store
from worker.store.query import MAX_TERMS, make_request
from worker.store.sqlite import open_sqlite
from worker.store.text import words

pytestmark = [pytest.mark.slow, pytest.mark.services]

# Lucene's Hindi stemmer takes more off a word than Snowball's, but the same off its inflections.
APART = {"को", "के"}


def queries() -> Iterator[str]:
    found = {word for each in ARTICLES for text in (each.title, each.body) for word in words(text)} - APART
    for word in sorted(found):
        yield from (word, f"{word}s", word[:-1], f'"{word}"', f"title:{word}", f"-{word}")
        if len(word) > 3:
            yield f"{word[:-1]}*"


def fill(store: Store) -> None:
    store.feeds.add([feed("a"), feed("b")])
    for each in ARTICLES:
        name = each.url.rpartition("/")[2]
        store.entries.admit(each.feed_id, [entry(name, each.feed_id)], NOW)
        ingest(store, each, f"entry-{name}")
    store.articles.refresh()


def found(store: Store, text: str) -> set[str]:
    return {hit.document.url for hit in store.articles.search(make_request(text, limit=100)).hits}


def test_same_sets(connect, tmp_path: Path) -> None:
    elasticsearch, sqlite = connect(), open_sqlite(tmp_path / "feedmill.db")
    elasticsearch.setup()
    for store in (elasticsearch, sqlite):
        fill(store)
    asked = list(queries())
    apart = {text: (found(sqlite, text), found(elasticsearch, text)) for text in asked}
    assert {text: sets for text, sets in apart.items() if sets[0] != sets[1]} == {}
    assert len(asked) > 500
    sqlite.close()


@pytest.mark.parametrize("joint", [" ", " OR "], ids=["all of them", "any of them"])
def test_as_many_terms_as_count(connect, joint: str) -> None:
    """Each word asks up to 27 fields: the server's bound on clauses must hold that."""
    store = connect()
    store.setup()
    text = joint.join(f"word{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(MAX_TERMS))
    assert found(store, text) == set()
