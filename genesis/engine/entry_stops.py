"""What the gate asks of the stops of entries, and of those that should rest already."""

from decimal import Decimal

from genesis.domain.approval import Failure
from genesis.domain.money import text
from genesis.domain.orders import Side
from genesis.execution.draft import Draft


def senseless(draft: Draft, price: Decimal | None, last: Decimal | None) -> list[Failure]:
    """Entries that cannot be meant on a spot account."""
    if draft.side is Side.SELL:
        return [Failure("tier", "LONG_ONLY", "a sell only reduces: there is no short on spot")]
    stop = draft.stop_plan
    if stop is not None and price is not None and stop >= price:
        told = f"the stop {text(stop)} is not below the entry at {text(price)}"
        return [Failure("risk", "STOP_ABOVE_ENTRY", told)]
    if stop is not None and last is not None and stop >= last:
        told = f"the stop {text(stop)} is not below the price, which is {text(last)} now"
        return [Failure("risk", "STOP_ABOVE_ENTRY", told)]
    return []


def stop_fraction(draft: Draft, price: Decimal) -> Decimal | None:
    """How far below the price its own stop is, as a part of it; None: it has none of its own."""
    return None if draft.stop_plan is None else (price - draft.stop_plan) / price


def stop_refused(symbol: str, why: str) -> Failure:
    told = f"{symbol} has no stop: the venue refuses it ({why}); it is tried again and again"
    return Failure("risk", "STOP_REFUSED", told)
