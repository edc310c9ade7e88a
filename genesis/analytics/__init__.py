"""ANALYTICS: numbers about what happened. Statistics are floats and never flow back into money.

A number that does not exist (too few days, no losses to divide by) is a `NoValue` with its reason,
never `nan` or infinity.
"""

from genesis.analytics.activity import (
    Shortfall,
    exposure_fraction,
    shortfall,
    slippage_bps,
    spans,
    turnover,
)
from genesis.analytics.blocks import Generator, Interval, seeded
from genesis.analytics.decay import Decay, DecayDelay, decay, decay_delay
from genesis.analytics.drawdown import (
    Underwater,
    deepest,
    drawdown_fractions,
    longest_underwater_days,
    max_drawdown_fraction,
    recovery_days,
    ulcer_index,
)
from genesis.analytics.judged_trades import JudgedTrade, judged_trades
from genesis.analytics.lots import Method
from genesis.analytics.metrics import (
    DAYS_PER_YEAR,
    ReturnStatistics,
    calmar,
    compound_annual_growth,
    downside_deviation,
    expected_shortfall,
    omega,
    return_statistics,
    sharpe,
    sortino,
    tail_ratio,
    total_return_fraction,
    value_at_risk,
    volatility,
)
from genesis.analytics.monte_carlo import Resampled, Shuffled, resampled, shuffled
from genesis.analytics.movements import movements
from genesis.analytics.permutation import SignalOdds, signal_permutation
from genesis.analytics.placed import EntryOdds, random_entries
from genesis.analytics.purged import Paths, purged_paths
from genesis.analytics.reality_check import (
    RealityCheck,
    SuperiorAbility,
    reality_check,
    superior_ability,
)
from genesis.analytics.resampling import FigureInterval, block_length, bootstrap_interval
from genesis.analytics.returns import daily_returns
from genesis.analytics.selection import Selection, pbo
from genesis.analytics.sessions import Opening, SessionType, TradingSession, sessions
from genesis.analytics.sharpe_odds import (
    deflated_sharpe,
    expected_max_sharpe,
    min_track_record,
    psr,
)
from genesis.analytics.tax import TaxReport, TaxRow, csv_text, methods_of, tax_report, year_of
from genesis.analytics.tilt_correlation import TiltCorrelation, analyze_tilt_correlation
from genesis.analytics.tilt_impact import TiltImpact, impact
from genesis.analytics.trades import (
    Excursions,
    TradeStatistics,
    closed_trades,
    excursions,
    expectancy_error_usdt,
    expectancy_interval_r,
    expectancy_r,
    expectancy_usdt,
    fees_fraction,
    longest_losing_streak,
    longest_winning_streak,
    payoff,
    profit_factor,
    r_of,
    trade_statistics,
    win_fraction,
)
from genesis.analytics.values import NoValue

__all__ = [
    "DAYS_PER_YEAR",
    "Decay",
    "DecayDelay",
    "EntryOdds",
    "Excursions",
    "FigureInterval",
    "Generator",
    "Interval",
    "JudgedTrade",
    "Method",
    "NoValue",
    "Opening",
    "Paths",
    "RealityCheck",
    "Resampled",
    "ReturnStatistics",
    "Selection",
    "SessionType",
    "Shortfall",
    "Shuffled",
    "SignalOdds",
    "SuperiorAbility",
    "TaxReport",
    "TaxRow",
    "TiltCorrelation",
    "TiltImpact",
    "TradeStatistics",
    "TradingSession",
    "Underwater",
    "analyze_tilt_correlation",
    "block_length",
    "bootstrap_interval",
    "calmar",
    "closed_trades",
    "compound_annual_growth",
    "csv_text",
    "daily_returns",
    "decay",
    "decay_delay",
    "deepest",
    "deflated_sharpe",
    "downside_deviation",
    "drawdown_fractions",
    "excursions",
    "expectancy_error_usdt",
    "expectancy_interval_r",
    "expectancy_r",
    "expectancy_usdt",
    "expected_max_sharpe",
    "expected_shortfall",
    "exposure_fraction",
    "fees_fraction",
    "impact",
    "judged_trades",
    "longest_losing_streak",
    "longest_underwater_days",
    "longest_winning_streak",
    "max_drawdown_fraction",
    "methods_of",
    "min_track_record",
    "movements",
    "omega",
    "payoff",
    "pbo",
    "profit_factor",
    "psr",
    "purged_paths",
    "r_of",
    "random_entries",
    "reality_check",
    "recovery_days",
    "resampled",
    "return_statistics",
    "seeded",
    "sessions",
    "sharpe",
    "shortfall",
    "shuffled",
    "signal_permutation",
    "slippage_bps",
    "sortino",
    "spans",
    "superior_ability",
    "tail_ratio",
    "tax_report",
    "total_return_fraction",
    "trade_statistics",
    "turnover",
    "ulcer_index",
    "value_at_risk",
    "volatility",
    "win_fraction",
    "year_of",
]
