"""Quantiles of the beta distribution with whole parameters: how sure a share of wins is.

For whole a and b the distribution function is a binomial tail,
I_x(a, b) = P(Binomial(a + b - 1, x) >= a) (Abramowitz and Stegun 26.5.24), a sum of at most
a + b - 1 terms, each of which follows from the one before it.
"""

from functools import lru_cache
from math import exp, lgamma, log, log1p
from typing import Final

_STEPS: Final = 200
_EXACT: Final = 1e-13
_KEPT: Final = 8192


def beta_cdf(x: float, a: int, b: int) -> float:
    """P(X <= x) for X of Beta(a, b), whole a, b >= 1."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    count, odds = a + b - 1, x / (1 - x)
    term = exp(_log_choose(count, a) + a * log(x) + (count - a) * log1p(-x))
    total = term
    for wins in range(a, count):
        term *= (count - wins) / (wins + 1) * odds
        total += term
    return min(1.0, total)


@lru_cache(maxsize=_KEPT)
def beta_quantile(share: float, a: int, b: int) -> float:
    """The x with P(X <= x) = share, 0 < share < 1, for X of Beta(a, b), whole a, b >= 1.

    Newton's steps, kept inside a bracket that is halved where a step would leave it.
    """
    low, high = 0.0, 1.0
    x = a / (a + b)
    scale = _log_choose(a + b - 1, a) + log(a)
    for _ in range(_STEPS):
        missed = beta_cdf(x, a, b) - share
        low, high = (low, x) if missed > 0 else (x, high)
        slope = exp(scale + (a - 1) * log(x) + (b - 1) * log1p(-x))
        step = x - missed / slope if slope else low
        after = step if low < step < high else (low + high) / 2
        if abs(after - x) <= _EXACT * x:
            return after
        x = after
    return x


def _log_choose(count: int, chosen: int) -> float:
    return lgamma(count + 1) - lgamma(chosen + 1) - lgamma(count - chosen + 1)
