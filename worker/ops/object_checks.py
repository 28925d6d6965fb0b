"""What is wrong with saved objects, found without a Kibana.

Kibana says little itself: an import that succeeds can leave a column that stays empty, or a search whose
data view is gone. Every check here is of something that it lets pass, or refuses in words of its own.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from worker.ops.saved_objects import CORE_STAMP, KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from worker.ops.saved_objects import Kind, Object

Fields = dict[str, str]
"""Field → its type in the mapping; those that cannot be sorted or counted by have `unsortable` there."""
UNSORTABLE = "unsortable"
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
_SOURCE = "kibanaSavedObjectMeta"


def known_indices(prefix: str) -> dict[str, Fields]:
    """Return the fields of what a data view may name under a prefix: the aliases of the index templates."""
    from worker.store.elasticsearch.cluster import names_of  # noqa: PLC0415 - 230 ms that only a check needs
    from worker.store.elasticsearch.templates import layouts  # noqa: PLC0415

    made = layouts(prefix, names_of(prefix), ledger_shards=1)
    return {layout.alias: flat_fields(layout.mappings) for layout in made}


def flat_fields(mappings: Mapping[str, Any]) -> Fields:
    """Return every field of a mapping by its full name: inner ones, and the other forms of a field, too."""
    return dict(_fields(mappings["properties"], ""))


def problems(objects: Sequence[Object], indices: Mapping[str, Fields]) -> list[str]:
    """Return what is wrong, one line each.

    Args:
        objects: all that are imported together: references must stay among them.
        indices: the fields of each index that a data view may name.
    """
    known = {(each["type"], each["id"]): each for each in objects}
    repeated = [
        key for key, count in Counter((each["type"], each["id"]) for each in objects).items() if count > 1
    ]
    lines = [f"{type_} {id_}: is there twice" for type_, id_ in repeated]
    for each in objects:
        lines += [f"{each['type']} {each['id']}: {said}" for said in _problems_of(each, known, indices)]
    return lines


def _fields(properties: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for name, mapping in properties.items():
        full = f"{path}{name}"
        if "properties" in mapping:
            yield from _fields(mapping["properties"], f"{full}.")
        elif mapping.get("enabled", True):
            sortable = mapping["type"] != "text" and mapping.get("doc_values", True)
            yield full, mapping["type"] if sortable else UNSORTABLE
            yield from _fields(mapping.get("fields", {}), f"{full}.")


def _problems_of(
    each: Object, known: Mapping[tuple[str, str], Object], indices: Mapping[str, Fields]
) -> Iterator[str]:
    kind = KINDS.get(each["type"])
    if kind is None:
        yield f"is of no type that is known here ({', '.join(KINDS)})"
        return
    if not _ID.fullmatch(each["id"]):
        yield "its id is no lasting name of lower-case letters, digits and dashes"
    yield from _stamps(each, kind)
    yield from _attributes(each["attributes"], kind)
    yield from _references(each, known)
    shapes = list(_shapes(each["attributes"], kind))
    yield from shapes or _OF_TYPE[each["type"]](each, known, indices)


def _stamps(each: Object, kind: Kind) -> Iterator[str]:
    if each.get("coreMigrationVersion") != CORE_STAMP:
        yield f"coreMigrationVersion must be {CORE_STAMP}, or every old migration runs on it"
    stamp = str(each.get("typeMigrationVersion"))
    if not re.fullmatch(r"\d+\.\d+\.\d+", stamp) or _version(stamp) > _version(kind.newest_stamp):
        yield f"typeMigrationVersion is {stamp}: older Kibanas take {kind.newest_stamp} at most"


def _version(stamp: str) -> tuple[int, ...]:
    return tuple(int(part) for part in stamp.split("."))


def _attributes(attributes: Mapping[str, Any], kind: Kind) -> Iterator[str]:
    for name in sorted(kind.required - attributes.keys()):
        yield f"has no {name}"
    for name in sorted(attributes.keys() - kind.required - kind.optional):
        yield f"Kibana knows no attribute {name}"
    for name, of in kind.encoded.items():
        if name in attributes and not isinstance(_decoded(attributes[name]), of):
            yield f"{name} must be a string that holds a JSON {of.__name__}"


def _shapes(attributes: Mapping[str, Any], kind: Kind) -> Iterator[str]:
    for name, of in kind.plain.items():
        if name in attributes and not isinstance(attributes[name], of):
            yield f"{name} must be a {of.__name__}"


def _references(each: Object, known: Mapping[tuple[str, str], Object]) -> Iterator[str]:
    for reference in each["references"]:
        if (reference.get("type"), reference.get("id")) not in known:
            yield f"refers to {reference.get('type')} {reference.get('id')}, which is not among them"


def _view(each: Object, _: object, indices: Mapping[str, Fields]) -> Iterator[str]:
    attributes = each["attributes"]
    fields = indices.get(attributes.get("title", ""))
    if fields is None:
        yield f"there is no index {attributes.get('title')}"
        return
    time = attributes.get("timeFieldName")
    if time and fields.get(time) != "date":
        yield f"its time field {time} is {fields.get(time, 'not in the mapping')}"
    for name in ("fieldAttrs", "fieldFormatMap"):
        yield from _unknown(name, _decoded(attributes.get(name)) or (), fields)


def _search(
    each: Object, known: Mapping[tuple[str, str], Object], indices: Mapping[str, Fields]
) -> Iterator[str]:
    attributes = each["attributes"]
    source = _decoded(attributes.get(_SOURCE, {}).get("searchSourceJSON"))
    name = source.get("indexRefName") if isinstance(source, dict) else None
    named = [reference for reference in each["references"] if reference.get("name") == name]
    if len(named) != 1 or len(each["references"]) != 1:
        yield "needs one reference, which its searchSourceJSON names as indexRefName"
        return
    view = known.get(("index-pattern", named[0].get("id", "")))
    fields = indices.get(view["attributes"].get("title", "")) if view else None
    if fields is not None:
        yield from _search_fields(attributes, fields)


def _search_fields(attributes: Mapping[str, Any], fields: Fields) -> Iterator[str]:
    yield from _unknown("columns", attributes.get("columns", ()), fields)
    yield from _unknown("grid", attributes.get("grid", {}).get("columns", ()), fields)
    breakdown = [attributes["breakdownField"]] if attributes.get("breakdownField") else []
    sorts = attributes.get("sort", ())
    if not all(isinstance(sort, list) and len(sort) == 2 and sort[1] in ("asc", "desc") for sort in sorts):
        yield "sort takes pairs of a field and asc or desc"
        return
    for name in [*breakdown, *(field for field, _ in sorts)]:
        if fields.get(str(name), UNSORTABLE) == UNSORTABLE:
            yield f"{name} cannot be sorted or counted by"


def _unknown(where: str, names: Iterable[str], fields: Fields) -> Iterator[str]:
    for name in names:
        if str(name) not in fields:
            yield f"{where}: there is no field {name}"


def _decoded(value: Any) -> Any:
    """Return what a string of JSON holds, None where it is none."""
    try:
        return json.loads(value) if isinstance(value, str) else None
    except ValueError:
        return None


_OF_TYPE = {"index-pattern": _view, "search": _search}
