"""A number, or the reason why there is none."""

from dataclasses import dataclass
from math import isfinite
from typing import SupportsFloat

import numpy as np
import numpy.typing as npt

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


def finite(value: SupportsFloat) -> float | NoValue:
    """The number; a `NoValue` where it ran out of what a float can hold."""
    number = float(value)
    return number if isfinite(number) else NoValue("beyond what can be computed")


def column(returns: Returns) -> npt.NDArray[np.float64]:
    """(n,) finite float64.

    Raises:
        ValueError: it is no column, or holds nan or infinity.
    """
    r = np.asarray(returns, dtype=np.float64)
    if r.ndim != 1:
        raise ValueError(f"returns must be one column of numbers, not shape {r.shape}")
    if not np.isfinite(r).all():
        raise ValueError("returns hold nan or infinity: fill or drop them first, knowingly")
    return r
