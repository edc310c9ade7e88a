"""What size costs: slippage as a law of participation, fitted to orders of our own.

slippage = intercept + slope * participation ** power. The intercept is what every order pays (half
the spread, and the way to the venue), the slope what its size adds. power 1/2 is the square-root
law of market impact (Torre 1997, "BARRA Market Impact Model Handbook"; Almgren, Thum, Hauptmann and
Li 2005, "Direct Estimation of Equity Market Impact"), power 1 is linear (Kyle 1985).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.analytics.blocks import DRAWS, LEVEL, interval_of, seeded, widened
from genesis.analytics.reliability import (
    SAMPLES_MIN,
    Indices,
    Reliability,
    block_of,
    checked,
    picks_of,
    split,
)
from genesis.analytics.resampling import FigureInterval
from genesis.analytics.samples import Float64, is_constant, lacking, series
from genesis.analytics.values import NoValue
from genesis.errors import UsageError

FORMS: Final[Mapping[str, float]] = {"square_root": 0.5, "linear": 1.0}
_MOST_BINS: Final = 5
_PER_BIN: Final = 10


@dataclass(frozen=True, slots=True)
class SlippageFit:
    """form: a name of `FORMS`. intercept_bps, slope_bps: with their intervals (95 %); the slope is
    per unit of participation ** power. most: the largest participation seen; beyond it the law is a
    guess. noise_bps: deviation of single orders about the law. orders: how many were fitted.
    """

    form: str
    intercept_bps: FigureInterval
    slope_bps: FigureInterval
    noise_bps: float
    most: float
    orders: int

    def predicted_bps(self, participation: npt.ArrayLike) -> Float64:
        """What orders of such participation slip on average. (n,) >= 0; (n,) bps, + is worse.

        Raises:
            UsageError: wrong shape, below 0 or not finite.
        """
        x = _sizes(participation)
        return self.intercept_bps.point + self.slope_bps.point * x ** FORMS[self.form]

    @property
    def size_matters(self) -> bool:
        """Is the slope above 0, as far as noise can tell?"""
        return self.slope_bps.low > 0.0


def fit_slippage(
    participation: npt.ArrayLike,
    slippage_bps: npt.ArrayLike,
    form: str = "square_root",
    *,
    seed: int = 0,
) -> SlippageFit | NoValue:
    """Least squares; intervals by the stationary bootstrap of whole orders.

    participation: (n,) quantity of each order over what the market usually trades in the same
    time, >= 0. slippage_bps: (n,) against the price at the decision, + is worse. Both oldest first.
    The intervals are widened for few orders, as a sample's deviation is.

    Raises:
        UsageError: wrong or unequal shapes, an unknown form, or a participation below 0.
    """
    x, y = _both(participation, slippage_bps, form)
    if (why := _not_enough(x, y)) is not None:
        return why
    regressor = x ** FORMS[form]
    intercept, slope = _line(regressor[None, :], y[None, :])
    residual = y - intercept[0] - slope[0] * regressor
    block = block_of(residual)
    picks = picks_of(len(y), block, seeded(seed))
    drawn = _line(regressor[picks], y[picks])
    points = (float(intercept[0]), float(slope[0]))
    ends = [
        widened(interval_of(each[np.isfinite(each)]), point, len(y) - 1)
        for each, point in zip(drawn, points, strict=True)
    ]
    first, second = (
        FigureInterval(point, *end, LEVEL, block, DRAWS, int((~np.isfinite(each)).sum()))
        for point, end, each in zip(points, ends, drawn, strict=True)
    )
    noise = float(np.sqrt(residual @ residual / (len(y) - 2)))
    return SlippageFit(form, first, second, noise, float(x.max()), len(y))


def slippage_reliability(
    participation: npt.ArrayLike,
    slippage_bps: npt.ArrayLike,
    form: str = "square_root",
    *,
    seed: int = 0,
) -> Reliability | NoValue:
    """The law of the older orders beside what the newest third slipped, from small to large.

    Arguments and errors as of `fit_slippage`.
    """
    x, y = _both(participation, slippage_bps, form)
    if (why := _not_enough(x, y)) is not None:
        return why
    cut = split(len(y))
    regressor = x ** FORMS[form]
    older, newer = slice(0, cut), slice(cut, None)
    intercept, slope = _line(regressor[None, older], y[None, older])
    residual = y[older] - intercept[0] - slope[0] * regressor[older]
    rng = seeded(seed)
    picks = picks_of(cut, block_of(residual), rng)
    laws = _line(regressor[older][picks], y[older][picks])
    bins = _bins(regressor[newer])
    middle = np.array([regressor[newer][rows].mean() for rows in bins])
    slipped = [y[newer][rows] for rows in bins]
    realised_drawn = [each[picks_of(len(each), 1.0, rng)].mean(axis=1) for each in slipped]
    edges = [(x[newer][rows].min(), x[newer][rows].max()) for rows in bins]
    return checked(
        "bps",
        [f"{low:.2%} to {high:.2%}" for low, high in edges],
        [len(rows) for rows in bins],
        (intercept[0] + slope[0] * middle, np.array([each.mean() for each in slipped])),
        (laws[0][:, None] + laws[1][:, None] * middle, np.stack(realised_drawn, axis=1)),
        (cut, len(y) - cut),
    )


def _line(x: Float64, y: Float64) -> tuple[Float64, Float64]:
    """Intercepts and slopes of (samples, n): nan where a sample has orders of one size only."""
    away = x - x.mean(axis=1, keepdims=True)
    spread = (away**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(spread > 0.0, (away * y).sum(axis=1) / spread, np.nan)
    return y.mean(axis=1) - slope * x.mean(axis=1), slope


def _bins(sizes: Float64) -> list[Indices]:
    """Rows from small to large, in up to five parts of as many orders each."""
    count = int(np.clip(len(sizes) // _PER_BIN, 1, _MOST_BINS))
    return list(np.array_split(np.argsort(sizes, kind="stable"), count))


def require_form(form: str) -> None:
    """Raises UsageError: no law has that name."""
    if form not in FORMS:
        raise UsageError(f"no law is named {form!r}: there are {', '.join(FORMS)}")


def _both(participation: npt.ArrayLike, slippage: npt.ArrayLike, form: str) -> tuple[Float64, ...]:
    require_form(form)
    x, y = _sizes(participation, finite=False), series(slippage, "slippage_bps")
    if len(x) != len(y):
        raise UsageError(f"{len(x)} participations and {len(y)} slippages: give one of each order")
    return x, y


def _sizes(participation: npt.ArrayLike, *, finite: bool = True) -> Float64:
    x = series(participation, "participation")
    if (x < 0.0).any() or (finite and not np.isfinite(x).all()):
        raise UsageError("participation must be 0 or more, and finite")
    return x


def _not_enough(x: Float64, y: Float64) -> NoValue | None:
    if len(y) < SAMPLES_MIN:
        return NoValue(f"{len(y)} orders, at least {SAMPLES_MIN} are needed to fit and to check")
    if (why := lacking(np.column_stack((x, y)))) is not None:
        return why
    if is_constant(x[: split(len(x))]):
        return NoValue("the orders are of one size: what size costs cannot be told from them")
    return None
