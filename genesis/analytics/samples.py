"""Samples as a statistic is given them: one column of numbers, or a column per trial.

A wrong shape is a wrong call and raises; numbers from which nothing can be worked out are data,
and the answer is a `NoValue` that says why.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.analytics.metrics import MIN_RETURNS
from genesis.analytics.values import NoValue
from genesis.errors import UsageError

Float64 = npt.NDArray[np.float64]
CONSTANT: Final = NoValue("all returns are equal: no deviation to divide by")
_ROUNDING: Final = 4 * float(np.finfo(np.float64).eps)


def series(values: npt.ArrayLike, name: str = "returns") -> Float64:
    """(n,) float64. Raises UsageError: they are no column of numbers."""
    return _numbers(values, 1, f"{name} must be one column of numbers, shape (n,)")


def matrix(values: npt.ArrayLike, name: str = "trial_returns") -> Float64:
    """(T, N) float64: rows are periods, columns trials.

    Raises:
        UsageError: they are no such numbers, or there is no column.
    """
    found = _numbers(values, 2, f"{name} must be numbers of shape (periods, trials)")
    if found.shape[1] == 0:
        raise UsageError(f"{name} hold no trial: give a column for every trial that was run")
    return found


def _numbers(values: npt.ArrayLike, dimensions: int, wanted: str) -> Float64:
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{wanted}: {error}") from error
    if found.ndim != dimensions:
        raise UsageError(f"{wanted}, not {found.shape}")
    return found


def lacking(sample: Float64, rows_min: int = MIN_RETURNS) -> NoValue | None:
    """Why nothing can be said of a sample: too few rows, nan or infinity. None: all is well."""
    rows = len(sample)
    if rows < rows_min:
        some = "1 row" if rows == 1 else f"{rows} rows"
        return NoValue(f"{some}, at least {rows_min} are needed")
    broken = np.argwhere(~np.isfinite(sample))
    if len(broken):
        place = ", ".join(
            f"{name} {at}" for name, at in zip(("row", "column"), broken[0], strict=False)
        )
        return NoValue(
            f"{len(broken)} of {sample.size} numbers are nan or infinite, the first in {place}: "
            "fill or drop them first, knowingly"
        )
    return None


def is_constant(sample: Float64) -> npt.NDArray[np.bool_]:
    """For each column (or the one there is): whether it differs by no more than rounding."""
    spread = sample.max(axis=0) - sample.min(axis=0)
    return np.asarray(spread <= _ROUNDING * np.abs(sample).max(axis=0))
