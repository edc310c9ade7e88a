"""How long an order waits: odds to be filled, of orders of which some were taken back unfilled.

An order that was cancelled says only that it had not been filled until then (it is censored); to
leave it out would make waiting look shorter than it is.
Sources: Kaplan and Meier 1958, "Nonparametric Estimation from Incomplete Observations"; of limit
orders: Lo, MacKinlay and Zhang 2002, "Econometric Models of Limit-Order Executions".
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.analytics.blocks import DRAWS, LEVEL, interval_of, seeded
from genesis.analytics.reliability import (
    SAMPLES_MIN,
    Indices,
    Reliability,
    checked,
    picks_of,
    split,
)
from genesis.analytics.resampling import FigureInterval
from genesis.analytics.samples import Float64, lacking, series
from genesis.analytics.values import NoValue
from genesis.errors import UsageError

Bool = npt.NDArray[np.bool_]

FILLS_MIN: Final = 30
_MARKS: Final = (0.25, 0.5, 0.75)
_UNDEFINED_MOST: Final = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class FillOdds:
    """Odds to be filled until so much has gone by (time, or quantity served).

    at: (k,) where fills happened, rising. odds: (k,) share filled by then. orders, fills: counted.
    """

    at: Float64
    odds: Float64
    orders: int
    fills: int

    def until(self, gone: float) -> float:
        """The share filled by then; beyond the last fill what was reached."""
        row = int(np.searchsorted(self.at, gone, side="right"))
        return float(self.odds[row - 1]) if row else 0.0

    def quantile(self, share: float = 0.5) -> float | NoValue:
        """When so many are filled."""
        row = int(np.searchsorted(self.odds, share - 1e-12))
        if row == len(self.odds):
            reached = float(self.odds[-1]) if len(self.odds) else 0.0
            return NoValue(f"{reached:.0%} of the orders were filled at most, not {share:.0%}")
        return float(self.at[row])


def fill_odds(gone: npt.ArrayLike, filled: npt.ArrayLike) -> FillOdds:
    """Kaplan-Meier. gone: (n,) >= 0 until the fill or the end; filled: (n,) which of them it was.

    Raises:
        UsageError: wrong or unequal shapes, nan, or a number below 0.
    """
    at, was = _both(gone, filled)
    order = np.lexsort((~was, at))
    at, was = at[order], was[order]
    share = _filled(np.ones((1, len(at))), was)[0]
    times = np.unique(at)
    odds = share[np.searchsorted(at, times, side="right") - 1]
    rises = np.diff(odds, prepend=0.0) > 0.0
    return FillOdds(times[rises], odds[rises], len(at), int(was.sum()))


def fill_quantile(
    gone: npt.ArrayLike, filled: npt.ArrayLike, share: float = 0.5, *, seed: int = 0
) -> FigureInterval | NoValue:
    """When so many are filled, with its interval (95 %) by drawing whole orders again.

    Arguments and errors as of `fill_odds`.
    """
    at, was = _both(gone, filled)
    if (why := _not_enough(at, was)) is not None:
        return why
    point = fill_odds(at, was).quantile(share)
    if isinstance(point, NoValue):
        return point
    order = np.lexsort((~was, at))
    at, was = at[order], was[order]
    odds = _filled(_counts(picks_of(len(at), 1.0, seeded(seed)), len(at)), was)
    reached = odds >= share - 1e-12
    drawn = np.where(reached.any(axis=1), at[reached.argmax(axis=1)], np.nan)
    known = drawn[np.isfinite(drawn)]
    if known.size < (1.0 - _UNDEFINED_MOST) * DRAWS:
        return NoValue("too many orders were taken back before they were filled")
    return FigureInterval(point, *interval_of(known), LEVEL, 1.0, DRAWS, DRAWS - known.size)


def fill_reliability(
    gone: npt.ArrayLike, filled: npt.ArrayLike, *, seed: int = 0
) -> Reliability | NoValue:
    """The odds of the older orders beside those of the newest third, at three marks.

    Arguments (oldest first) and errors as of `fill_odds`.
    """
    at, was = _both(gone, filled)
    if (why := _not_enough(at, was)) is not None:
        return why
    cut = split(len(at))
    parts = ((at[:cut], was[:cut]), (at[cut:], was[cut:]))
    if min(int(of.sum()) for _, of in parts) < FILLS_MIN // 3:
        return NoValue("too few of the older or of the newest orders were filled to compare them")
    marks = np.unique(np.quantile(at[:cut][was[:cut]], _MARKS, method="inverted_cdf"))
    rng, figures, drawn = seeded(seed), [], []
    for times, of in parts:
        order = np.lexsort((~of, times))
        weights = _counts(picks_of(len(times), 1.0, rng), len(times))
        figures.append(_at(marks, times[order], _filled(np.ones((1, len(times))), of[order]))[0])
        drawn.append(_at(marks, times[order], _filled(weights, of[order])))
    return checked(
        "share filled",
        [f"until {mark:.3g}" for mark in marks],
        [len(at) - cut] * len(marks),
        (figures[0], figures[1]),
        (drawn[0], drawn[1]),
        (cut, len(at) - cut),
    )


def _filled(weights: Float64, was: Bool) -> Float64:
    """(samples, n) share filled by each order; those sorted by time, fills before the others."""
    at_risk = np.cumsum(weights[:, ::-1], axis=1)[:, ::-1]
    with np.errstate(invalid="ignore"):
        stays = np.where(weights > 0.0, 1.0 - weights * was / np.maximum(at_risk, 1.0), 1.0)
    return np.asarray(1.0 - np.cumprod(stays, axis=1))


def _counts(picks: Indices, count: int) -> Float64:
    flat = (picks + np.arange(len(picks))[:, None] * count).ravel()
    return np.bincount(flat, minlength=picks.size).reshape(picks.shape).astype(np.float64)


def _at(marks: Float64, times: Float64, odds: Float64) -> Float64:
    rows = np.searchsorted(times, marks, side="right")
    return np.asarray(np.where(rows > 0, odds[:, np.maximum(rows - 1, 0)], 0.0))


def _both(gone: npt.ArrayLike, filled: npt.ArrayLike) -> tuple[Float64, Bool]:
    at, was = series(gone, "gone"), np.asarray(filled)
    if was.shape != at.shape or was.dtype != np.bool_:
        raise UsageError(f"filled must be a flag for each of the {len(at)} orders")
    if not np.isfinite(at).all() or (at < 0.0).any():
        raise UsageError("gone must be 0 or more, and finite")
    return at, was


def _not_enough(at: Float64, was: Bool) -> NoValue | None:
    if len(at) < SAMPLES_MIN:
        return NoValue(f"{len(at)} resting orders, at least {SAMPLES_MIN} are needed")
    if was.sum() < FILLS_MIN:
        return NoValue(f"{int(was.sum())} of them were filled, at least {FILLS_MIN} are needed")
    return lacking(at)
