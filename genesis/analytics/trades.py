"""Closed trades, flat to flat: `PositionClosed` outcomes and the usual figures about them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from genesis.analytics.metrics import NoValue
from genesis.domain.money import ZERO
from genesis.domain.outcomes import Outcome, PositionClosed


def closed_trades(outcomes: Iterable[Outcome]) -> tuple[PositionClosed, ...]:
    """The closed trades among the outcomes, in their order."""
    return tuple(one for one in outcomes if type(one) is PositionClosed)


@dataclass(frozen=True, slots=True)
class TradeStatistics:
    """Figures about closed trades, net of fees, in quote currency."""

    count: int
    wins: int
    losses: int
    pnl_usdt: Decimal
    fees_usdt: Decimal
    win_fraction: float | NoValue
    profit_factor: float | NoValue
    expectancy_usdt: float | NoValue
    expectancy_r: float | NoValue
    longest_losing_streak: int


def trade_statistics(trades: Sequence[PositionClosed]) -> TradeStatistics:
    pnls = [trade.pnl_usdt for trade in trades]
    return TradeStatistics(
        count=len(pnls),
        wins=sum(pnl > 0 for pnl in pnls),
        losses=sum(pnl < 0 for pnl in pnls),
        pnl_usdt=sum(pnls, ZERO),
        fees_usdt=sum((trade.fees_usdt for trade in trades), ZERO),
        win_fraction=win_fraction(pnls),
        profit_factor=profit_factor(pnls),
        expectancy_usdt=expectancy_usdt(pnls),
        expectancy_r=_expectancy_r(trades),
        longest_losing_streak=longest_losing_streak(pnls),
    )


def profit_factor(pnls: Sequence[Decimal]) -> float | NoValue:
    """Sum of the wins over the size of the sum of the losses."""
    losses = -sum((pnl for pnl in pnls if pnl < 0), ZERO)
    if not losses:
        return NoValue("no losing trade to divide by")
    return float(sum((pnl for pnl in pnls if pnl > 0), ZERO) / losses)


def win_fraction(pnls: Sequence[Decimal]) -> float | NoValue:
    """Trades with a profit after fees over all trades."""
    if not pnls:
        return NoValue("no closed trade")
    return sum(pnl > 0 for pnl in pnls) / len(pnls)


def expectancy_usdt(pnls: Sequence[Decimal]) -> float | NoValue:
    """Mean profit of a closed trade."""
    if not pnls:
        return NoValue("no closed trade")
    return float(sum(pnls, ZERO) / len(pnls))


def longest_losing_streak(pnls: Sequence[Decimal]) -> int:
    longest = run = 0
    for pnl in pnls:
        run = run + 1 if pnl < 0 else 0
        longest = max(longest, run)
    return longest


def _expectancy_r(trades: Sequence[PositionClosed]) -> float | NoValue:
    results = [trade.pnl_usdt / trade.risk_usdt for trade in trades if trade.risk_usdt > 0]
    if not results:
        return NoValue("no closed trade had a stop: its risk is unknown")
    return float(sum(results, ZERO) / len(results))
