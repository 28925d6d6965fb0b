"""Kibana's saved objects as NDJSON: what types there are, reading them, moving them under a prefix."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from worker.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Object = dict[str, Any]
SHIPPED_PREFIX = "feedmill"
CORE_STAMP = "8.8.0"
"""`coreMigrationVersion` of every export since 8.8."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of saved object.

    Args:
        newest_stamp: the highest `typeMigrationVersion` that every Kibana 9 takes: it refuses one above its
            own and migrates what is below (Kibana's document migrator).
        required: attributes without which it is of no use.
        optional: the others that Kibana's create schema has; it refuses any more.
        encoded: attributes that hold JSON as a string, and what of.
        plain: what else the checks look into, and what it must be.
    """

    newest_stamp: str
    required: frozenset[str]
    optional: frozenset[str]
    encoded: Mapping[str, type]
    plain: Mapping[str, type]


_VIEW = Kind(
    newest_stamp="8.0.0",
    required=frozenset({"title", "name"}),
    optional=frozenset({
        "timeFieldName", "fields", "fieldAttrs", "fieldFormatMap", "runtimeFieldMap", "sourceFilters",
        "typeMeta", "allowNoIndex", "allowHidden",
    }),
    encoded={"fields": list, "fieldAttrs": dict, "fieldFormatMap": dict, "runtimeFieldMap": dict,
             "sourceFilters": list},
    plain={"title": str, "name": str, "timeFieldName": str},
)  # fmt: skip
_SEARCH = Kind(
    newest_stamp="10.5.0",
    required=frozenset({"title", "columns", "sort", "kibanaSavedObjectMeta"}),
    optional=frozenset({
        "description", "grid", "rowHeight", "rowsPerPage", "hideChart", "breakdownField", "isTextBasedQuery",
        "usesAdHocDataView", "timeRestore", "timeRange", "refreshInterval", "viewMode", "sampleSize",
        "headerRowHeight", "density",
    }),
    encoded={},
    plain={"title": str, "columns": list, "sort": list, "grid": dict, "kibanaSavedObjectMeta": dict},
)  # fmt: skip
KINDS = {"index-pattern": _VIEW, "search": _SEARCH}
_SHAPE = {"type": str, "id": str, "attributes": dict, "references": list}


def shipped_objects(prefix: str) -> list[Object]:
    """Return the data views and searches that come with Feedmill, for indices under `prefix`."""
    text = files("schemas").joinpath("kibana", "feedmill.ndjson").read_text(encoding="utf-8")
    return under_prefix(parse_objects(text), prefix)


def parse_objects(text: str) -> list[Object]:
    """Return the objects, one a line.

    Raises:
        UsageError: a line is none; it says which.
    """
    return [
        _parse_line(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()
    ]


def render_objects(objects: Sequence[Object]) -> str:
    """Return the objects as NDJSON."""
    return "".join(json.dumps(each, ensure_ascii=False, separators=(",", ":")) + "\n" for each in objects)


def under_prefix(objects: Sequence[Object], prefix: str) -> list[Object]:
    """Return the objects for indices under another prefix, with ids and names of their own."""
    if prefix == SHIPPED_PREFIX:
        return list(objects)
    return [_renamed(each, prefix) for each in objects]


def _parse_line(number: int, line: str) -> Object:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise UsageError(f"line {number} is not JSON: {error}") from error
    if not isinstance(found, dict) or not all(
        isinstance(found.get(key), kind) for key, kind in _SHAPE.items()
    ):
        raise UsageError(f"line {number} is no saved object: it needs type, id, attributes and references")
    if not all(isinstance(reference, dict) for reference in found["references"]):
        raise UsageError(f"line {number} is no saved object: a reference is none")
    return found


def _renamed(each: Object, prefix: str) -> Object:
    attributes = dict(each["attributes"])
    shown = "name" if each["type"] == "index-pattern" else "title"
    attributes[shown] = f"{attributes[shown]} ({prefix})"
    if each["type"] == "index-pattern":
        attributes["title"] = _moved(attributes["title"], prefix)
    references = [{**reference, "id": _moved(reference["id"], prefix)} for reference in each["references"]]
    return {**each, "id": _moved(each["id"], prefix), "attributes": attributes, "references": references}


def _moved(name: str, prefix: str) -> str:
    return re.sub(rf"^{SHIPPED_PREFIX}-", f"{prefix}-", name)
