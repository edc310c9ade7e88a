"""Does a strategy bring data along that nobody gave it in this run?

What it was made with cannot be taken away from it: a table of features of the whole series answers
for the future whatever the market shows. Looked at: what the object holds, what its methods name in
their modules, and what a function that makes it has in its closure.
"""

import dis
from collections import deque
from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Final

import numpy as np
import pandas as pd

from genesis.research.bars import Bars
from genesis.research.guards.subject import Subject
from genesis.research.ticks import Ticks
from genesis.sim.columns import BarColumns, TickColumns, TopColumns
from genesis.strategy import Strategy

_MANY: Final = 50
"""More numbers than these, not all the same, are data and no parameters."""
_DEEP: Final = 5
_LOADS: Final = ("LOAD_GLOBAL", "LOAD_NAME")
_MARKETS: Final = (Ticks, Bars, TickColumns, TopColumns, BarColumns)

Seen = dict[int, object]
"""What was looked at, by identity; kept alive, so that no identity is used twice."""


def carried(subject: Subject, strategy: Strategy) -> tuple[str, ...]:
    """What is brought along, in words. strategy: as it was made for one run."""
    seen: Seen = {}
    found: list[str] = []
    given = subject.given
    if subject.is_factory:
        found += _in_code(given, seen)  # what it makes of the data may well hold some of them
    else:
        found += _in_values("it", strategy, seen, _DEEP)
    found += _in_class(type(strategy), seen)
    return tuple(dict.fromkeys(found))


def _in_values(name: str, value: object, seen: Seen, depth: int) -> Iterator[str]:
    """Data in a value, in what it holds, and in what that holds."""
    if id(value) in seen or depth == 0 or isinstance(value, ModuleType):
        return
    seen[id(value)] = value
    told = _data(value)
    if told:
        yield f"{name} holds {told}"
        return
    if isinstance(value, FunctionType | MethodType):
        yield from _in_code(value, seen)
        return
    for part, inner in _parts(value):
        yield from _in_values(f"{name}{part}", inner, seen, depth - 1)


def _parts(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        yield from ((f"[{key!r}]", inner) for key, inner in list(value.items())[:_MANY])
    elif isinstance(value, list | tuple | set | frozenset):
        yield from (("[…]", inner) for inner in list(value)[:_MANY])
    elif not isinstance(value, type) and not callable(value):
        for name in _names(value):
            inner = getattr(value, name, None)
            yield f".{name}", inner


def _names(value: object) -> Iterator[str]:
    yield from getattr(value, "__dict__", ())
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        yield from (slots,) if isinstance(slots, str) else slots


def _data(value: object) -> str:
    """What kind of data a value is; empty where it is none."""
    if isinstance(value, _MARKETS):
        return f"a market ({type(value).__name__})"
    if isinstance(value, pd.DataFrame | pd.Series | pd.Index):
        return f"a {type(value).__name__} of {len(value):,} rows" if len(value) > 1 else ""
    if isinstance(value, np.ndarray):
        many = value.size > _MANY and bool((value != value.flat[0]).any())
        return f"an array of {value.size:,} values" if many else ""
    if isinstance(value, Mapping):
        return _numbers(value.keys(), value) or _numbers(value.values(), value)
    if isinstance(value, list | tuple | set | frozenset | deque):
        return _numbers(value, value)
    return ""


def _numbers(values: Any, held: Any) -> str:
    plain = [one for one in values if isinstance(one, int | float | Decimal)]
    many = len(plain) > _MANY and any(one != plain[0] for one in plain)
    return f"a {type(held).__name__} of {len(plain):,} numbers" if many else ""


def _in_class(kind: type, seen: Seen) -> Iterator[str]:
    """Data that methods name, and data that hang at the class itself."""
    for one in kind.__mro__:
        if one.__module__.partition(".")[0] in ("builtins", "typing"):
            continue
        for name, value in vars(one).items():
            if isinstance(value, FunctionType):
                yield from _in_code(value, seen)
            elif not name.startswith("__"):
                yield from _in_values(f"{one.__name__}.{name}", value, seen, 2)


def _in_code(given: object, seen: Seen) -> Iterator[str]:
    """Data in the closure, the defaults and the named globals of a function, a class or an object
    that can be called; also of functions of the same module that it calls.
    """
    if isinstance(given, type):
        yield from _in_class(given, seen)
        return
    if isinstance(given, MethodType):
        yield from _in_values(f"the object of {given.__name__}", given.__self__, seen, _DEEP)
        given = given.__func__
    if not isinstance(given, FunctionType):
        yield from _in_values(f"what makes it ({type(given).__name__})", given, seen, _DEEP)
        return
    if id(given.__code__) in seen:
        return
    seen[id(given.__code__)] = given
    where = f"used in {given.__name__}"
    for name, value in _reached(given):
        is_own = getattr(value, "__module__", None) == given.__module__
        if isinstance(value, FunctionType | type) and is_own:
            yield from _in_code(value, seen)
        elif not isinstance(value, FunctionType | type):
            yield from _in_values(f"{name} ({where})", value, seen, 2)


def _reached(function: FunctionType) -> Iterator[tuple[str, object]]:
    """What a function can reach by name: its closure, its defaults, its module's globals."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
    for name, cell in cells:
        try:
            yield name, cell.cell_contents
        except ValueError:  # not filled yet
            continue
    yield from (("a default", value) for value in function.__defaults__ or ())
    yield from (function.__kwdefaults__ or {}).items()
    for name in _globals_named(function.__code__):
        if name in function.__globals__:
            yield name, function.__globals__[name]


def _globals_named(code: CodeType) -> Iterator[str]:
    for step in dis.get_instructions(code):
        if step.opname in _LOADS:
            yield step.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals_named(constant)
