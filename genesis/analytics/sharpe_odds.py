"""What a Sharpe ratio is worth: the odds that the true one is above a hurdle.

Everything here is per period: the ratio of daily returns is not annualised, and neither is the
hurdle; to mix the two inflates a year's ratio by the root of the periods in it. Conventions: mean
over sample deviation (ddof 1); skewness and kurtosis corrected for the size of the sample
(Fisher-Pearson G1, and G2 + 3, so that a normal has 3); the root of n - 1.
"""

from dataclasses import dataclass
from math import e, sqrt
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.analytics.samples import CONSTANT, Float64, is_constant, lacking, matrix, series
from genesis.analytics.values import NoValue
from genesis.errors import UsageError

_NORMAL: Final = NormalDist()
_EULER: Final = 0.5772156649015329
_TOO_SKEWED: Final = NoValue("the returns are too skewed for the error of their Sharpe ratio")


@dataclass(frozen=True, slots=True)
class SharpeEstimate:
    """rows: of the sample. sharpe: per period. scatter: n - 1 times the variance of the ratio."""

    rows: int
    sharpe: float
    scatter: float

    def odds_above(self, hurdle: float) -> float:
        """P(true ratio > hurdle)."""
        return _NORMAL.cdf((self.sharpe - hurdle) * sqrt((self.rows - 1) / self.scatter))

    def rows_needed(self, hurdle: float, level: float) -> float:
        """Rows at which the odds reach `level`, for a ratio above the hurdle."""
        return 1.0 + self.scatter * (_NORMAL.inv_cdf(level) / (self.sharpe - hurdle)) ** 2


def psr(returns: npt.ArrayLike, sr: float = 0.0) -> float | NoValue:
    """Probabilistic Sharpe ratio: P(true ratio > sr). (n,) fractions per period; sr per period.

    Phi((SR - sr) sqrt(n - 1) / sqrt(1 - g3 SR + (g4 - 1)/4 SR^2)).
    Source: Bailey and Lopez de Prado 2012, "The Sharpe Ratio Efficient Frontier".

    Raises:
        UsageError: wrong shape, or a hurdle that is no number.
    """
    found = sharpe_estimate(series(returns))
    hurdle = _number(sr, "sr")
    return found if isinstance(found, NoValue) else found.odds_above(hurdle)


def min_track_record(
    returns: npt.ArrayLike, sr: float = 0.0, level: float = 0.95
) -> float | NoValue:
    """Periods needed before `psr(returns, sr)` reaches `level`, were they all like these.

    1 + (1 - g3 SR + (g4 - 1)/4 SR^2) (Phi^-1(level) / (SR - sr))^2; round up.
    Source: Bailey and Lopez de Prado 2012.

    Raises:
        UsageError: wrong shape, a hurdle that is no number, or a level outside (0.5, 1).
    """
    if not 0.5 < level < 1.0:
        raise UsageError(f"level must lie between 0.5 and 1, not {level}")
    found, hurdle = sharpe_estimate(series(returns)), _number(sr, "sr")
    if isinstance(found, NoValue):
        return found
    if found.sharpe <= hurdle:
        return NoValue(
            f"the Sharpe ratio {found.sharpe:.4f} is not above {hurdle:g}: no record is long enough"
        )
    return found.rows_needed(hurdle, level)


def expected_max_sharpe(trials: int, deviation: float) -> float:
    """The best Sharpe ratio to expect of so many trials without skill: the hurdle of a search.

    deviation: of the ratios of all trials, in the unit of the answer.
    deviation * ((1 - c) Phi^-1(1 - 1/N) + c Phi^-1(1 - 1/(N e))), c Euler's constant.
    Source: Bailey and Lopez de Prado 2014, "The Deflated Sharpe Ratio".

    Raises:
        UsageError: no trial, or a deviation below 0 or without a value.
    """
    if trials < 1:
        raise UsageError(f"trials must be at least 1, not {trials}")
    if not 0.0 <= deviation < float("inf"):
        raise UsageError(f"deviation must be 0 or above, not {deviation}")
    if trials == 1 or deviation == 0.0:
        return 0.0
    first, second = -_NORMAL.inv_cdf(1.0 / trials), -_NORMAL.inv_cdf(1.0 / (trials * e))
    return deviation * ((1.0 - _EULER) * first + _EULER * second)


def deflated_sharpe(trial_returns: npt.ArrayLike, *, trials: int | None = None) -> float | NoValue:
    """P(true Sharpe ratio of the best trial > what the best of so many shows by luck).

    trial_returns: (T, N) fractions per period, a column for **every** trial that was run, not only
    those that were kept. trials: how many there were where that is more than N, as the trial
    ledger counts them. The column with the highest ratio is judged; a single trial by `psr`
    against 0. A trial that stood still (all 0) counts with a ratio of 0. Trials that resemble each
    other make the answer cautious. Below 0.95: do not believe it.
    Source: Bailey and Lopez de Prado 2014, "The Deflated Sharpe Ratio".

    Raises:
        UsageError: wrong shape, or fewer `trials` than columns.
    """
    sample = matrix(trial_returns)
    count = sample.shape[1] if trials is None else trials
    if count < sample.shape[1]:
        raise UsageError(f"trials is {count}, and there are {sample.shape[1]} columns")
    ratios = trial_sharpes(sample)
    if isinstance(ratios, NoValue):
        return ratios
    if ratios.size == 1 and count > 1:
        return NoValue("one column does not tell how far the ratios of all trials lie apart")
    found = sharpe_estimate(sample[:, int(ratios.argmax())])
    if isinstance(found, NoValue):
        return found
    deviation = 0.0 if ratios.size == 1 else float(ratios.std(ddof=1))
    return found.odds_above(expected_max_sharpe(count, deviation))


def trial_sharpes(sample: Float64) -> Float64 | NoValue:
    """(N,) Sharpe ratios per period of the columns of (T, N); 0 for one that stood still."""
    if (why := lacking(sample)) is not None:
        return why
    sizes = np.abs(sample).max(axis=0)
    constant = np.flatnonzero(is_constant(sample) & (sizes > 0.0))
    if constant.size:
        return NoValue(f"all returns are equal in column {constant[0]}: it has no Sharpe ratio")
    is_idle = sizes == 0.0
    scaled = sample / np.where(is_idle, 1.0, sizes)  # a ratio has no unit: nothing overflows
    deviations = np.where(is_idle, 1.0, scaled.std(axis=0, ddof=1))
    return np.asarray(scaled.mean(axis=0) / deviations, dtype=np.float64)


def sharpe_estimate(returns: Float64) -> SharpeEstimate | NoValue:
    """The ratio of (n,) returns per period, and how far it scatters about the true one."""
    if (why := lacking(returns)) is not None:
        return why
    if is_constant(returns):
        return CONSTANT
    n, scaled = returns.size, returns / np.abs(returns).max()
    mean = float(scaled.mean())
    m2, m3, m4 = (float(np.sum((scaled - mean) ** k)) for k in (2, 3, 4))
    sharpe = mean / sqrt(m2 / (n - 1))
    skewness = n * sqrt(n - 1) / (n - 2) * m3 / m2**1.5
    tails = n * (n + 1) * (n - 1) * m4 / m2**2 - 3 * (n - 1) ** 2
    kurtosis = 3.0 + tails / ((n - 2) * (n - 3))
    scatter = 1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe**2
    return SharpeEstimate(n, sharpe, scatter) if scatter > 0.0 else _TOO_SKEWED


def _number(value: float, name: str) -> float:
    if not np.isfinite(value):
        raise UsageError(f"{name} must be a number, not {value}")
    return float(value)
