"""ANALYTICS: numbers about what happened. Statistics are floats and never flow back into money.

A number that does not exist (too few days, no losses to divide by) is a `NoValue` with its reason,
never `nan` or infinity.
"""

from genesis.analytics.metrics import (
    DAYS_PER_YEAR,
    NoValue,
    calmar,
    compound_annual_growth,
    max_drawdown_fraction,
    sharpe,
    sortino,
)
from genesis.analytics.returns import daily_returns
from genesis.analytics.trades import (
    TradeStatistics,
    closed_trades,
    expectancy_usdt,
    longest_losing_streak,
    profit_factor,
    trade_statistics,
    win_fraction,
)

__all__ = [
    "DAYS_PER_YEAR",
    "NoValue",
    "TradeStatistics",
    "calmar",
    "closed_trades",
    "compound_annual_growth",
    "daily_returns",
    "expectancy_usdt",
    "longest_losing_streak",
    "max_drawdown_fraction",
    "profit_factor",
    "sharpe",
    "sortino",
    "trade_statistics",
    "win_fraction",
]
