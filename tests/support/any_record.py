"""Hypothesis strategies for every record of the domain, built from the type hints."""

from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from genesis.domain.commands import Command
from genesis.domain.events import Event
from genesis.domain.outcomes import Outcome

KINDS: tuple[type, ...] = (*get_args(Event), *get_args(Outcome), *get_args(Command))

_AMOUNTS = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**18), max_value=10**18),
    st.sampled_from([Decimal("Infinity"), Decimal("-0"), Decimal("1E-18"), Decimal("5.10E+3")]),
)
_PLAIN = {
    Decimal: _AMOUNTS,
    int: st.integers(-(2**63), 2**63 - 1),
    bool: st.booleans(),
    str: st.one_of(st.text(max_size=12), st.sampled_from(["\x00|\n\t", "Größe €", "NaN", "a\\u"])),
}


def any_of(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type hint that records use."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    if get_origin(hint) is UnionType:
        return st.one_of(*(any_of(kind) for kind in get_args(hint)))
    if get_origin(hint) is tuple:
        kinds = get_args(hint)
        if kinds[1:] == (...,):
            return st.lists(any_of(kinds[0]), max_size=3).map(tuple)
        return st.tuples(*map(any_of, kinds))
    if hint is NoneType:
        return st.none()
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    hints = get_type_hints(hint)
    names = [field.name for field in fields(hint)] if is_dataclass(hint) else list(hint._fields)
    return st.builds(hint, **{name: any_of(hints[name]) for name in names})
