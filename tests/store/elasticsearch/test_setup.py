"""`setup` on a real server: what it makes, what it leaves alone, what it refuses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.store.builders import NOW, A, document, entry, feed
from worker.errors import StoreError, StoreVersionError
from worker.models import Carried
from worker.store.elasticsearch.records import document_source
from worker.store.query import make_request

pytestmark = [pytest.mark.slow, pytest.mark.services]


def test_the_first_time_it_says_what_it_made_and_then_nothing(connect, prefix: str) -> None:
    assert connect().setup() == [
        f"component template {prefix}-shared",
        f"index template {prefix}-feeds, version 1",
        f"index template {prefix}-entries, version 1",
        f"index template {prefix}-articles, version 1",
        f"index template {prefix}-hosts, version 1",
        f"index template {prefix}-rebuilds, version 1",
        f"index {prefix}-feeds-000001, aliases {prefix}-feeds",
        f"index {prefix}-entries-000001, aliases {prefix}-entries",
        f"index {prefix}-articles-000001, aliases {prefix}-articles, {prefix}-articles-write",
        f"index {prefix}-hosts-000001, aliases {prefix}-hosts",
        f"index {prefix}-rebuilds-000001, aliases {prefix}-rebuilds",
    ]
    assert connect().setup() == []


def test_several_at_once(connect, es, prefix: str) -> None:
    stores = [connect() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda store: store.setup(), stores))
    assert sorted(es.indices.get(index=f"{prefix}-*")) == [
        f"{prefix}-articles-000001",
        f"{prefix}-entries-000001",
        f"{prefix}-feeds-000001",
        f"{prefix}-hosts-000001",
        f"{prefix}-rebuilds-000001",
    ]
    assert stores[0].setup() == []


@pytest.mark.parametrize("kind", ["feeds", "entries"])
def test_a_missing_alias_names_the_command_and_makes_no_index(connect, es, prefix: str, kind: str) -> None:
    store = connect()
    store.setup()
    es.indices.delete_alias(index=f"{prefix}-{kind}-000001", name=f"{prefix}-{kind}")
    calls = {"feeds": lambda: store.feeds.add([feed()]), "entries": lambda: store.entries.get("entry-1")}
    with pytest.raises(StoreError, match=f"there is no {prefix}-{kind}: run `feedmill setup`"):
        calls[kind]()
    assert not es.indices.exists(index=f"{prefix}-{kind}")


def test_before_any_setup_nothing_is_written(connect, es, prefix: str) -> None:
    store = connect()
    for call in (
        lambda: store.feeds.add([feed()]),
        lambda: store.feeds.update(A, {"title": "T"}),
        lambda: store.feeds.remove(A),
        lambda: store.entries.admit(A, [entry()], NOW),
        lambda: store.entries.claim(["entry-1"], NOW, 900),
        lambda: store.articles.count(),
        lambda: store.hosts.stop("a.example", NOW),
        lambda: store.hosts.robots("https://a.example"),
    ):
        with pytest.raises(StoreError, match="run `feedmill setup`"):
            call()
    assert dict(es.indices.get(index=f"{prefix}*")) == {}


def test_an_alias_that_got_lost_is_made_again(connect, es, prefix: str) -> None:
    store = connect()
    store.setup()
    es.indices.delete_alias(index=f"{prefix}-articles-000001", name=f"{prefix}-articles-write")
    assert store.setup() == [f"index {prefix}-articles-000001: aliases {prefix}-articles-write"]


@pytest.mark.parametrize("kind", ["feeds", "articles"])
def test_an_index_that_lost_all_its_aliases_gets_them_back(connect, es, prefix: str, kind: str) -> None:
    store = connect()
    store.setup()
    store.feeds.add([feed()])
    es.indices.delete_alias(index=f"{prefix}-{kind}-000001", name="*")
    assert any(f"index {prefix}-{kind}-000001: aliases {prefix}-{kind}" in line for line in store.setup())
    assert store.feeds.get(A) == feed()


def test_of_several_indices_without_an_alias_none_is_chosen(connect, es, prefix: str) -> None:
    for number in (1, 2):
        es.indices.create(index=f"{prefix}-feeds-00000{number}")
    with pytest.raises(StoreError, match=f"{prefix}-feeds-000001, {prefix}-feeds-000002 have no alias"):
        connect().setup()


def test_new_fields_are_added(connect, es, prefix: str) -> None:
    made = es.indices.create(
        index=f"{prefix}-feeds-000001",
        aliases={f"{prefix}-feeds": {}},
        mappings={"dynamic": "strict", "properties": {"feed_id": {"type": "keyword"}}},
    )
    assert made["acknowledged"]
    said = connect().setup()
    assert any(line.startswith(f"index {prefix}-feeds-000001: fields url, url_key") for line in said)
    assert connect().setup() == []
    properties = es.indices.get_mapping(index=f"{prefix}-feeds")[f"{prefix}-feeds-000001"]["mappings"][
        "properties"
    ]
    assert properties["title"]["fields"] == {"keyword": {"type": "keyword", "ignore_above": 256}}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"mappings": {"properties": {"title": {"type": "keyword"}}}}, "title"),
        (
            {"mappings": {"properties": {"archive": {"properties": {"offset": {"type": "integer"}}}}}},
            "archive.offset",
        ),
        ({"mappings": {"properties": {"domain": {"type": "keyword"}}}}, "analysis settings"),
    ],
    ids=["a type", "inside an object", "analysis"],
)
def test_what_needs_a_new_index_is_refused_once_there_is_what_making_it_takes(
    connect, es, prefix: str, body, why: str
) -> None:
    es.indices.create(index=f"{prefix}-articles-000001", aliases={f"{prefix}-articles": {}}, **body)
    with pytest.raises(StoreError, match=f"{why}.*: run `feedmill reindex start`"):
        connect().setup()
    assert es.indices.exists_index_template(name=f"{prefix}-articles")
    assert es.indices.exists_alias(name=f"{prefix}-rebuilds")
    (index,) = es.indices.get(index=f"{prefix}-articles*").values()
    assert list(index["aliases"]) == [f"{prefix}-articles"]


def test_a_version_made_anew_is_what_setup_asked_for(connect, es, prefix: str) -> None:
    es.indices.create(
        index=f"{prefix}-articles-000001",
        aliases={f"{prefix}-articles": {}, f"{prefix}-articles-write": {}},
        mappings={"properties": {"title": {"type": "keyword"}, "article_id": {"type": "keyword"}}},
    )
    store = connect()
    with pytest.raises(StoreError, match="title.*: run `feedmill reindex start`"):
        store.setup()
    source = document_source(document())
    es.index(index=f"{prefix}-articles", id=document().article_id, document=source)
    into = store.versions.create()
    (before,) = store.versions.page("", "", 10, "live")
    store.versions.carry([Carried(before=before, after=before)], into)
    store.versions.swap()
    assert store.setup() == []
    assert store.articles.search(make_request("body", limit=10)).hits[0].document == document()


def test_the_ledger_gets_its_shards_wherever_an_index_of_it_is_made(connect, es, prefix: str) -> None:
    connect(ledger_shards=3).setup()
    es.indices.create(index=f"{prefix}-entries-000002")
    settings = es.indices.get_settings(index=f"{prefix}-*", name="index.number_of_shards", flat_settings=True)
    assert {index: said["settings"]["index.number_of_shards"] for index, said in settings.items()} == {
        f"{prefix}-feeds-000001": "1",
        f"{prefix}-entries-000001": "3",
        f"{prefix}-entries-000002": "3",
        f"{prefix}-articles-000001": "1",
        f"{prefix}-hosts-000001": "1",
        f"{prefix}-rebuilds-000001": "1",
    }


@pytest.mark.parametrize(("made", "wanted"), [(1, 2), (2, 1)], ids=["more", "fewer"])
def test_other_shards_need_a_new_index(connect, es, prefix: str, made: int, wanted: int) -> None:
    connect(ledger_shards=made).setup()
    template = es.indices.get_index_template(name=f"{prefix}-entries").body
    line = f"{prefix}-entries-000001 must be rebuilt for number_of_shards {wanted} instead of {made}: run"
    with pytest.raises(StoreError, match=line):
        connect(ledger_shards=wanted).setup()
    assert es.indices.get_index_template(name=f"{prefix}-entries").body == template
    assert connect(ledger_shards=made).setup() == []


def test_a_newer_schema_is_refused(connect, es, prefix: str) -> None:
    mappings = {"_meta": {"version": 99}, "properties": {}}
    es.indices.create(index=f"{prefix}-feeds-000007", aliases={f"{prefix}-feeds": {}}, mappings=mappings)
    with pytest.raises(StoreVersionError, match="schema 99 is from a newer Feedmill"):
        connect().setup()


def test_an_index_under_the_name_of_an_alias_is_refused(connect, es, prefix: str) -> None:
    es.indices.create(index=f"{prefix}-entries")
    with pytest.raises(StoreError, match=f"{prefix}-entries is an index, not an alias"):
        connect().setup()


def test_fields_of_the_search_box(connect, es, prefix: str) -> None:
    """Kibana's search box asks `index.query.default_field`: an inflection is found without naming a field."""
    connect().setup()
    index = f"{prefix}-articles"
    text = {"title": "Elections"}
    source = {**text, "lang_text": {"en": text}}
    es.index(index=index, id="1", document=source, refresh=True)
    assert (
        es.search(index=index, query={"query_string": {"query": "election"}})["hits"]["total"]["value"] == 1
    )
    assert es.get(index=index, id="1")["_source"] == {**text, "lang_text": {}}
