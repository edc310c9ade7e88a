"""Do two prices move together, and does the distance between them return? Statistics in float64.

The two-step test of Engle and Granger (1987): least squares of one log price on the other, then a
Dickey-Fuller regression of what is left, without lags. Critical values of its t for two series
and a constant, long samples: -3.90 at 1 %, -3.34 at 5 % (MacKinnon, 2010).

Sums are correctly rounded (`fsum`): they do not hang on the order of the terms, nor on the version
of Python.
"""

from collections.abc import Sequence
from math import fsum, inf, log, sqrt
from typing import Final, NamedTuple

_NOTHING: Final = 1e-9
"""A spread that moves less than this (in logs) is rounding."""


class Fit(NamedTuple):
    """How two log prices hang together over a window.

    hedge: units of log `x` per unit of log `y`. spread: how far the newest `y` lies above what `x`
    implies, in logs. sigma: standard deviation of that over the window. half_life: bars until half
    of it is gone; infinite where it does not return. t: of Dickey and Fuller; below the critical
    value it returns.
    """

    hedge: float
    spread: float
    sigma: float
    half_life: float
    t: float

    @property
    def z(self) -> float:
        return self.spread / self.sigma


def fit(y: Sequence[float], x: Sequence[float]) -> Fit | None:
    """Least squares of `y` on `x`, both log prices, oldest first; None where one does not move."""
    n = len(y)
    mean_y, mean_x = fsum(y) / n, fsum(x) / n
    dx = [one - mean_x for one in x]
    dy = [one - mean_y for one in y]
    squares = fsum(one * one for one in dx)
    if sqrt(squares / n) < _NOTHING:
        return None
    hedge = fsum(a * b for a, b in zip(dx, dy, strict=True)) / squares
    spreads = [b - hedge * a for a, b in zip(dx, dy, strict=True)]
    sigma = sqrt(fsum(one * one for one in spreads) / n)
    if sigma < _NOTHING:
        return None
    return Fit(hedge, spreads[-1], sigma, *_returning(spreads))


def _returning(spreads: Sequence[float]) -> tuple[float, float]:
    """Half-life in bars, and t, of the regression of a spread's change on the spread before."""
    before = spreads[:-1]
    moves = [b - a for a, b in zip(before, spreads[1:], strict=True)]
    squares = fsum(one * one for one in before)
    if squares <= 0:
        return inf, inf
    pull = fsum(a * b for a, b in zip(before, moves, strict=True)) / squares
    rest = fsum((b - pull * a) ** 2 for a, b in zip(before, moves, strict=True))
    error = sqrt(rest / (len(moves) - 1) / squares)
    t = pull / error if error > 0 else (-inf if pull < 0 else inf)
    if pull >= 0:
        return inf, t
    return (-log(2) / log(1 + pull) if pull > -1 else 0.0), t
