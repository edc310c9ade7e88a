"""Is the best of many trials better than a benchmark, or the luckiest? Two tests of all at once.

Both ask how high the best of these trials, with how they move together, would have come had none
been better than the benchmark; the periods are drawn again by the stationary bootstrap, the same
for every trial.
Sources: White 2000, "A Reality Check for Data Snooping"; Hansen 2005, "A Test for Superior
Predictive Ability".
"""

from dataclasses import dataclass
from math import log, sqrt
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.analytics.blocks import seeded
from genesis.analytics.resampling import mean_block, stationary_picks
from genesis.analytics.samples import CONSTANT, Float64, is_constant, lacking, matrix, series
from genesis.analytics.values import NoValue
from genesis.errors import UsageError

DRAWS: Final = 1_000


@dataclass(frozen=True, slots=True)
class RealityCheck:
    """best: column with the highest mean. edge_fraction: its mean above the benchmark, per period.

    p_value: how often the best of trials without an edge comes as high.
    """

    best: int
    edge_fraction: float
    p_value: float
    block: float
    draws: int


@dataclass(frozen=True, slots=True)
class SuperiorAbility:
    """best: column with the highest mean in units of its own error, `t_value`.

    p_value: the consistent one, which leaves trials that are plainly bad out of the comparison.
    p_lower, p_upper: every trial below the benchmark left out; none left out.
    """

    best: int
    t_value: float
    p_value: float
    p_lower: float
    p_upper: float
    block: float
    draws: int


def reality_check(
    trial_returns: npt.ArrayLike,
    benchmark: npt.ArrayLike | None = None,
    *,
    block: float | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> RealityCheck | NoValue:
    """White's reality check of (T, N) returns per period, a column for every trial of a sweep.

    benchmark: (T,) returns to be beaten; None: 0, which is cash. block: mean length of blocks;
    None: the automatic one of the best trial. Many bad trials make it cautious: see
    `superior_ability`.

    Raises:
        UsageError: wrong shape, or a block or draws out of range.
    """
    edge = _edge(trial_returns, benchmark, draws)
    if isinstance(edge, NoValue):
        return edge
    means = edge.mean(axis=0)
    best = int(means.argmax())
    if isinstance(length := mean_block(edge[:, best], block), NoValue):
        return length
    drawn = _drawn_means(edge, length, draws, seed)
    return RealityCheck(
        best=best,
        edge_fraction=float(means[best]),
        p_value=_share_above((drawn - means).max(axis=1), float(means[best])),
        block=length,
        draws=draws,
    )


def superior_ability(
    trial_returns: npt.ArrayLike,
    benchmark: npt.ArrayLike | None = None,
    *,
    block: float | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> SuperiorAbility | NoValue:
    """Hansen's test of superior predictive ability; arguments as of `reality_check`.

    Each mean is measured in its own standard error, and trials that are worse than the benchmark
    by more than sqrt(2 log log T) of them do not raise the bar.

    Raises:
        UsageError: wrong shape, or a block or draws out of range.
    """
    edge = _edge(trial_returns, benchmark, draws)
    if isinstance(edge, NoValue):
        return edge
    means, rows = edge.mean(axis=0), len(edge)
    spread = edge.std(axis=0)
    best = int(np.divide(means, spread, out=np.zeros_like(means), where=spread > 0.0).argmax())
    if isinstance(length := mean_block(edge[:, best], block), NoValue):
        return length
    errors = np.sqrt(_bootstrap_variance(edge, length) / rows)
    has_error = ~is_constant(edge) & (errors > 0.0)
    if not has_error.any():
        return CONSTANT
    means, errors = means[has_error], errors[has_error]
    t_values = means / errors
    drawn = _drawn_means(edge[:, has_error], length, draws, seed) / errors
    bar = -sqrt(2.0 * log(log(rows)))
    centres = (np.maximum(t_values, 0.0), np.where(t_values >= bar, t_values, 0.0), t_values)
    highest = max(0.0, float(t_values.max()))
    lower, consistent, upper = (
        _share_above(np.maximum((drawn - centre).max(axis=1), 0.0), highest) for centre in centres
    )
    return SuperiorAbility(
        best=int(np.flatnonzero(has_error)[t_values.argmax()]),
        t_value=float(t_values.max()),
        p_value=consistent,
        p_lower=lower,
        p_upper=upper,
        block=length,
        draws=draws,
    )


def _edge(
    trial_returns: npt.ArrayLike, benchmark: npt.ArrayLike | None, draws: int
) -> Float64 | NoValue:
    """(T, N) returns above the benchmark's."""
    sample = matrix(trial_returns)
    beaten = np.zeros(len(sample)) if benchmark is None else series(benchmark, "benchmark")
    if beaten.size != len(sample):
        raise UsageError(f"the benchmark has {beaten.size} periods, the trials {len(sample)}")
    if draws < 100:
        raise UsageError(f"draws must be at least 100, not {draws}")
    edge = sample - beaten[:, None]
    return edge if (why := lacking(edge)) is None else why


def _drawn_means(edge: Float64, block: float, draws: int, seed: int) -> Float64:
    """(draws, N) means over periods drawn again."""
    rows, found = len(edge), []
    for picks in stationary_picks(rows, rows, draws, block, seeded(seed)):
        places = (picks + np.arange(len(picks))[:, None] * rows).ravel()
        counts = np.bincount(places, minlength=len(picks) * rows).reshape(len(picks), rows)
        found.append(counts.astype(np.float64) @ edge / rows)
    return np.concatenate(found)


def _bootstrap_variance(edge: Float64, block: float) -> Float64:
    """(N,) variance of sqrt(T) times the mean of each column under the stationary bootstrap.

    Hansen 2005, equation for omega^2: autocovariances on the circle, weighted by how likely two
    periods so far apart stay in one block.
    """
    rows = len(edge)
    lags = np.arange(rows)
    weights = (1.0 - 1.0 / block) ** lags * (1.0 - lags / rows)
    weights[1:] *= 2.0
    spectra = np.abs(np.fft.rfft(edge - edge.mean(axis=0), axis=0)) ** 2
    circular = np.fft.irfft(spectra, n=rows, axis=0) / rows
    # on the circle lag k already holds lag T - k, so each pair is met once
    return np.asarray(np.maximum(weights @ circular, 0.0))


def _share_above(drawn: Float64, found: float) -> float:
    """p-value: the share of draws as high as what was found, which counts as one of them."""
    return float((1 + np.count_nonzero(drawn >= found)) / (1 + drawn.size))
