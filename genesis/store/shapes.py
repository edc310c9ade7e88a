"""Readers of canonical JSON values, built once from the type hints of the records.

Strict on purpose: what the encoder could not have written is refused, never coerced.
"""

from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

Reader = Callable[[Any], Any]


@cache
def record_reader(kind: type) -> Reader:
    """A reader of one dataclass from its JSON object.

    The reader raises ValueError for a missing or unknown field or a value of the wrong shape.
    """
    hints = get_type_hints(kind)
    readers = {field.name: value_reader(hints[field.name]) for field in fields(kind)}
    needed = frozenset(
        field.name
        for field in fields(kind)
        if field.default is MISSING and field.default_factory is MISSING
    )

    def read(raw: Any) -> Any:
        if type(raw) is not dict:
            raise ValueError(f"{kind.__name__} is not an object: {raw!r}")
        if not needed <= raw.keys() <= readers.keys():
            odd = sorted((needed - raw.keys()) | (raw.keys() - readers.keys()))
            raise ValueError(f"{kind.__name__} has missing or unknown fields: {', '.join(odd)}")
        return kind(**{name: readers[name](value) for name, value in raw.items()})

    return read


@cache
def value_reader(hint: Any) -> Reader:
    """A reader for one type hint. Raises TypeError for a hint that has no stored form."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _optional(hint)
    if origin is tuple:
        return _tuple(get_args(hint))
    if hint is Decimal:
        return _decimal
    if hint in (str, int, bool):
        return _exactly(hint)
    if isinstance(hint, type):
        if issubclass(hint, Enum):
            return _enum(hint)
        if issubclass(hint, tuple):
            return _named_tuple(hint)
        if is_dataclass(hint):
            return record_reader(hint)
    raise TypeError(f"{hint} has no stored form")


def _optional(hint: Any) -> Reader:
    kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    if len(kinds) != 1 or len(kinds) == len(get_args(hint)):
        raise TypeError(f"{hint} has no stored form: only one type or None can be told apart")
    inner = value_reader(kinds[0])
    return lambda raw: None if raw is None else inner(raw)


def _tuple(kinds: tuple[Any, ...]) -> Reader:
    if kinds[1:] == (...,):
        inner = value_reader(kinds[0])
        return lambda raw: tuple(map(inner, _list(raw)))
    readers = [value_reader(kind) for kind in kinds]
    return lambda raw: tuple(_each(readers, raw))


def _named_tuple(kind: Any) -> Reader:
    readers = [value_reader(hint) for hint in get_type_hints(kind).values()]
    return lambda raw: kind(*_each(readers, raw))


def _each(readers: list[Reader], raw: Any) -> list[Any]:
    return [read(item) for read, item in zip(readers, _list(raw), strict=True)]


def _list(raw: Any) -> list[Any]:
    if type(raw) is not list:
        raise ValueError(f"{raw!r} is not a list")
    return raw


def _enum(kind: type[Enum]) -> Reader:
    members = kind.__members__

    def read(raw: Any) -> Enum:
        if type(raw) is not str or raw not in members:
            raise ValueError(f"{raw!r} is not a {kind.__name__}")
        return members[raw]

    return read


def _decimal(raw: Any) -> Decimal:
    if type(raw) is not str:
        raise ValueError(f"{raw!r} is not the text of an amount")
    try:
        return Decimal(raw)
    except InvalidOperation:
        raise ValueError(f"{raw!r} is not the text of an amount") from None


def _exactly(kind: type) -> Reader:
    def read(raw: Any) -> Any:
        if type(raw) is not kind:
            raise ValueError(f"{raw!r} is not {kind.__name__}")
        return raw

    return read
