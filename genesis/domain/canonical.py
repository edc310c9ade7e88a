"""One text for one record: what is hashed, stored and compared.

Field names sorted, no spaces, amounts as plain decimal text, enums by name, records as objects.
Equal records give equal text on every machine and under every hash seed.
"""

import json
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any

from genesis.domain.ids import OrderKey
from genesis.domain.money import text


def canonical(record: object, *, with_run: bool = True) -> str:
    """JSON text of a record. `with_run=False` leaves the run out of order keys (for digests)."""
    return json.dumps(
        plain(record, with_run=with_run), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


def plain(value: object, *, with_run: bool = True) -> Any:
    """The record as nested dicts, lists, text, whole numbers, booleans and None.

    Raises:
        TypeError: a value has no canonical text (floats among them: they are not money).
    """
    if value is None or type(value) in (str, int, bool):
        return value
    if type(value) is Decimal:
        return text(value)
    if type(value) is OrderKey:
        return list(value) if with_run else list(value)[1:]
    if isinstance(value, Enum):
        return value.name
    if is_dataclass(value) and not isinstance(value, type):
        return {
            name: plain(getattr(value, name), with_run=with_run) for name in _names(type(value))
        }
    if isinstance(value, tuple):
        return [plain(item, with_run=with_run) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical text: {value!r}")


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
