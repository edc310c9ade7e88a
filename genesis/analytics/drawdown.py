"""Under water: how deep a series of returns fell below its peak, and for how long.

The starting value 1 counts as a peak, so a loss on the first day is seen.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.analytics.values import NoValue, Returns, column, finite

_NO_RETURNS: Final = NoValue("no returns")
_SAME: Final = -1e-12
"""A value this close below its peak is at the peak: the rest is rounding."""


def drawdown_fractions(returns: Returns) -> npt.NDArray[np.float64]:
    """(n,) how far the compounded value lies below its peak: 0, or -0.25 for a quarter.

    nan where the value itself is beyond what a float can hold.
    """
    r = column(returns)
    with np.errstate(all="ignore"):
        value = np.cumprod(1.0 + r)
        peak = np.maximum.accumulate(np.maximum(value, 1.0))
        return np.asarray(np.minimum(value / peak - 1.0, 0.0), dtype=np.float64)


def max_drawdown_fraction(returns: Returns) -> float | NoValue:
    """The deepest fall of the compounded value from its peak: 0 or below, -0.25 is a quarter."""
    falls = drawdown_fractions(returns)
    return finite(falls.min()) if falls.size else _NO_RETURNS


def ulcer_index(returns: Returns) -> float | NoValue:
    """sqrt(mean(drawdown^2)): depth and length under water in one number, as a fraction."""
    falls = drawdown_fractions(returns)
    return finite(np.sqrt(np.mean(falls**2))) if falls.size else _NO_RETURNS


@dataclass(frozen=True, slots=True)
class Underwater:
    """The deepest fall in periods (days): where it began, was deepest, and was made good.

    peak: index of the last period at the peak, -1 where that is the start; recovered: index of
    the first period at or above that peak again, or None while it is still to come.
    """

    fraction: float
    peak: int
    trough: int
    recovered: int | None


def deepest(returns: Returns) -> Underwater | NoValue:
    """The deepest fall; the first of equals."""
    falls = drawdown_fractions(returns)
    if not falls.size:
        return _NO_RETURNS
    if isinstance(beyond := finite(falls.min()), NoValue):
        return beyond
    trough = int(falls.argmin())
    if falls[trough] > _SAME:
        return NoValue("never below its peak")
    before = np.flatnonzero(falls[:trough] > _SAME)
    after = np.flatnonzero(falls[trough:] > _SAME)
    return Underwater(
        fraction=float(falls[trough]),
        peak=int(before[-1]) if before.size else -1,
        trough=trough,
        recovered=trough + int(after[0]) if after.size else None,
    )


def recovery_days(returns: Returns) -> int | NoValue:
    """Periods from the bottom of the deepest fall until its peak was reached again."""
    found = deepest(returns)
    if isinstance(found, NoValue):
        return found
    if found.recovered is None:
        return NoValue(f"not made good yet, {column(returns).size - 1 - found.trough} days after")
    return found.recovered - found.trough


def longest_underwater_days(returns: Returns) -> int | NoValue:
    """The longest run of periods that ended below a peak."""
    falls = drawdown_fractions(returns)
    if not falls.size:
        return _NO_RETURNS
    longest = run = 0
    for under in falls <= _SAME:
        run = run + 1 if under else 0
        longest = max(longest, run)
    return longest
