"""Between the frozen values of `worker.models` and what the stores keep: plain values and JSON.

The types in a dataclass's annotations decide how its fields are read back, so that a new field needs
no code here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache, partial
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from worker.store.text import storable

Record = TypeVar("Record")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_PLAIN = frozenset({type(None), bool, int, float})
"""Most fields hold one of these: asked first, since settling encodes some 80 fields an article."""


def to_ms(time: datetime) -> int:
    """Return a time as whole milliseconds since 1970 UTC."""
    return (time - _EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """Return the aware UTC time that `to_ms` stored."""
    return _EPOCH + milliseconds * _MILLISECOND


def encode(value: Any) -> Any:
    """Return a value as the stores and JSON know it: times as milliseconds, text made storable."""
    return value if type(value) in _PLAIN else _encode(value)


def _encode(value: Any) -> Any:
    if isinstance(value, str):
        return storable(str(value))
    if isinstance(value, datetime):
        return to_ms(value)
    if isinstance(value, Mapping):
        return {encode(key): encode(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [encode(each) for each in value]
    if is_dataclass(value):
        return encoded_fields(value)
    return value


def encoded_fields(record: Any) -> dict[str, Any]:
    """Return every field of a record, encoded."""
    return {name: encode(getattr(record, name)) for name in _names(record.__class__)}


def to_json(values: Mapping[str, Any]) -> str:
    """Return encoded values as JSON, without what is not set.

    Raises:
        ValueError: a number is not finite, which JSON cannot say.
    """
    present = {name: value for name, value in values.items() if value not in (None, [], {})}
    return json.dumps(present, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def decode(kind: Callable[..., Record], values: Mapping[str, Any]) -> Record:
    """Return the record whose encoded fields are `values`; absent ones have their defaults, else are None."""
    present = {name: read(values[name]) for name, read in _readers(kind).items() if name in values}
    return kind(**{**_unset(kind), **present})


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


@cache
def _unset(kind: Any) -> dict[str, None]:
    """Return the fields without a default that may be None: stores leave out what is not set."""
    without_default = (each.name for each in fields(kind) if each.default is each.default_factory is MISSING)
    return {name: None for name in without_default if get_origin(_hints(kind)[name]) is UnionType}


def _hints(kind: Any) -> dict[str, Any]:
    # Named here because models.py imports them for type checkers only.
    return get_type_hints(kind, localns={"datetime": datetime, "Mapping": Mapping})


@cache
def _readers(kind: Any) -> dict[str, Callable[[Any], Any]]:
    return {name: _reader(hint) for name, hint in _hints(kind).items()}


def _reader(hint: Any) -> Callable[[Any], Any]:
    origin = get_origin(hint)
    if origin is UnionType:
        return partial(_read_optional, _reader(get_args(hint)[0]))
    if origin is tuple:
        return tuple
    if hint is datetime:
        return from_ms
    if hint is bool:
        return bool
    if is_dataclass(hint) and isinstance(hint, type):
        return partial(decode, hint)
    return hint if isinstance(hint, type) and issubclass(hint, StrEnum) else _as_is


def _read_optional(read: Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else read(value)


def _as_is(value: Any) -> Any:
    return value
