"""The index templates define every stored field, and nothing that no record has."""

from __future__ import annotations

import json
from dataclasses import fields
from importlib.resources import files
from typing import Any

import pytest

from worker.models import (
    ArchiveLocation,
    Document,
    Entry,
    Feed,
    HostStop,
    LedgerRow,
    Rebuild,
    Robots,
    Slice,
    Timings,
)
from worker.store.text import STEMMERS


def template(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files("schemas").joinpath(f"{name}.json").read_text())
    return found


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = template(name)["template"]["mappings"]["properties"]
    return found


def names(*kinds: type) -> set[str]:
    return {each.name for kind in kinds for each in fields(kind)}


RECORDS = {
    # Derived on writing: what two spellings of one URL share.
    "feed": names(Feed) | {"url_key", "redirect_key"},
    "entry": names(LedgerRow, Entry, Timings) - {"entry", "timings"} | {"link_key"},
    # Derived on writing: from title, summary and body, and from the place in the archive.
    "article": names(Document) | {"lang_text", "archive_file"},
    "host": names(HostStop, Robots),
    # Beside the records stands the number of the latest version of the articles.
    "rebuild": names(Rebuild, Slice) | {"latest"},
}


@pytest.mark.parametrize("name", RECORDS)
def test_fields_are_those_of_the_records(name: str) -> None:
    assert set(properties(name)) == RECORDS[name]


@pytest.mark.parametrize("name", ["entry", "article"])
def test_archive_locations(name: str) -> None:
    assert set(properties(name)["archive"]["properties"]) == names(ArchiveLocation)


@pytest.mark.parametrize("name", RECORDS)
def test_versioned_and_strict(name: str) -> None:
    mappings = template(name)["template"]["mappings"]
    assert (mappings["_meta"]["version"], mappings["dynamic"]) == (1, "strict")


@pytest.mark.parametrize("name", ["written_by", "country_scores", "topic_scores"])
def test_opaque_objects(name: str) -> None:
    assert properties("article")[name] == {"type": "object", "enabled": False}


def test_every_language_that_sqlite_stems_has_an_analyzer() -> None:
    body = template("article")["template"]
    lang_text = body["mappings"]["properties"]["lang_text"]["properties"]
    assert set(lang_text) == {*STEMMERS, "cjk"}
    assert body["mappings"]["_source"]["excludes"] == ["lang_text.*"]
    texts = [each for language in lang_text.values() for each in language["properties"].values()]
    used = {each[name] for each in texts for name in ("analyzer", "search_analyzer") if name in each}
    assert {*used, "folded"} == set(body["settings"]["analysis"]["analyzer"])


def test_analyzers_name_filters_that_exist() -> None:
    analysis = template("article")["template"]["settings"]["analysis"]
    built_in = {"cjk_width", "cjk_bigram", "lowercase", "asciifolding"}
    used = {name for analyzer in analysis["analyzer"].values() for name in analyzer["filter"]}
    assert used - built_in == set(analysis["filter"])
