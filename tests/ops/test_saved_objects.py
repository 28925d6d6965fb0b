"""What ships for Kibana is sound, and every mistake that its checks are for is found."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from worker.errors import UsageError
from worker.ops.object_checks import flat_fields, known_indices, problems
from worker.ops.saved_objects import parse_objects, shipped_objects

IDS = [
    ("index-pattern", "feedmill-articles"),
    ("index-pattern", "feedmill-entries"),
    ("search", "feedmill-latest-articles"),
]
"""Frozen: people's dashboards refer to them."""
VIEW, LEDGER, SEARCH = range(3)


def ids(objects: list[Any]) -> list[tuple[str, str]]:
    return [(each["type"], each["id"]) for each in objects]


def test_what_ships_is_sound() -> None:
    shipped = shipped_objects("feedmill")
    assert problems(shipped, known_indices("feedmill")) == []
    assert ids(shipped) == IDS


def test_time_fields() -> None:
    views = shipped_objects("feedmill")[:2]
    assert [view["attributes"]["timeFieldName"] for view in views] == ["published_at", "first_seen_at"]


def test_under_another_prefix_everything_follows() -> None:
    """Two prefixes may share one Kibana: no id in common, no name, and each view on its own index."""
    moved = shipped_objects("my-news")
    assert problems(moved, known_indices("my-news")) == []
    assert ids(moved) == [(kind, name.replace("feedmill-", "my-news-")) for kind, name in IDS]
    assert [each["attributes"]["title"] for each in moved] == [
        "my-news-articles",
        "my-news-entries",
        "Feedmill: latest articles (my-news)",
    ]
    assert moved[0]["attributes"]["name"] == "Feedmill articles (my-news)"
    assert problems(moved, known_indices("feedmill")) != []


@pytest.mark.parametrize(
    ("field", "type_"),
    [
        ("published_at", "date"),
        ("title", "unsortable"),
        ("lang_text.en.title", "unsortable"),
        ("feed_title", "unsortable"),
        ("topic_names.folded", "keyword"),
        ("country_scores", None),
        ("archive.offset", "unsortable"),
        ("archive", None),
    ],
)
def test_fields_of_a_mapping(field: str, type_: str | None) -> None:
    assert known_indices("feedmill")["feedmill-articles"].get(field) == type_


def test_an_empty_mapping() -> None:
    assert flat_fields({"properties": {}}) == {}


def attribute(number: int, name: str, value: Any) -> Callable[[list[Any]], object]:
    return lambda objects: objects[number]["attributes"].__setitem__(name, value)


def without(number: int, name: str) -> Callable[[list[Any]], object]:
    return lambda objects: objects[number]["attributes"].pop(name)


MISTAKES: list[tuple[str, Callable[[list[Any]], object], str]] = [
    ("the same twice", lambda objects: objects.append(objects[VIEW]), "is there twice"),
    ("an unknown type", lambda objects: objects[LEDGER].update(type="lens"), "is of no type that is known"),
    ("a random id", lambda objects: objects[LEDGER].update(id="B6F0_aa"), "no lasting name"),
    ("no core stamp", lambda objects: objects[VIEW].pop("coreMigrationVersion"), "must be 8.8.0"),
    ("no stamp", lambda objects: objects[VIEW].pop("typeMigrationVersion"), "typeMigrationVersion is None"),
    (
        "a stamp from a newer Kibana",
        lambda objects: objects[SEARCH].update(typeMigrationVersion="10.12.0"),
        "10.5.0 at most",
    ),
    ("no name", without(VIEW, "name"), "has no name"),
    ("no columns", without(SEARCH, "columns"), "has no columns"),
    ("an attribute of another type", attribute(VIEW, "columns", []), "no attribute columns"),
    ("JSON that is not in a string", attribute(VIEW, "fieldAttrs", {}), "fieldAttrs must be a string"),
    ("broken JSON in a string", attribute(VIEW, "fieldFormatMap", "{"), "fieldFormatMap must be a string"),
    ("JSON of another kind", attribute(VIEW, "fields", "{}"), "JSON list"),
    ("another index", attribute(VIEW, "title", "feedmill-*"), "there is no index feedmill-*"),
    ("a time field that is none", attribute(VIEW, "timeFieldName", "domain"), "time field domain is keyword"),
    ("a time field that is gone", attribute(VIEW, "timeFieldName", "when"), "not in the mapping"),
    ("a label of nothing", attribute(VIEW, "fieldAttrs", '{"gone":{}}'), "there is no field gone"),
    ("a format of nothing", attribute(VIEW, "fieldFormatMap", '{"gone":{}}'), "there is no field gone"),
    (
        "a column of nothing",
        attribute(SEARCH, "columns", ["title", "gone"]),
        "columns: there is no field gone",
    ),
    (
        "a width of nothing",
        attribute(SEARCH, "grid", {"columns": {"gone": {}}}),
        "grid: there is no field gone",
    ),
    ("sorting by text", attribute(SEARCH, "sort", [["title", "asc"]]), "title cannot be sorted"),
    ("sorting by nothing", attribute(SEARCH, "sort", [["gone", "asc"]]), "gone cannot be sorted"),
    ("sorting sideways", attribute(SEARCH, "sort", [["published_at", "up"]]), "sort takes pairs"),
    ("counting by text", attribute(SEARCH, "breakdownField", "body"), "body cannot be sorted or counted"),
    ("a view that is gone", lambda objects: objects.pop(VIEW), "feedmill-articles, which is not among them"),
    ("no reference", lambda objects: objects[SEARCH]["references"].clear(), "needs one reference"),
    (
        "a reference that nothing uses",
        lambda objects: objects[SEARCH]["references"].append(
            {"type": "index-pattern", "id": "feedmill-entries"}
        ),
        "needs one reference",
    ),
    ("columns in a string", attribute(SEARCH, "columns", "title"), "columns must be a list"),
    ("a column that is no name", attribute(SEARCH, "columns", [["title"]]), "there is no field ['title']"),
    ("no source", attribute(SEARCH, "kibanaSavedObjectMeta", {}), "needs one reference"),
]


@pytest.mark.parametrize(("break_it", "said"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_a_mistake_is_found(break_it: Callable[[list[Any]], object], said: str) -> None:
    objects = copy.deepcopy(shipped_objects("feedmill"))
    break_it(objects)
    found = problems(objects, known_indices("feedmill"))
    assert any(said in line for line in found), found


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("[]", id="not an object"),
        pytest.param('{"exportedCount":3,"missingRefCount":0}', id="the summary of an export"),
        pytest.param(
            '{"type":"search","id":"x","attributes":"{}","references":[]}', id="attributes in a string"
        ),
        pytest.param(
            '{"type":"search","id":"x","attributes":{},"references":["y"]}', id="a reference in a string"
        ),
        pytest.param("{", id="not JSON"),
    ],
)
def test_a_line_that_is_no_object_is_named(line: str) -> None:
    good = json.dumps(shipped_objects("feedmill")[0])
    with pytest.raises(UsageError, match="line 2 is "):
        parse_objects(f"{good}\n{line}\n")
