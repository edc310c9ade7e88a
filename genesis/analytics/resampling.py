"""How far a figure may lie from the truth: the sample is drawn again in blocks, many times.

The stationary bootstrap draws blocks of random length from a circle, so what follows upon each
other stays together and every period is as likely as any other.
Source: Politis and Romano 1994, "The Stationary Bootstrap".
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil, log10, sqrt
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.analytics.blocks import DRAWS, LEVEL, Generator, seeded
from genesis.analytics.samples import CONSTANT, Float64, is_constant, lacking, series
from genesis.analytics.values import NoValue
from genesis.errors import UsageError

Indices = npt.NDArray[np.int64]
Figure = Callable[[Float64], "float | np.floating | NoValue"]

_NORMAL: Final = NormalDist()
_CELLS: Final = 1 << 19
_UNDEFINED_MOST: Final = 0.05
_NO_FIGURE: Final = NoValue("the sample itself has no such figure")


def block_length(values: npt.ArrayLike) -> float | NoValue:
    """Mean block length, in periods, with which the stationary bootstrap of a mean errs least.

    (n,) numbers; at least 1, at most min(3 sqrt n, n/3).
    Source: Politis and White 2004, "Automatic Block-Length Selection for the Dependent Bootstrap",
    as corrected by Patton, Politis and White 2009.

    Raises:
        UsageError: wrong shape.
    """
    sample = series(values, "values")
    if (why := lacking(sample)) is not None:
        return why
    if is_constant(sample):
        return CONSTANT
    n, together = sample.size, max(5, ceil(sqrt(log10(sample.size))))
    longest = min(n - 1, ceil(sqrt(n)) + together)
    covariance = _autocovariances(sample, longest)
    reach = min(2 * max(1, _last_lag(covariance / covariance[0], n, together)), longest)
    lags = np.arange(1, reach + 1)
    weights = np.clip(2.0 * (1.0 - lags / reach), 0.0, 1.0)  # the flat-top window
    parts = weights * covariance[1 : reach + 1]
    slope, level = 2.0 * float(parts @ lags), covariance[0] + 2.0 * float(parts.sum())
    most = min(3.0 * sqrt(n), n / 3.0)
    if level == 0.0:
        return most
    return float(np.clip((slope**2 / level**2 * n) ** (1.0 / 3.0), 1.0, most))


def _autocovariances(sample: Float64, lags: int) -> Float64:
    away = (sample - sample.mean()) / np.abs(sample).max()
    sums = [float(away[: away.size - k] @ away[k:]) for k in range(lags + 1)]
    return np.asarray(np.array(sums) / away.size)


def _last_lag(correlation: Float64, n: int, together: int) -> int:
    """The last lag before so many in a row are within the noise; else the last one beyond it."""
    beyond = np.abs(correlation[1:]) >= 2.0 * sqrt(log10(n) / n)
    for lag in range(beyond.size - together + 1):
        if not beyond[lag : lag + together].any():
            return lag
    return int(np.flatnonzero(beyond)[-1]) + 1


def stationary_picks(
    rows: int, length: int, draws: int, block: float, rng: Generator
) -> Iterator[Indices]:
    """Parts (some draws, length) of `draws` samples: which of `rows` periods each consists of.

    block: mean length of the blocks, whose length is geometric; 1 draws every period by itself.
    """
    width = max(1, _CELLS // length)
    at = np.arange(length)
    for done in range(0, draws, width):
        size = (min(width, draws - done), length)
        starts = rng.integers(0, rows, size=size)
        if block == 1.0:
            yield starts
            continue
        begins = rng.random(size) * block < 1.0
        begins[:, 0] = True
        last = np.maximum.accumulate(np.where(begins, at, 0), axis=1)
        yield (np.take_along_axis(starts, last, axis=1) + at - last) % rows


# -- figures of many samples at once: (samples, n) -> (samples,), nan where there is none ---------
def _expectancy(samples: Float64) -> Float64:
    return np.asarray(samples.mean(axis=1))


def _profit_factor(samples: Float64) -> Float64:
    lost = -np.minimum(samples, 0.0).sum(axis=1)
    return np.asarray(np.maximum(samples, 0.0).sum(axis=1) / np.where(lost > 0.0, lost, np.nan))


def _sharpe(samples: Float64) -> Float64:
    deviation = np.where(is_constant(samples.T), np.nan, samples.std(axis=1, ddof=1))
    return np.asarray(samples.mean(axis=1) / deviation)


def _max_drawdown(samples: Float64) -> Float64:
    value = np.cumprod(1.0 + samples, axis=1)
    peak = np.maximum.accumulate(np.maximum(value, 1.0), axis=1)
    return np.asarray(np.minimum(value / peak - 1.0, 0.0).min(axis=1))


FIGURES: Final[Mapping[str, Callable[[Float64], Float64]]] = {
    "expectancy": _expectancy,
    "profit_factor": _profit_factor,
    "sharpe": _sharpe,
    "max_drawdown_fraction": _max_drawdown,
}
"""Sharpe is per period, a drawdown 0 or below; expectancy is the mean."""


@dataclass(frozen=True, slots=True)
class FigureInterval:
    """A figure of the sample, and where it lies with a confidence of `level`.

    block: mean length of the blocks, in periods. undefined: draws that had no such figure and were
    left out.
    """

    point: float
    low: float
    high: float
    level: float
    block: float
    draws: int
    undefined: int


def bootstrap_interval(
    returns: npt.ArrayLike,
    figure: str | Figure = "expectancy",
    *,
    block: float | None = None,
    draws: int = DRAWS,
    level: float = LEVEL,
    bca: bool = False,
    seed: int = 0,
) -> FigureInterval | NoValue:
    """Interval of a figure of (n,) returns (or results of trades) by the stationary bootstrap.

    figure: a name of `FIGURES`, or a function of (n,) numbers. block: mean length; None: by
    `block_length`. bca: corrected for bias and skew (Efron 1987), leaving out a block at a time;
    else the plain percentiles. The interval tells of the noise in this sample: not of a market
    that changes, nor of how many figures were tried; in short samples it is a little too narrow (of
    150 returns, 95 % cover about 92). Of a drawdown it tells what other orders of the same blocks
    would have shown.

    Raises:
        UsageError: wrong shape, unknown figure, or a block, draws or level out of range.
    """
    sample = series(returns)
    measure = _measure(figure)
    if draws < 100 or not 0.0 < level < 1.0:
        raise UsageError(f"draws must be at least 100, and level in (0, 1): {draws}, {level}")
    if (why := lacking(sample)) is not None:
        return why
    if isinstance(length := mean_block(sample, block), NoValue):
        return length
    with np.errstate(all="ignore"):
        point = float(measure(sample[None, :])[0])
        picks = stationary_picks(sample.size, sample.size, draws, length, seeded(seed))
        drawn = np.concatenate([measure(sample[each]) for each in picks])
    if not np.isfinite(point):
        return _NO_FIGURE
    known = drawn[np.isfinite(drawn)]
    if known.size < (1.0 - _UNDEFINED_MOST) * draws:
        return NoValue(f"{draws - known.size} of {draws} draws have no such figure")
    tails = np.array([(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    if bca:
        lean = _acceleration(sample, measure, ceil(length))
        corrected = lean if isinstance(lean, NoValue) else _corrected(tails, known, point, lean)
        if isinstance(corrected, NoValue):
            return corrected
        tails = corrected
    low, high = np.quantile(known, tails)
    return FigureInterval(point, float(low), float(high), level, length, draws, draws - known.size)


def mean_block(sample: Float64, block: float | None) -> float | NoValue:
    """The length asked for, or the automatic one; a constant sample needs no blocks.

    Raises:
        UsageError: a length below 1 or beyond the sample.
    """
    if block is None:
        return 1.0 if is_constant(sample) else block_length(sample)
    if not 1.0 <= block <= sample.size:
        raise UsageError(
            f"block must be from 1 to the {sample.size} periods there are, not {block}"
        )
    return float(block)


def _measure(figure: str | Figure) -> Callable[[Float64], Float64]:
    if isinstance(figure, str):
        if figure not in FIGURES:
            raise UsageError(f"no figure is named {figure!r}: there are {', '.join(FIGURES)}")
        return FIGURES[figure]

    def each(samples: Float64) -> Float64:
        found = (figure(row) for row in samples)
        return np.array([np.nan if isinstance(one, NoValue) else float(one) for one in found])

    return each


def _corrected(
    tails: Float64, known: Float64, point: float, acceleration: float
) -> Float64 | NoValue:
    """Which quantiles to read instead: shifted by the bias of the draws, and by their skew."""
    share = float(np.mean(known < point) + np.mean(known == point) / 2.0)
    if not 0.0 < share < 1.0:
        return NoValue("the figure lies outside all its draws: no bias to correct")
    bias = _NORMAL.inv_cdf(share)
    shifted = [bias + _NORMAL.inv_cdf(tail) for tail in tails]
    return np.array([_NORMAL.cdf(bias + z / (1.0 - acceleration * z)) for z in shifted])


def _acceleration(
    sample: Float64, measure: Callable[[Float64], Float64], block: int
) -> float | NoValue:
    """Skew of the figure over the samples that lack one block each."""
    groups = np.array_split(np.arange(sample.size), max(2, sample.size // block))
    with np.errstate(all="ignore"):
        left = np.concatenate([measure(np.delete(sample, group)[None, :]) for group in groups])
    if not np.isfinite(left).all():
        return NoValue(
            "without some of its blocks the sample has no such figure: no skew to correct"
        )
    away = left.mean() - left
    spread = float(np.sum(away**2))
    return float(np.sum(away**3)) / (6.0 * spread**1.5) if spread > 0.0 else 0.0
