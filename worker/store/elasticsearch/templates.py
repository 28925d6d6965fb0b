"""The cluster's templates, made from `schemas/*.json` for a prefix, and how a live index differs. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from worker.store.elasticsearch.cluster import Names

_KINDS = {"feed": "feeds", "entry": "entries", "article": "articles", "host": "hosts", "rebuild": "rebuilds"}
"""Record → the last part of its alias."""
FIRST = "000001"


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of index: its template's body and the aliases that its first index gets."""

    template: str
    alias: str
    aliases: tuple[str, ...]
    body: Mapping[str, Any]

    @property
    def first_index(self) -> str:
        return f"{self.alias}-{FIRST}"

    @property
    def mappings(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.body["template"]["mappings"]
        return found

    @property
    def analysis(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.body["template"]["settings"].get("analysis", {})
        return found

    @property
    def shards(self) -> int | None:
        """Primary shards that every index of this kind must have, None where the server may choose."""
        found: int | None = self.body["template"]["settings"]["index"].get("number_of_shards")
        return found

    @property
    def version(self) -> int:
        return int(self.body["version"])


def shared_template(prefix: str) -> tuple[str, dict[str, Any]]:
    """Return the name and body of the component template that all indices are made of."""
    return f"{prefix}-shared", _signed(_schema("shared"))


def layouts(prefix: str, names: Names, ledger_shards: int) -> list[Layout]:
    """Return what each kind of index is made from: a rebuilt ledger gets its shards from there, too."""
    shards = {"entry": ledger_shards}
    return [_layout(prefix, names, record, kind, shards.get(record)) for record, kind in _KINDS.items()]


def signature(template: Mapping[str, Any]) -> str | None:
    """Return what `signed` left in a template on the server, None where it is somebody else's."""
    found: str | None = template.get("_meta", {}).get("digest")
    return found


def new_fields(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties that the live mapping lacks, nested as they are to be added."""
    added = {}
    for name, mapping in wanted.items():
        if name not in live:
            added[name] = mapping
        elif more := new_fields(mapping.get("properties", {}), live[name].get("properties", {})):
            added[name] = {"properties": more}
    return added


def changed_fields(wanted: Mapping[str, Any], live: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Yield the fields that are mapped otherwise than they should be: what only a new index can mend."""
    for name, mapping in wanted.items():
        if name not in live:
            continue
        inner, outer = _split(mapping), _split(live[name])
        if _normal(inner[0]) != _normal(outer[0]):
            yield f"{path}{name}"
        yield from changed_fields(inner[1], outer[1], f"{path}{name}.")


def is_same_analysis(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """Return whether two analysis settings say the same: the server gives every value back as text."""
    return bool(_normal(wanted) == _normal(live))


def _layout(prefix: str, names: Names, record: str, kind: str, shards: int | None) -> Layout:
    alias: str = getattr(names, kind)
    more = (names.articles_write,) if kind == "articles" else ()
    schema = _schema(record)
    body = {
        **schema,
        "index_patterns": [f"{alias}-*"],
        "composed_of": [shared_template(prefix)[0]],
        # A write that comes after its index was dropped must not bring back an empty one.
        "allow_auto_create": False,
        "template": _with_shards(schema["template"], shards) if shards else schema["template"],
    }
    return Layout(template=alias, alias=alias, aliases=(alias, *more), body=_signed(body))


def _with_shards(template: Mapping[str, Any], shards: int) -> dict[str, Any]:
    settings = template["settings"]
    return {**template, "settings": {**settings, "index": {**settings["index"], "number_of_shards": shards}}}


def _signed(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template with a digest of itself, since the server gives it back in another form."""
    text = json.dumps(body, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return {**body, "_meta": {**body.get("_meta", {}), "digest": digest}}


@cache
def _schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files("schemas").joinpath(f"{name}.json").read_text(encoding="utf-8"))
    return found


def _split(mapping: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Return a field's own mapping and the fields inside it. Objects are what says nothing else."""
    own = {name: value for name, value in mapping.items() if name != "properties"}
    if "properties" in mapping:
        own.setdefault("type", "object")
    return own, mapping.get("properties", {})


def _normal(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _normal(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_normal(each) for each in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
