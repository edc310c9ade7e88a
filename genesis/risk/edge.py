"""What a strategy has proved: the share of equity Kelly's formula would risk on its results.

p is the quantile of Beta(1 + wins, 1 + losses): a share of wins that is that likely to be exceeded.
b is the mean win over the mean loss, outliers drawn in. Kelly's share is p - (1 - p) / b (Kelly
1956, for a bet that loses its stake or wins b times it).
"""

from collections import deque
from math import fsum

from genesis.risk.beta import beta_quantile
from genesis.risk.limits import AdaptiveRules


class Results:
    """Results of a strategy's latest closed trades, each as a share of what was paid.

    A trade that neither won nor lost proves nothing and is not kept.
    """

    __slots__ = ("_kelly", "_latest")

    def __init__(self) -> None:
        self._latest: deque[float] = deque()
        self._kelly: tuple[AdaptiveRules, float] | None = None

    @property
    def count(self) -> int:
        return len(self._latest)

    def take(self, result: float, rules: AdaptiveRules) -> None:
        if not result:
            return
        self._latest.append(result)
        while len(self._latest) > rules.results:
            self._latest.popleft()
        self._kelly = None

    def kelly(self, rules: AdaptiveRules) -> float | None:
        """The share of equity to risk, in [0, 1); None while there are too few results."""
        if len(self._latest) < rules.results_min:
            return None
        if self._kelly is None or self._kelly[0] is not rules:
            self._kelly = rules, kelly_share(self._latest, rules)
        return self._kelly[1]


def kelly_share(results: deque[float], rules: AdaptiveRules) -> float:
    """Kelly's share of these results, none of them 0; never below 0."""
    wins = [result for result in results if result > 0]
    losses = [-result for result in results if result < 0]
    if not wins:
        return 0.0
    p = beta_quantile(rules.quantile, 1 + len(wins), 1 + len(losses))
    if not losses:
        return p  # as if a win were worth any number of losses
    odds = _mean(wins, rules.winsor) / _mean(losses, rules.winsor)
    return max(0.0, p - (1 - p) / odds)


def _mean(sizes: list[float], share: float) -> float:
    """The mean, with that share of both ends drawn in to the next one (winsorised)."""
    ordered = sorted(sizes)
    drawn = int(share * len(ordered))
    low, high = ordered[drawn], ordered[-1 - drawn]
    return fsum(min(high, max(low, size)) for size in ordered) / len(ordered)
