"""The difference between two rulebooks, field by field, and which way each field goes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from genesis.rules.book import Book
from genesis.rules.fields import NONE, Table
from genesis.rules.tighter import Once, Tighter

ABSENT: Final = object()
"""A rulebook from before there was such a field has none."""
_LAST: Final = Decimal("Infinity")

Path = tuple[str, ...]


class Way(StrEnum):
    """Where a change leads."""

    TIGHTENS = "tightens"
    LOOSENS = "loosens"
    LOCKED = "locked"
    NAMES = "names"


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs: its values as the documents hold them."""

    path: Path
    old: Any
    new: Any
    way: Way


def diff(
    old: Mapping[str, Any], new: Mapping[str, Any], *, doubt_waits: bool = True
) -> tuple[Change, ...]:
    """Every field that differs between two whole, valid rulebooks, in the order of the schema.

    doubt_waits: not so for edits recorded before there was such a rule.
    """
    return tuple(_tables(Book, old, new, (), doubt_waits))


def fields_of(table: type[Table] = Book, path: Path = ()) -> Iterator[tuple[Path, FieldInfo]]:
    """Every field of the schema with its place, those of inner tables included."""
    for name, field in table.model_fields.items():
        yield (*path, name), field
        inner = inner_table(field.annotation)
        if inner is not None:
            yield from fields_of(inner, (*path, name))


def direction(field: FieldInfo, *, doubt_waits: bool = True) -> Tighter | None:
    """Which way the field gets stricter; None for a table, whose fields say it each."""
    once = next((mark.tighter for mark in field.metadata if isinstance(mark, Once)), None)
    if once is not None and not doubt_waits:
        return once
    return next((mark for mark in field.metadata if isinstance(mark, Tighter)), None)


def inner_table(kind: Any) -> type[Table] | None:
    """The table a field holds, also where it may be switched off."""
    if isinstance(kind, type) and issubclass(kind, Table):
        return kind
    if get_origin(kind) in (Union, UnionType):
        return next(filter(None, map(inner_table, get_args(kind))), None)
    return None


def _tables(
    table: type[Table],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    path: Path,
    doubt_waits: bool,
) -> Iterator[Change]:
    for name, field in table.model_fields.items():
        was, wanted = old.get(name, ABSENT), new.get(name, ABSENT)
        inner = inner_table(field.annotation)
        if inner is not None and isinstance(was, Mapping) and isinstance(wanted, Mapping):
            yield from _tables(inner, was, wanted, (*path, name), doubt_waits)
        elif was != wanted:
            tighter = direction(field, doubt_waits=doubt_waits) or Tighter.EITHER
            yield Change((*path, name), was, wanted, _way(tighter, was, wanted))


def _way(tighter: Tighter, old: Any, new: Any) -> Way:
    """What is new in the schema holds at once: it came with the version that knows it."""
    if tighter is Tighter.LABEL:
        return Way.NAMES
    if old is ABSENT:
        return Way.TIGHTENS
    if tighter is Tighter.LOCKED:
        return Way.LOCKED
    return Way.TIGHTENS if _is_stricter(tighter, old, new) else Way.LOOSENS


def _is_stricter(tighter: Tighter, old: Any, new: Any) -> bool:
    if tighter is Tighter.EITHER or new is ABSENT or new == NONE:
        return False
    if old == NONE:
        return True
    if tighter is Tighter.SUBSET:
        return set(new) <= set(old)
    is_lower = tighter is Tighter.LOWER
    if _names(old) and _names(new):
        return set(old) <= set(new) and not is_lower
    pairs = list(zip(_numbers(old), _numbers(new), strict=False))
    if len(_numbers(old)) != len(_numbers(new)):
        return False
    return all(after <= before if is_lower else after >= before for before, after in pairs)


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _numbers(value: Any) -> list[Decimal]:
    """The numbers of a field; a word among them, such as a rest of the whole day, is the most."""
    if isinstance(value, list):
        return [number for one in value for number in _numbers(one)]
    return [_LAST if isinstance(value, str) else Decimal(value)]
