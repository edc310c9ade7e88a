"""Has a strategy stopped earning what its backtest promised? Asked after every trade, for ever.

A bet against the strategy: after each trade it is paid by how far the trade fell short of what was
promised. As long as the promise holds the bet cannot be expected to grow, so the odds that it ever
multiplies its stake by c are at most 1 / c (Ville 1939): whoever looks after every trade, and stops
when he likes, still raises a false alarm with odds of `alpha` at most. That is what a p-value
looked at again and again does not give (Wald 1945, Robbins 1970).

The stake is spread over sizes of the bet (a mixture, Robbins 1970; bounded bets as in Waudby-Smith
and Ramdas 2023) and over the trade at which the decay may have begun (weights 1 / (s (s + 1)), as
in Shin, Ramdas and Rinaldo 2023), so nothing has to be guessed and old successes do not hide a
late decay.

What the backtest promises is not its mean, which is a guess itself, but the lower end of a
confidence interval of it, found by the same kind of bet. Half of `alpha` goes to either.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.analytics.blocks import seeded
from genesis.analytics.samples import Float64, is_constant, lacking, series
from genesis.analytics.values import NoValue
from genesis.errors import UsageError

ALPHA: Final = 0.05
FLOOR_R: Final = -2.0
CAP_R: Final = 5.0
MIN_BACKTEST: Final = 30
_BETS: Final = np.geomspace(0.02, 0.98, 16)
"""Sizes of the bet, as fractions of the largest that can never lose all."""
_MOST: Final = 1e300
_STEPS: Final = 40


@dataclass(frozen=True, slots=True, eq=False)
class Decay:
    """Results are in R, each cut to [floor_r, cap_r].

    expected_r: mean of the backtest; promised_r: its lower confidence bound, which the live trades
    are held against; live_r: their mean. capital: (n,) what a stake of 1 had become after each
    trade. needed: the capital at which the alarm is raised. alarm_at: number of the trade after
    which it was reached first, from 1. since: number of the trade with which the shortfall began,
    as it looks at the alarm.
    """

    trades: int
    backtest_trades: int
    expected_r: float
    promised_r: float
    live_r: float
    capital: Float64
    needed: float
    alarm_at: int | None
    since: int | None
    alpha: float
    floor_r: float
    cap_r: float

    @property
    def is_raised(self) -> bool:
        """Was the alarm raised at any trade? It stays so, whatever came later."""
        return self.alarm_at is not None


def decay(
    live: npt.ArrayLike,
    backtest: npt.ArrayLike,
    *,
    alpha: float = ALPHA,
    floor_r: float = FLOOR_R,
    cap_r: float = CAP_R,
) -> Decay | NoValue:
    """Hold live trades, in the order they were closed, against those of a backtest.

    live: (n,) results in R, n may be 0. backtest: (m,) results in R, at least 30. Both are cut to
    [floor_r, cap_r], so that the question is about the mean of results that are cut so; choose
    both before looking at the results. Trades may depend on each other as long as none is expected
    to do worse than promised, whatever came before it.

    Raises:
        UsageError: wrong shape, an alpha outside (0, 0.5], or a floor that is not below 0 and cap.
    """
    _check(alpha, floor_r, cap_r)
    told, known = series(live, "live"), series(backtest, "backtest")
    for broken in (lacking(known, MIN_BACKTEST), lacking(told, 0)):
        if broken is not None:
            return broken
    if is_constant(known):
        return NoValue("all results of the backtest are equal: there is no deviation to go by")
    unit = _Unit(floor_r, cap_r)
    promised = _lower_bound(unit.of(known), alpha / 2)
    needed = 2 / alpha
    results = unit.of(told)
    capital = _capital(results[None, :], promised)[0]
    reached = np.flatnonzero(capital >= needed)
    alarm_at = int(reached[0]) + 1 if reached.size else None
    return Decay(
        len(told),
        len(known),
        unit.back(unit.of(known).mean()),
        unit.back(promised),
        unit.back(results.mean()) if len(told) else float("nan"),
        capital,
        needed,
        alarm_at,
        None if alarm_at is None else _since(results[:alarm_at], promised),
        alpha,
        floor_r,
        cap_r,
    )


@dataclass(frozen=True, slots=True, eq=False)
class DecayDelay:
    """How many trades the alarm takes. trades: (draws,) of each draw, `horizon` + 1: not within.

    live_r: what the trades of the draws were expected to earn.
    """

    trades: npt.NDArray[np.int64]
    horizon: int
    live_r: float

    @property
    def found_fraction(self) -> float:
        """Share of the draws in which the alarm was raised within the horizon."""
        return float(np.mean(self.trades <= self.horizon))

    @property
    def median(self) -> float | NoValue:
        """Trades until the alarm, in half of the draws."""
        middle = float(np.median(self.trades))
        if middle > self.horizon:
            return NoValue(f"most draws raised no alarm within {self.horizon:,} trades")
        return middle


def decay_delay(
    backtest: npt.ArrayLike,
    *,
    live_r: float = 0.0,
    alpha: float = ALPHA,
    floor_r: float = FLOOR_R,
    cap_r: float = CAP_R,
    draws: int = 200,
    horizon: int = 1_000,
    seed: int = 0,
) -> DecayDelay | NoValue:
    """How long the alarm would take, were the strategy to earn `live_r` a trade from now on.

    The trades of the backtest are drawn again, moved so that their mean is `live_r`.

    Raises:
        UsageError: as `decay`; or no draw, or no horizon.
    """
    _check(alpha, floor_r, cap_r)
    if draws < 1 or horizon < 1:
        raise UsageError(f"draws {draws} and horizon {horizon} must be 1 at least")
    known = series(backtest, "backtest")
    broken = lacking(known, MIN_BACKTEST)
    if broken is not None:
        return broken
    unit = _Unit(floor_r, cap_r)
    promised = _lower_bound(unit.of(known), alpha / 2)
    moved = known - known.mean() + live_r
    drawn = moved[seeded(seed).integers(0, known.size, size=(draws, horizon))]
    capital = _capital(unit.of(drawn), promised)
    is_reached = capital >= 2 / alpha
    first = np.where(is_reached.any(axis=1), is_reached.argmax(axis=1) + 1, horizon + 1)
    return DecayDelay(first.astype(np.int64), horizon, live_r)


@dataclass(frozen=True, slots=True)
class _Unit:
    """Results in R as fractions of what is between floor and cap."""

    floor_r: float
    cap_r: float

    def of(self, results: Float64) -> Float64:
        return (np.clip(results, self.floor_r, self.cap_r) - self.floor_r) / self._width

    def back(self, part: float) -> float:
        return float(part) * self._width + self.floor_r

    @property
    def _width(self) -> float:
        return self.cap_r - self.floor_r


def _capital(results: Float64, promised: float) -> Float64:
    """(k, n) results -> (k, n) capital of a stake of 1 that bets on results below `promised`.

    The part of the stake for a start at trade s is put down at s and grows from there.
    """
    paths, count = results.shape
    gain = (promised - results) / (1.0 - promised)
    placed = np.zeros((paths, _BETS.size))
    capital = np.empty((paths, count))
    for t in range(count):
        placed += 1.0 / ((t + 1) * (t + 2))
        placed *= 1.0 + gain[:, t, None] * _BETS
        np.minimum(placed, _MOST, out=placed)
        capital[:, t] = placed.mean(axis=1) + 1.0 / (t + 2)
    return capital


def _lower_bound(results: Float64, alpha: float) -> float:
    """Lower confidence bound of the mean of results in [0, 1]: what bets on more than it refute.

    The largest m at which a stake of 1, put on results above m, has at some time become 1 / alpha.
    """
    low, high = 0.0, float(results.mean())
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _refutes(results, middle, alpha):
            low = middle
        else:
            high = middle
    return low


def _refutes(results: Float64, mean: float, alpha: float) -> bool:
    """Has a mixture of bets on results above `mean` ever become 1 / alpha?"""
    if mean <= 0.0:
        return True
    growth = np.cumsum(np.log1p((results[:, None] / mean - 1.0) * _BETS), axis=0)
    return bool(np.logaddexp.reduce(growth, axis=1).max() >= np.log(_BETS.size / alpha))


def _since(results: Float64, promised: float) -> int:
    """The start from which bets of some size would have won most, counted from 1."""
    gain = (promised - results) / (1.0 - promised)
    growth = np.log1p(gain[:, None] * _BETS)[::-1].cumsum(axis=0)[::-1]
    return int(growth.max(axis=1).argmax()) + 1


def _check(alpha: float, floor_r: float, cap_r: float) -> None:
    if not 0.0 < alpha <= 0.5:
        raise UsageError(f"alpha must lie between 0 and 0.5, not {alpha}")
    if not (np.isfinite(floor_r) and np.isfinite(cap_r)) or not floor_r < 0.0 < cap_r:
        raise UsageError(f"floor_r {floor_r} must be below 0, and cap_r {cap_r} above it")
