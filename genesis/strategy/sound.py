"""Do a strategy's wishes mean anything? What cannot be read cannot even be refused.

What can be read and is not allowed (a symbol that is not there, a quantity of 0) is the gate's.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from math import isfinite
from typing import Final

from genesis.domain.events import Event
from genesis.domain.orders import Side
from genesis.domain.time import format_utc
from genesis.errors import StrategyFailed
from genesis.strategy.base import Intent

TYPES: Final = ("market", "limit", "iceberg", "twap", "vwap")
_AMOUNTS: Final = ("price", "stop", "qty", "expected_value_bps")


def readable(made: object, name: str, event: Event) -> tuple[Intent, ...]:
    """What a strategy returned, as wishes.

    name: of the strategy. event: at which it wished.

    Raises:
        StrategyFailed: one of them is no wish, or holds what is no number, side or type.
    """
    if not isinstance(made, Iterable):
        told = f"it returned {said(made)} where a list or tuple of wishes belongs"
        raise StrategyFailed(_failed(told, name, event))
    wishes = tuple(made)
    for wish in wishes:
        for told in unreadable(wish):
            raise StrategyFailed(_failed(told, name, event))
    return wishes


def unreadable(wish: object) -> Iterator[str]:
    """What of a wish means nothing, in words; nothing where all of it can be read."""
    if not isinstance(wish, Intent):
        yield f"it returned {said(wish)} where an Intent belongs"
        return
    side: object = wish.side
    if not isinstance(side, Side):
        yield f"side is {said(side)}, not a Side"
    if wish.type not in TYPES:
        yield f"type is {wish.type!r}; known are {', '.join(TYPES)}"
    for name in _AMOUNTS:
        value = getattr(wish, name)
        if value is not None and not isinstance(value, Decimal):
            yield f"{name} is {said(value)}, not a Decimal"
        elif value is not None and not value.is_finite():
            yield f"{name} is {value}, not a number"
    sure: object = wish.confidence
    if sure is not None and not (isinstance(sure, int | float) and isfinite(sure)):
        yield f"confidence is {said(sure)}, not a number from 0 to 1"


def said(value: object) -> str:
    """A value and its type."""
    return f"{value!r} ({type(value).__name__})"


def at(event: Event) -> str:
    """An event for people, such as `BarClosed of BTC/USDT, 2024-01-01T00:10:00Z`."""
    symbol = getattr(getattr(event, "fill", event), "symbol", "")
    of_it = f" of {symbol}" if symbol else ""
    return f"{type(event).__name__}{of_it}, {format_utc(event.ts_ns)}"


def _failed(told: str, name: str, event: Event) -> str:
    return (
        f"strategy {name} wished for what means nothing at {at(event)}: {told}; return a tuple of "
        "Intents (see `Intent` in genesis.strategy for its fields)"
    )
