"""What one trial of a sweep came to: the same figures from screening and from the engine."""

from dataclasses import dataclass
from math import nan, sqrt
from typing import Final

import numpy as np

from genesis.research.measured import Measured
from genesis.sim.screen import Outcome, Powers, Terms

METRICS: Final = (
    "return_fraction", "sharpe_per_bar", "pnl_usdt", "drawdown_fraction", "fees_usdt", "trades",
    "skew", "kurtosis",
)  # fmt: skip
LOWER_IS_BETTER: Final = frozenset({"drawdown_fraction", "fees_usdt"})
SCREEN: Final = "screen"
ENGINE: Final = "engine"
_NOTHING: Final = 1e-24
"""A variance of returns below this is rounding: nothing was held."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One trial.

    trades: closed; pnl_usdt: their net result; fees_usdt: of both sides. open_trades: still held.
    return_fraction: last equity over cash, less 1. drawdown_fraction: deepest fall from the peak
    at bar closes, >= 0. sharpe_per_bar: mean over sample deviation of the returns from bar to bar,
    not annualised; skew and kurtosis (normal: 3) of the same returns; nan where all are equal.
    how: screen or engine.
    """

    trades: int
    open_trades: int
    pnl_usdt: float
    fees_usdt: float
    return_fraction: float
    drawdown_fraction: float
    sharpe_per_bar: float
    skew: float
    kurtosis: float
    how: str

    def score(self, metric: str) -> float:
        """The metric so that more is better; minus infinity where there is none."""
        value = float(getattr(self, metric))
        if value != value:
            return float("-inf")
        return -value if metric in LOWER_IS_BETTER else value


def of_screen(outcome: Outcome, terms: Terms) -> Figures:
    return Figures(
        outcome.trades,
        outcome.held,
        float(outcome.pnl),
        float(outcome.fees),
        outcome.equity / float(terms.cash) - 1.0,
        outcome.fall,
        *_ratios(outcome.powers),
        SCREEN,
    )


def of_engine(result: Measured) -> Figures:
    cash, value = float(result.setup.cash), result.equity.to_numpy()
    returns = returns_of(value, cash)
    peak = np.maximum(np.maximum.accumulate(value), cash)
    powers = Powers(len(returns), *(float((returns**k).sum()) for k in (1, 2, 3, 4)))
    return Figures(
        len(result.trades),
        len(result.positions),
        float(result.trades["pnl"].sum()),
        float(result.trades["fee"].sum()),
        float(value[-1]) / cash - 1.0,
        float((1.0 - value / peak).max()),
        *_ratios(powers),
        ENGINE,
    )


def returns_of(
    equity: "np.ndarray[tuple[int], np.dtype[np.float64]]", cash: float
) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """(n,) simple returns from mark to mark, the first one on the cash."""
    return equity / np.concatenate(([cash], equity[:-1])) - 1.0


def _ratios(powers: Powers) -> tuple[float, float, float]:
    """Sharpe per bar, skew, kurtosis from the sums of powers."""
    n = powers.periods
    if n < 2:
        return nan, nan, nan
    mean, two, three, four = (part / n for part in powers[1:])
    spread = two - mean**2
    if spread <= _NOTHING:
        return nan, nan, nan
    third = three - 3 * mean * two + 2 * mean**3
    fourth = four - 4 * mean * three + 6 * mean**2 * two - 3 * mean**4
    return mean / sqrt(spread * n / (n - 1)), third / spread**1.5, fourth / spread**2
