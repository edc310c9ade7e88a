"""Did picking the best of many trials carry over? The probability of backtest overfitting.

Combinatorially symmetric cross-validation: the periods are cut into an even number of blocks; half
of the blocks choose the best trial, the other half tell where it ranks there; so for every way to
halve the blocks. Nothing of the size of splits x periods x trials is ever made: a half is a sum
over its blocks.

Source: Bailey, Borwein, Lopez de Prado and Zhu 2017, "The Probability of Backtest Overfitting".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice
from math import comb
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.analytics.samples import Float64, lacking, matrix
from genesis.analytics.values import NoValue
from genesis.errors import UsageError

BLOCKS: Final = 16
_MOST_BLOCKS: Final = 20
_CELLS: Final = 1 << 19
"""Splits times trials looked at together: a few megabytes a table."""


@dataclass(frozen=True, eq=False)
class Selection(float):
    """The probability of backtest overfitting: a number, and what lies behind it.

    pbo: share of splits in which the best trial of one half ranks in the other at its median or
    below. logits: (splits,) log odds of that rank; 0 is the median. slope, intercept: of the best
    trial's ratio in the other half over its ratio in its own; a slope below 0: the better it
    looked, the worse it did. loss_probability: share of splits in which it lost in the other half.
    rows: periods that were used; what does not fill the blocks is left out at the end.
    """

    pbo: float
    logits: Float64
    slope: float | NoValue
    intercept: float | NoValue
    loss_probability: float
    splits: int
    blocks: int
    rows: int
    trials: int

    def __new__(cls, pbo: float, *_: object, **__: object) -> "Selection":
        return super().__new__(cls, pbo)


def pbo(trial_returns: npt.ArrayLike, blocks: int = BLOCKS) -> Selection | NoValue:
    """Probability of backtest overfitting of (T, N) returns per period, a column for every trial.

    Trials are ranked by their Sharpe ratio (sample deviation); equal ranks are shared, equal
    winners are the first. A trial that stood still in a half (all 0) has a ratio of 0 there. Below
    0.1 the choice carried over; about 0.5 it was noise.

    Raises:
        UsageError: wrong shape; blocks not even, or not from 2 to 20.
    """
    sample = matrix(trial_returns)
    if blocks % 2 or not 2 <= blocks <= _MOST_BLOCKS:
        raise UsageError(f"blocks must be even and from 2 to {_MOST_BLOCKS}, not {blocks}")
    if sample.shape[1] < 2:
        return NoValue("one trial: nothing was selected")
    if (why := lacking(sample, rows_min=max(blocks, 4))) is not None:
        return why
    halves = _Halves(sample[: len(sample) // blocks * blocks], blocks)
    found = halves.splits()
    return found if isinstance(found, NoValue) else _judged(found, halves, sample.shape[1])


def _judged(found: Float64, halves: "_Halves", trials: int) -> Selection:
    """found: (splits, 3): the best trial's ratio in its half and in the other, its rank there."""
    chosen, other, ranks = found.T
    share = ranks / (trials + 1.0)
    logits = np.log(share / (1.0 - share))
    away = chosen - chosen.mean()
    slope: float | NoValue = NoValue("the best looked equally good in every split: no slope")
    intercept = slope
    if (spread := float(away @ away)) > 0.0:
        slope = float(away @ other) / spread
        intercept = float(other.mean()) - slope * float(chosen.mean())
    return Selection(
        pbo=float(np.mean(logits <= 0.0)),
        logits=logits,
        slope=slope,
        intercept=intercept,
        loss_probability=float(np.mean(other < 0.0)),
        splits=logits.size,
        blocks=halves.blocks,
        rows=halves.rows,
        trials=trials,
    )


