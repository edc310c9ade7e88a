"""Ratios of a series of periodic simple returns.

Conventions: one return per UTC calendar day, days without trades included as 0; annualised with
365 (crypto trades every day); sample deviation (ddof 1); risk-free rate 0. Ratios need at least
20 returns and a denominator that is not 0; otherwise the answer is a `NoValue`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

DAYS_PER_YEAR: Final = 365
MIN_RETURNS: Final = 20

Returns = npt.ArrayLike
"""(n,) numbers, fractions per period: 0.01 is one percent."""


@dataclass(frozen=True, slots=True)
class NoValue:
    """The number does not exist, and why. Formats as a dash."""

    reason: str

    def __format__(self, spec: str) -> str:
        return "–"

    def __bool__(self) -> bool:
        return False


def sharpe(returns: Returns, periods_per_year: int = DAYS_PER_YEAR) -> float | NoValue:
    """mean(r) / std(r, ddof=1) * sqrt(periods per year)."""
    r = _column(returns)
    if (short := _too_short(r)) is not None:
        return short
    if r.min() == r.max():
        return NoValue("all returns are equal: no deviation to divide by")
    return float(r.mean() / r.std(ddof=1) * np.sqrt(periods_per_year))


def sortino(returns: Returns, periods_per_year: int = DAYS_PER_YEAR) -> float | NoValue:
    """mean(r) / sqrt(mean(min(r, 0)^2)) * sqrt(periods per year); the denominator over all days."""
    r = _column(returns)
    if (short := _too_short(r)) is not None:
        return short
    downside = float(np.sqrt(np.mean(np.minimum(r, 0.0) ** 2)))
    if downside == 0.0:
        return NoValue("no negative return: no downside to divide by")
    return float(r.mean() / downside * np.sqrt(periods_per_year))


def max_drawdown_fraction(returns: Returns) -> float | NoValue:
    """The deepest fall of the compounded value from its peak: 0 or below, -0.25 is a quarter lost.

    The starting value 1 counts as a peak, so a loss on the first day is seen.
    """
    r = _column(returns)
    if r.size == 0:
        return NoValue("no returns")
    value = np.cumprod(1.0 + r)
    peak = np.maximum.accumulate(np.maximum(value, 1.0))
    return float(min(0.0, np.min(value / peak - 1.0)))


def compound_annual_growth(
    returns: Returns, periods_per_year: int = DAYS_PER_YEAR
) -> float | NoValue:
    """Final value to the power of periods per year over n, less 1."""
    r = _column(returns)
    if (short := _too_short(r)) is not None:
        return short
    final = float(np.prod(1.0 + r))
    if final <= 0.0:
        return NoValue("everything was lost: no growth rate")
    return float(final ** (periods_per_year / r.size) - 1.0)


def calmar(returns: Returns, periods_per_year: int = DAYS_PER_YEAR) -> float | NoValue:
    """Compound annual growth over the size of the deepest fall."""
    growth = compound_annual_growth(returns, periods_per_year)
    fall = max_drawdown_fraction(returns)
    if isinstance(growth, NoValue):
        return growth
    if isinstance(fall, NoValue) or fall == 0.0:
        return NoValue("never below its peak: no drawdown to divide by")
    return growth / abs(fall)


def _column(returns: Returns) -> npt.NDArray[np.float64]:
    r = np.asarray(returns, dtype=np.float64)
    if r.ndim != 1:
        raise ValueError(f"returns must be one column of numbers, not shape {r.shape}")
    if not np.isfinite(r).all():
        raise ValueError("returns hold nan or infinity: fill or drop them first, knowingly")
    return r


def _too_short(r: npt.NDArray[np.float64]) -> NoValue | None:
    if r.size < MIN_RETURNS:
        return NoValue(f"{r.size} returns, at least {MIN_RETURNS} are needed")
    return None
