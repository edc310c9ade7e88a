"""The name an order carries on the wire: `g-{run}-{n}-{slice}-{head}`.

Numbers in base 36, head = 16 hex digits of the last committed hash before the order's step. The
venue takes at most 36 characters of [A-Za-z0-9-_].
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from genesis.domain.ids import OrderKey
from genesis.errors import InvariantBroken

MAX_LENGTH: Final = 36
HEAD_DIGITS: Final = 16
PREFIX: Final = "g-"
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_NUMBER: Final = "(0|[1-9a-z][0-9a-z]*)"
_SHAPE: Final = re.compile(rf"g-{_NUMBER}-{_NUMBER}-{_NUMBER}-([0-9a-f]{{{HEAD_DIGITS}}})")


class WireId(NamedTuple):
    """The two parts of a wire id: which order it is, and which log it grew from."""

    key: OrderKey
    head: str


def compose(key: OrderKey, head: str) -> str:
    """The wire id of an order.

    Args:
        key: the order's name.
        head: hex digits of the last committed hash; the first 16 are used.

    Raises:
        InvariantBroken: the numbers or the head do not fit the venue's 36 characters.
    """
    numbers = "-".join(_base36(number) for number in key)
    wire_id = f"{PREFIX}{numbers}-{head[:HEAD_DIGITS]}"
    if len(wire_id) > MAX_LENGTH or parse(wire_id) is None:
        raise InvariantBroken(f"order {key} with head {head!r} makes no wire id: {wire_id!r}")
    return wire_id


def parse(text: str) -> WireId | None:
    """The parts of a wire id, or None when the text is not one of ours."""
    shape = _SHAPE.fullmatch(text)
    if shape is None or len(text) > MAX_LENGTH:
        return None
    run, n, child, head = shape.groups()
    return WireId(OrderKey(int(run, 36), int(n, 36), int(child, 36)), head)


def key_of(text: str) -> OrderKey | None:
    """The order a wire id names, or None when the text is not one of ours."""
    parts = parse(text)
    return parts.key if parts else None


def ours(wire_ids: Mapping[OrderKey, str], text: str) -> OrderKey | None:
    """The order that left under this wire id; None where its key left under another, or never.

    Another home of the same account counts its orders alike: only the whole id tells them apart.
    """
    key = key_of(text)
    return None if key is None or wire_ids.get(key) != text else key


def _base36(number: int) -> str:
    if number < 0:
        raise InvariantBroken(f"an order key holds {number}: numbers count from 0")
    digits = ""
    while number >= 36:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return _DIGITS[number] + digits
