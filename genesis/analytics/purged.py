"""Choosing on some of the past and judging on the rest, in every way: combinatorial purged CV.

One walk forward is one path through history. Here the periods are cut into groups; each choice of
some groups for judging is one split, the others choose the best trial; what it did in the groups
that it was not chosen on is put together to as many whole paths as there are. Rows next to a
judged group, whose trades may reach into it, choose nothing.

Source: Lopez de Prado 2018, "Advances in Financial Machine Learning", chapters 7 and 12.
"""

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.analytics.samples import Float64, is_constant, lacking, matrix
from genesis.analytics.values import NoValue
from genesis.errors import UsageError

_MOST_SPLITS: Final = 20_000
_FEWEST_ROWS: Final = 2


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """What choosing the best trial would have earned, on every path.

    returns: (paths, T) per period, each path through all periods, each period judged by a choice
    that did not know it. sharpes: (paths,) per period; 0 for a path that stood still. chosen:
    (splits,) column that each split chose. loss_fraction: share of paths that lost.
    """

    returns: Float64
    sharpes: Float64
    chosen: npt.NDArray[np.int64]
    groups: int
    judged: int
    purge: int
    embargo: int

    @property
    def loss_fraction(self) -> float:
        return float(np.mean(self.returns.sum(axis=1) < 0.0))


def purged_paths(
    trial_returns: npt.ArrayLike,
    *,
    groups: int = 6,
    judged: int = 2,
    purge: int = 0,
    embargo: int = 0,
) -> Paths | NoValue:
    """Paths of (T, N) returns per period, a column for every trial.

    groups: of about equal length, in order. judged: how many of them judge at a time; the best
    column by Sharpe ratio over the others is judged, the first of equals. purge: rows left out of
    choosing before each judged group; embargo: after it. There are C(groups - 1, judged - 1) paths.

    Raises:
        UsageError: wrong shape; groups, judged, purge or embargo out of range, or too many splits.
    """
    sample = matrix(trial_returns)
    _check(groups, judged, purge, embargo)
    if (why := lacking(sample, rows_min=groups * _FEWEST_ROWS)) is not None:
        return why
    if not sample.any():
        return NoValue("no trial earned or lost anything")
    edges = np.linspace(0, len(sample), groups + 1).astype(np.int64)
    splits = list(combinations(range(groups), judged))
    chosen = np.empty(len(splits), np.int64)
    paths = np.empty((comb(groups - 1, judged - 1), len(sample)))
    filled = [0] * groups
    for number, split in enumerate(splits):
        rows = _choosing(len(sample), edges, split, purge, embargo)
        if np.count_nonzero(rows) < _FEWEST_ROWS:
            return NoValue("purge and embargo leave nothing to choose on: make them shorter")
        chosen[number] = int(_ratios(sample[rows]).argmax())
        for group in split:
            part = slice(edges[group], edges[group + 1])
            paths[filled[group], part] = sample[part, chosen[number]]
            filled[group] += 1
    return Paths(paths, _ratios(paths.T), chosen, groups, judged, purge, embargo)


def _check(groups: int, judged: int, purge: int, embargo: int) -> None:
    if groups < 2 or not 1 <= judged < groups:
        raise UsageError(f"judged must be from 1 to below the {groups} groups, not {judged}")
    if comb(groups, judged) > _MOST_SPLITS:
        raise UsageError(
            f"{groups} groups, {judged} judged at a time, are {comb(groups, judged):,} splits: "
            f"at most {_MOST_SPLITS:,}; take fewer groups"
        )
    if min(purge, embargo) < 0:
        raise UsageError(f"purge and embargo are rows, 0 or more, not {purge} and {embargo}")


def _choosing(
    rows: int, edges: npt.NDArray[np.int64], split: tuple[int, ...], purge: int, embargo: int
) -> npt.NDArray[np.bool_]:
    """Which rows may choose."""
    free = np.ones(rows, np.bool_)
    for group in split:
        free[max(0, edges[group] - purge) : edges[group + 1] + embargo] = False
    return free


def _ratios(sample: Float64) -> Float64:
    """(N,) Sharpe ratios of (T, N): 0 for a column that stood still, without end for a constant."""
    constant, mean = is_constant(sample), sample.mean(axis=0)
    sure = np.where(mean > 0.0, np.inf, np.where(mean < 0.0, -np.inf, 0.0))
    deviation = np.where(constant, 1.0, sample.std(axis=0, ddof=1))
    return np.asarray(np.where(constant, sure, mean / deviation))