class _Halves:
    """Sharpe ratios of distinct trials over any half of the blocks, from sums over blocks.

    Trials with the very same returns are kept once and counted, so that they tie exactly. Sums are
    of returns less the trial's median in units of its largest, which keeps their digits.
    """

    def __init__(self, sample: Float64, blocks: int) -> None:
        self.blocks, self.rows = blocks, len(sample)
        self.first, self.counts = _distinct(sample)
        kept = sample[:, self.first]
        sizes = np.abs(kept).max(axis=0)
        kept = kept / np.where(sizes > 0.0, sizes, 1.0)
        self._median = np.median(kept, axis=0)
        away = (kept - self._median).reshape(blocks, -1, kept.shape[1])
        self._sums, self._squares = away.sum(axis=1), (away**2).sum(axis=1)
        by_block = kept.reshape(away.shape)
        self._moves = np.count_nonzero(by_block, axis=1).astype(np.float64)
        self._still = _still_blocks(by_block)

    def splits(self) -> Float64 | NoValue:
        """(splits, 3) in the order of the combinations: see `_judged`."""
        if not self._moves.any():
            return NoValue("no trial earned or lost anything")
        total = comb(self.blocks, self.blocks // 2)
        found = np.empty((total, 3))
        for at, masks in self._masks(total // 2):
            here, there = self._ratios(masks), self._ratios(1.0 - masks)
            for ratios in (here, there):
                if np.isnan(ratios).any():
                    column = self.first[np.flatnonzero(np.isnan(ratios).any(axis=0))[0]]
                    return NoValue(
                        f"column {column} has equal returns over half of the periods: "
                        "it has no Sharpe ratio there"
                    )
            rows = slice(at, at + len(masks))
            mirrored = total - 1 - np.arange(rows.start, rows.stop)  # the halves change places
            found[rows], found[mirrored] = self._best(here, there), self._best(there, here)
        return found

    def _masks(self, total: int) -> Iterator[tuple[int, Float64]]:
        """(splits, blocks) of 0 and 1, a part at a time: the half that holds the first block."""
        rest = combinations(range(1, self.blocks), self.blocks // 2 - 1)
        width = max(1, _CELLS // len(self.counts))
        for at in range(0, total, width):
            size = min(width, total - at)
            masks = np.zeros((size, self.blocks))
            masks[:, 0] = 1.0
            chosen = np.array(list(islice(rest, size)), dtype=np.int64).reshape(size, -1)
            masks[np.arange(size)[:, None], chosen] = 1.0
            yield at, masks

    def _ratios(self, masks: Float64) -> Float64:
        """(splits, distinct trials): mean over sample deviation; nan where there is none."""
        n = self.rows // 2
        sums = masks @ self._sums
        variance = (masks @ self._squares - sums * sums / n) / (n - 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = (sums / n + self._median) / np.sqrt(variance)
        for column, low, high in self._still:
            lowest = np.where(masks > 0.0, low, np.inf).min(axis=1)
            highest = np.where(masks > 0.0, high, -np.inf).max(axis=1)
            ratios[lowest == highest, column] = np.nan
        ratios[~np.isfinite(ratios)] = np.nan
        ratios[masks @ self._moves == 0.0] = 0.0
        return np.asarray(ratios)

    def _best(self, here: Float64, there: Float64) -> Float64:
        """(splits, 3): the best trial's ratio here and there, and its rank there among all."""
        rows, best = np.arange(len(here)), here.argmax(axis=1)
        other = there[rows, best]
        below = (there < other[:, None]).astype(np.float64) @ self.counts
        equal = (there == other[:, None]).astype(np.float64) @ self.counts
        return np.column_stack((here[rows, best], other, below + (equal + 1.0) / 2.0))


def _distinct(sample: Float64) -> tuple[npt.NDArray[np.int64], Float64]:
    """Where each distinct column stands first, and how many there are of it."""
    seen: dict[bytes, int] = {}
    first: list[int] = []
    counts: list[float] = []
    for number, column in enumerate(np.ascontiguousarray(sample.T) + 0.0):
        place = seen.setdefault(column.tobytes(), len(first))
        if place == len(first):
            first.append(number)
            counts.append(0.0)
        counts[place] += 1.0
    return np.array(first, dtype=np.int64), np.array(counts)


def _still_blocks(by_block: Float64) -> list[tuple[int, Float64, Float64]]:
    """Columns that could be constant over a half: (column, lowest and highest of each block)."""
    low, high = by_block.min(axis=1), by_block.max(axis=1)
    many = np.count_nonzero(low == high, axis=0) >= len(low) // 2
    moved = np.count_nonzero((low == high) & (low != 0.0), axis=0) > 0
    return [(int(at), low[:, at], high[:, at]) for at in np.flatnonzero(many & moved)]
