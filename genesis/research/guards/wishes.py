"""Is what a strategy returned a sequence of wishes that mean something?"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from math import isfinite

from genesis.domain.money import text
from genesis.strategy import Intent
from genesis.strategy.sound import said, unreadable


def faults(wish: object, symbols: Sequence[str]) -> Iterator[str]:
    """What is wrong with one wish; nothing where it is sound. symbols: those in the data."""
    yield from unreadable(wish)
    if not isinstance(wish, Intent):
        return
    if wish.symbol not in symbols:
        yield f"it wishes for {wish.symbol!r}, and the data hold {', '.join(symbols)} only"
    for name in ("price", "stop", "qty"):
        value = getattr(wish, name)
        if isinstance(value, Decimal) and value.is_finite() and value <= 0:
            yield f"{name} is {value}, not above 0"
    if wish.type == "limit" and wish.price is None and wish.cancel is None:
        yield "a limit order has no price"
    sure: object = wish.confidence
    if isinstance(sure, int | float) and isfinite(sure) and not 0 <= sure <= 1:
        yield f"confidence is {said(sure)}, not a number from 0 to 1"


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
