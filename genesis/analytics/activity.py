"""How much was traded, how long money was at work, and what an execution cost beside its fee."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from genesis.analytics.values import NoValue
from genesis.domain.fills import Fill
from genesis.domain.money import BPS, ZERO
from genesis.domain.orders import Side
from genesis.domain.outcomes import PositionClosed


def exposure_fraction(
    held: Iterable[tuple[int, int]], start_ns: int, end_ns: int
) -> float | NoValue:
    """The share of [start, end) in which at least one position was open.

    held: (opened_ns, closed_ns) of each position, in any order.
    """
    if end_ns <= start_ns:
        return NoValue("no time lies between start and end")
    covered, reached = 0, start_ns
    for opened_ns, closed_ns in sorted(held):
        first, last = max(opened_ns, reached), min(closed_ns, end_ns)
        if last > first:
            covered, reached = covered + last - first, last
    return covered / (end_ns - start_ns)


def spans(trades: Iterable[PositionClosed]) -> list[tuple[int, int]]:
    """(opened_ns, closed_ns) of closed trades."""
    return [(trade.opened_ns, trade.ts_ns) for trade in trades]


def turnover(fills: Sequence[Fill], mean_equity_usdt: Decimal) -> float | NoValue:
    """Everything bought and sold over the mean equity: 2 is all of it in and out once."""
    if mean_equity_usdt <= 0:
        return NoValue("no equity to divide by")
    traded = sum((fill.price * fill.qty for fill in fills), ZERO)
    return float(traded / mean_equity_usdt)


def slippage_bps(side: Side, fill_price: Decimal, mid: Decimal) -> Decimal | NoValue:
    """How much worse than the mid at the decision it was filled; below 0 is better."""
    if mid <= 0:
        return NoValue("no mid price at the decision")
    worse = fill_price - mid if side is Side.BUY else mid - fill_price
    return worse / mid * BPS


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Implementation shortfall of one execution, in basis points of the mid at the decision.

    delay: what the market moved until the order arrived; impact: from there to the fill; fee.
    """

    delay_bps: Decimal
    impact_bps: Decimal
    fee_bps: Decimal


def shortfall(
    side: Side,
    decision_mid: Decimal,
    arrival_mid: Decimal,
    fill_price: Decimal,
    qty: Decimal,
    fee_usdt: Decimal,
) -> Shortfall | NoValue:
    """decision_mid, arrival_mid: when it was decided, and when the venue had the order."""
    if decision_mid <= 0 or qty <= 0:
        return NoValue("no mid price at the decision, or nothing filled")
    sign = 1 if side is Side.BUY else -1
    return Shortfall(
        (arrival_mid - decision_mid) * sign / decision_mid * BPS,
        (fill_price - arrival_mid) * sign / decision_mid * BPS,
        fee_usdt / (qty * decision_mid) * BPS,
    )
