"""Is what a strategy returned a sequence of wishes that mean something?"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from genesis.domain.money import text
from genesis.domain.orders import Side
from genesis.strategy import Intent

_TYPES: Final = ("market", "limit", "iceberg", "twap", "vwap")


def faults(wish: object, symbol: str) -> Iterator[str]:
    """What is wrong with one wish; nothing where it is sound. symbol: the only one in the data."""
    if not isinstance(wish, Intent):
        yield f"it returned {_told(wish)} where an Intent belongs"
        return
    if wish.symbol != symbol:
        yield f"it wishes for {wish.symbol!r}, and the data hold {symbol} only"
    side: object = wish.side
    if not isinstance(side, Side):
        yield f"side is {_told(side)}, not a Side"
    if wish.type not in _TYPES:
        yield f"type is {wish.type!r}; known are {', '.join(_TYPES)}"
    for name in ("price", "stop", "qty"):
        yield from _amount(name, getattr(wish, name))
    if wish.type == "limit" and wish.price is None and wish.cancel is None:
        yield "a limit order has no price"
    sure: object = wish.confidence
    if sure is not None and not (isinstance(sure, int | float) and 0 <= sure <= 1):
        yield f"confidence is {_told(sure)}, not a number from 0 to 1"


def _amount(name: str, value: object) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, Decimal):
        yield f"{name} is {_told(value)}, not a Decimal"
    elif not value.is_finite():
        yield f"{name} is {value}, not a number"
    elif value <= 0:
        yield f"{name} is {value}, not above 0"


def _told(value: object) -> str:
    return f"{value!r} ({type(value).__name__})"


def in_words(what: tuple[object, ...]) -> str:
    """A decision for people: its wishes, or the kinds of its outcomes and commands."""
    return "; ".join(_wish(one) if isinstance(one, Intent) else _record(one) for one in what)


def _record(record: object) -> str:
    qty = getattr(getattr(record, "request", record), "qty", None)
    amount = f" of {text(qty)}" if isinstance(qty, Decimal) else ""
    return f"{type(record).__name__}{amount}"


def _wish(wish: Intent) -> str:
    if wish.cancel is not None:
        return f"cancel an order in {wish.symbol}" + _why(wish)
    qty = "" if wish.qty is None else f"{text(wish.qty)} "
    at = "" if wish.price is None else f" at {text(wish.price)}"
    stop = "" if wish.stop is None else f", stop {text(wish.stop)}"
    kind = "" if wish.type == "market" else f" {wish.type}"
    return f"{wish.side.name.lower()} {qty}{wish.symbol}{kind}{at}{stop}" + _why(wish)


def _why(wish: Intent) -> str:
    return f" ({wish.why})" if wish.why else ""
