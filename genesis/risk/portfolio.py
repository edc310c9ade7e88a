"""What all positions together may lose on a bad day: volatility and value at risk.

Volatility is sqrt(w' Sigma w): w what is held of each symbol, Sigma their daily sigmas around the
matrix of correlations. Value at risk of one day, told two ways:

    parametric    z * volatility, z the normal quantile of the tail (mean 0)
    historical    the worth of what is held now over each of the last days: with n days the
                  ceil(tail * n)-th worst of them

The worse of the two counts. Days that are not known of every symbol held are left out; with too
few of them history says nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, expm1, fsum, sqrt
from statistics import NormalDist
from typing import Final

from genesis.market.rules import PortfolioRules
from genesis.risk.correlation import Rho, matrix

DayReturns = Mapping[int, float]
"""Log returns by UTC day."""

_STEPS: Final = 40
_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class Exposed:
    """One symbol as far as a day's loss goes.

    worth: what is held of it, in quote currency. sigma: of a day's return; None: not known.
    """

    symbol: str
    worth: float
    sigma: float | None
    returns: DayReturns


@dataclass(frozen=True, slots=True)
class DayRisk:
    """All in quote currency. historical None: only `days` days are known, too few.

    unknown: symbols whose sigma is assumed.
    """

    volatility: float
    parametric: float
    historical: float | None
    days: int
    unknown: tuple[str, ...]

    @property
    def worse(self) -> float:
        """The estimate that counts."""
        return max(self.parametric, self.historical or 0.0)


def day_risk(held: Sequence[Exposed], rho: Rho, rules: PortfolioRules) -> DayRisk:
    """What the positions may lose within a day."""
    held = [one for one in held if one.worth]
    sigma = volatility(held, rho, rules)
    days = _common_days(held)
    known = len(days) >= rules.days_min
    return DayRisk(
        sigma,
        -_NORMAL.inv_cdf(rules.tail) * sigma,
        _historical(held, days, rules.tail) if known else None,
        len(days),
        tuple(one.symbol for one in held if one.sigma is None),
    )


def volatility(held: Sequence[Exposed], rho: Rho, rules: PortfolioRules) -> float:
    """sqrt(w' Sigma w), in quote currency a day; an unknown sigma is the one the rules assume."""
    moved = [
        one.worth * (rules.unknown_volatility if one.sigma is None else one.sigma) for one in held
    ]
    if len(moved) == 1:
        return abs(moved[0])
    rows = matrix([one.symbol for one in held], rho)
    total = fsum(
        ours * theirs * rho_of_both
        for ours, row in zip(moved, rows, strict=True)
        for theirs, rho_of_both in zip(moved, row, strict=True)
    )
    return sqrt(max(0.0, total))


def _common_days(held: Sequence[Exposed]) -> list[int]:
    if not held:
        return []
    common = set(held[0].returns)
    for one in held[1:]:
        common &= one.returns.keys()
    return sorted(common)


def _historical(held: Sequence[Exposed], days: Sequence[int], tail: float) -> float:
    losses = sorted(
        (-fsum(one.worth * expm1(one.returns[day]) for one in held) for day in days), reverse=True
    )
    return max(0.0, losses[ceil(tail * len(days)) - 1])


def room(loss_with: Callable[[float], float], limit: float, most: float) -> float | None:
    """The largest addition, up to `most`, with which the loss stays within the limit.

    None: even `most` does. 0: nothing may be added.
    """
    if loss_with(most) <= limit:
        return None
    low, high = 0.0, most
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if loss_with(middle) <= limit else (low, middle)
    return low
