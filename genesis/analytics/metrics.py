"""Ratios of a series of periodic simple returns.

Conventions: one return per UTC calendar day, days without trades included as 0; annualised with
365 (crypto trades every day); sample deviation (ddof 1); risk-free rate 0 unless given (per
period). Ratios need at least 20 returns and a denominator that is not 0; otherwise the answer is
a `NoValue`. How deep and how long the account was under water: `genesis.analytics.drawdown`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.analytics.drawdown import max_drawdown_fraction
from genesis.analytics.values import NoValue, Returns, column, finite

DAYS_PER_YEAR: Final = 365
MIN_RETURNS: Final = 20

_NO_DEVIATION: Final = NoValue("all returns are equal: no deviation to divide by")
_NO_DOWNSIDE: Final = NoValue("no negative return: no downside to divide by")


def volatility(returns: Returns, periods_per_year: int = DAYS_PER_YEAR) -> float | NoValue:
    """std(r, ddof=1) * sqrt(periods per year)."""
    return _of(returns, lambda r: _deviation(r) * np.sqrt(periods_per_year))


def sharpe(
    returns: Returns, periods_per_year: int = DAYS_PER_YEAR, *, risk_free: float = 0.0
) -> float | NoValue:
    """mean(r) / std(r, ddof=1) * sqrt(periods per year); r above the risk-free rate of a period."""

    def ratio(r: npt.NDArray[np.float64]) -> float | NoValue:
        deviation = _deviation(r)
        if deviation == 0.0:
            return _NO_DEVIATION
        return float((r - risk_free).mean() / deviation * np.sqrt(periods_per_year))

    return _of(returns, ratio)


def sortino(returns: Returns, periods_per_year: int = DAYS_PER_YEAR) -> float | NoValue:
    """mean(r) / sqrt(mean(min(r, 0)^2)) * sqrt(periods per year); the denominator over all days."""

    def ratio(r: npt.NDArray[np.float64]) -> float | NoValue:
        downside = float(np.sqrt(np.mean(np.minimum(r, 0.0) ** 2)))
        if downside == 0.0:
            return _NO_DOWNSIDE
        return float(r.mean() / downside * np.sqrt(periods_per_year))

    return _of(returns, ratio)


def downside_deviation(returns: Returns, periods_per_year: int = DAYS_PER_YEAR) -> float | NoValue:
    """sqrt(mean(min(r, 0)^2)) * sqrt(periods per year)."""
    return _of(
        returns, lambda r: np.sqrt(np.mean(np.minimum(r, 0.0) ** 2)) * np.sqrt(periods_per_year)
    )


def compound_annual_growth(
    returns: Returns, periods_per_year: int = DAYS_PER_YEAR
) -> float | NoValue:
    """Final value to the power of periods per year over n, less 1."""

    def growth(r: npt.NDArray[np.float64]) -> float | NoValue:
        final = float(np.prod(1.0 + r))
        if final <= 0.0:
            return NoValue("everything was lost: no growth rate")
        return float(np.float64(final) ** (periods_per_year / r.size) - 1.0)

    return _of(returns, growth)


def calmar(returns: Returns, periods_per_year: int = DAYS_PER_YEAR) -> float | NoValue:
    """Compound annual growth over the size of the deepest fall."""
    growth = compound_annual_growth(returns, periods_per_year)
    fall = max_drawdown_fraction(returns)
    if isinstance(growth, NoValue):
        return growth
    if isinstance(fall, NoValue) or fall == 0.0:
        return NoValue("never below its peak: no drawdown to divide by")
    return finite(growth / abs(fall))


def omega(returns: Returns, threshold: float = 0.0) -> float | NoValue:
    """Sum of what lies above the threshold (per period) over the sum of what lies below.

    With threshold 0 this is the profit factor of days.
    """

    def ratio(r: npt.NDArray[np.float64]) -> float | NoValue:
        beyond = r - threshold
        below = float(-beyond[beyond < 0.0].sum())
        if below == 0.0:
            return NoValue("no return below the threshold to divide by")
        return float(beyond[beyond > 0.0].sum() / below)

    return _of(returns, ratio)


def tail_ratio(returns: Returns) -> float | NoValue:
    """Size of the 95th percentile over the size of the 5th: above 1, the good tail is longer."""

    def ratio(r: npt.NDArray[np.float64]) -> float | NoValue:
        high, low = np.percentile(r, (95, 5))
        if low == 0.0:
            return NoValue("the 5th percentile is 0: no tail to divide by")
        return float(abs(high) / abs(low))

    return _of(returns, ratio)


def value_at_risk(returns: Returns, cutoff: float = 0.05) -> float | NoValue:
    """The historical quantile: a day is worse than this with a share of `cutoff`."""
    return _of(returns, lambda r: np.percentile(r, 100 * cutoff))


def expected_shortfall(returns: Returns, cutoff: float = 0.05) -> float | NoValue:
    """The mean of the worst days, down to the quantile at `cutoff`."""
    return _of(returns, lambda r: np.sort(r)[: int((r.size - 1) * cutoff) + 1].mean())


@dataclass(frozen=True, slots=True)
class ReturnStatistics:
    """The figures of one series of daily returns."""

    days: int
    total_return_fraction: float | NoValue
    annual_growth_fraction: float | NoValue
    volatility: float | NoValue
    sharpe: float | NoValue
    sortino: float | NoValue
    calmar: float | NoValue
    omega: float | NoValue
    tail_ratio: float | NoValue
    value_at_risk_fraction: float | NoValue
    expected_shortfall_fraction: float | NoValue
    max_drawdown_fraction: float | NoValue


def return_statistics(returns: Returns) -> ReturnStatistics:
    r = column(returns)
    return ReturnStatistics(
        days=r.size,
        total_return_fraction=total_return_fraction(r),
        annual_growth_fraction=compound_annual_growth(r),
        volatility=volatility(r),
        sharpe=sharpe(r),
        sortino=sortino(r),
        calmar=calmar(r),
        omega=omega(r),
        tail_ratio=tail_ratio(r),
        value_at_risk_fraction=value_at_risk(r),
        expected_shortfall_fraction=expected_shortfall(r),
        max_drawdown_fraction=max_drawdown_fraction(r),
    )


def total_return_fraction(returns: Returns) -> float | NoValue:
    """The compounded value at the end, less 1."""
    r = column(returns)
    if r.size == 0:
        return NoValue("no returns")
    with np.errstate(all="ignore"):
        return finite(np.prod(1.0 + r) - 1.0)


def _deviation(r: npt.NDArray[np.float64]) -> float:
    """Sample deviation; exactly 0 where all are equal, whatever their mean was rounded to."""
    return 0.0 if r.min() == r.max() else float(r.std(ddof=1))


def _of(
    returns: Returns,
    measure: Callable[[npt.NDArray[np.float64]], "float | np.floating | NoValue"],
) -> float | NoValue:
    """The measure of enough returns; never nan or infinity."""
    r = column(returns)
    if r.size < MIN_RETURNS:
        some = "1 return" if r.size == 1 else f"{r.size} returns"
        return NoValue(f"{some}, at least {MIN_RETURNS} are needed")
    with np.errstate(all="ignore"):
        found = measure(r)
    return found if isinstance(found, NoValue) else finite(found)
