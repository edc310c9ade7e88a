"""How many rare events are still ordinary: quantiles of the Poisson distribution."""

from math import exp


def quantile(mean: float, share: float) -> int:
    """The smallest count k with P(count <= k) >= share, of events that come `mean` times.

    Source: the distribution function, summed term by term: e^-mean * mean^i / i!. share is in
    [0, 1); a mean of some hundreds is the most that the first term can hold.
    """
    count, term = 0, exp(-mean)
    total = term
    while total < share:
        count += 1
        term *= mean / count
        total += term
    return count


def tail(mean: float, count: int) -> float:
    """P(more than `count` events)."""
    term = total = exp(-mean)
    for i in range(1, count + 1):
        term *= mean / i
        total += term
    return max(0.0, 1.0 - total)
