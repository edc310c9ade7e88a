"""Closed trades, flat to flat: `PositionClosed` outcomes and the usual figures about them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from genesis.analytics.blocks import DRAWS, Generator, Interval, drawn, interval_of
from genesis.analytics.values import NoValue
from genesis.domain.money import ZERO
from genesis.domain.outcomes import Outcome, PositionClosed
from genesis.domain.time import SECOND

_NO_TRADE: Final = NoValue("no closed trade")
_NO_WIN: Final = NoValue("no winning trade")
_NO_LOSS: Final = NoValue("no losing trade")


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
    payoff: float | NoValue
    expectancy_usdt: float | NoValue
    expectancy_r: float | NoValue
    longest_winning_streak: int
    longest_losing_streak: int
    hold_win_s: float | NoValue
    hold_loss_s: float | NoValue
    fees_fraction: float | NoValue


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
        payoff=payoff(pnls),
        expectancy_usdt=expectancy_usdt(pnls),
        expectancy_r=expectancy_r(trades),
        longest_winning_streak=longest_winning_streak(pnls),
        longest_losing_streak=longest_losing_streak(pnls),
        hold_win_s=_mean_hold_s([t for t in trades if t.pnl_usdt > 0], _NO_WIN),
        hold_loss_s=_mean_hold_s([t for t in trades if t.pnl_usdt < 0], _NO_LOSS),
        fees_fraction=fees_fraction(trades),
    )


# -- of results ------------------------------------------------------------------------------
def profit_factor(pnls: Sequence[Decimal]) -> float | NoValue:
    """Sum of the wins over the size of the sum of the losses."""
    losses = -sum((pnl for pnl in pnls if pnl < 0), ZERO)
    if not losses:
        return NoValue("no losing trade to divide by")
    return float(sum((pnl for pnl in pnls if pnl > 0), ZERO) / losses)


def win_fraction(pnls: Sequence[Decimal]) -> float | NoValue:
    """Trades with a profit after fees over all trades."""
    if not pnls:
        return _NO_TRADE
    return sum(pnl > 0 for pnl in pnls) / len(pnls)


def payoff(pnls: Sequence[Decimal]) -> float | NoValue:
    """Mean win over the size of the mean loss."""
    wins, losses = [p for p in pnls if p > 0], [-p for p in pnls if p < 0]
    if not wins or not losses:
        return _NO_LOSS if wins else _NO_WIN
    return float((sum(wins, ZERO) / len(wins)) / (sum(losses, ZERO) / len(losses)))


def expectancy_usdt(pnls: Sequence[Decimal]) -> float | NoValue:
    """Mean profit of a closed trade."""
    if not pnls:
        return _NO_TRADE
    return float(sum(pnls, ZERO) / len(pnls))


def expectancy_error_usdt(pnls: Sequence[Decimal]) -> float | NoValue:
    """The standard error of the expectancy: sample deviation over the root of the count."""
    if len(pnls) < 2:
        return NoValue("fewer than two closed trades: no error to estimate")
    column = np.array([float(pnl) for pnl in pnls])
    return float(column.std(ddof=1) / np.sqrt(column.size))


def longest_losing_streak(pnls: Sequence[Decimal]) -> int:
    return _longest(pnls, lambda pnl: pnl < 0)


def longest_winning_streak(pnls: Sequence[Decimal]) -> int:
    return _longest(pnls, lambda pnl: pnl > 0)


def _longest(pnls: Sequence[Decimal], counts: Callable[[Decimal], bool]) -> int:
    longest = run = 0
    for pnl in pnls:
        run = run + 1 if counts(pnl) else 0
        longest = max(longest, run)
    return longest


# -- of trades -------------------------------------------------------------------------------
def r_of(trade: PositionClosed) -> Decimal | NoValue:
    """The result in units of what the first stop risked."""
    if trade.risk_usdt <= 0:
        return NoValue("the trade had no stop: its risk is unknown")
    return trade.pnl_usdt / trade.risk_usdt


def expectancy_r(trades: Sequence[PositionClosed]) -> float | NoValue:
    """Mean R of the trades that had a stop."""
    results = [trade.pnl_usdt / trade.risk_usdt for trade in trades if trade.risk_usdt > 0]
    if not results:
        return NoValue("no closed trade had a stop: its risk is unknown")
    return float(sum(results, ZERO) / len(results))


def expectancy_interval_r(
    trades_by_session: Sequence[Sequence[PositionClosed]], rng: Generator
) -> Interval | NoValue:
    """95 % interval of the mean R by session-block bootstrap; `rng` seeded by the caller."""
    sums = np.zeros((len(trades_by_session), 2))
    for i, trades in enumerate(trades_by_session):
        results = [float(t.pnl_usdt / t.risk_usdt) for t in trades if t.risk_usdt > 0]
        sums[i] = sum(results), len(results)
    if np.count_nonzero(sums[:, 1]) < 2:
        return NoValue("fewer than two sessions with trades that had a stop")
    totals = drawn(len(sums), DRAWS, rng) @ sums
    filled = totals[totals[:, 1] > 0]
    return interval_of(filled[:, 0] / filled[:, 1])


def fees_fraction(trades: Sequence[PositionClosed]) -> float | NoValue:
    """Fees over the result before fees: how much of what was won went to the venue."""
    fees = sum((trade.fees_usdt for trade in trades), ZERO)
    gross = sum((trade.pnl_usdt for trade in trades), ZERO) + fees
    if gross <= 0:
        return NoValue("nothing was won before fees" if trades else "no closed trade")
    return float(fees / gross)


def _mean_hold_s(trades: Sequence[PositionClosed], none: NoValue) -> float | NoValue:
    if not trades:
        return none
    return sum(trade.ts_ns - trade.opened_ns for trade in trades) / len(trades) / SECOND


@dataclass(frozen=True, slots=True)
class Excursions:
    """Worst and best moment of one trade: as fractions of its entry, and in R."""

    mae_fraction: float
    mfe_fraction: float
    mae_r: float | NoValue
    mfe_r: float | NoValue


def excursions(trade: PositionClosed) -> Excursions:
    """MAE <= 0 <= MFE. The fractions are of what was sold and kept as dust, at the entry price."""
    paid = trade.entry_price * (trade.qty + trade.dust_qty)
    risk = trade.risk_usdt
    no_risk = NoValue("the trade had no stop: its risk is unknown")
    return Excursions(
        float(trade.mae_usdt / paid),
        float(trade.mfe_usdt / paid),
        float(trade.mae_usdt / risk) if risk > 0 else no_risk,
        float(trade.mfe_usdt / risk) if risk > 0 else no_risk,
    )
