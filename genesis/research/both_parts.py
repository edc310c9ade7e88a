"""Every trial of a sweep in the first part of the data, and in the second: see `later`."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from genesis.analytics import NoValue
from genesis.research.sweep_figures import LOWER_IS_BETTER
from genesis.research.sweep_result import SweepResult

Float64 = npt.NDArray[np.float64]

_LEAST = 3


@dataclass(frozen=True, eq=False)
class BothParts:
    """first, second: the sweeps, the second on what came after."""

    first: SweepResult
    second: SweepResult

    @property
    def metric(self) -> str:
        return self.first.ran.metric

    @property
    def then(self) -> Float64:
        """(n,) the metric of each trial in the first part."""
        return self.first.table[self.metric].to_numpy(np.float64)

    @property
    def later(self) -> Float64:
        """(n,) the metric of the same trials in the second part."""
        return self.second.table[self.metric].to_numpy(np.float64)

    @property
    def winner(self) -> int:
        """The number of the trial that was best in the first part."""
        return int(np.argmax([figures.score(self.metric) for _, figures in self.first.trials]))

    @property
    def correlation(self) -> float | NoValue:
        """Of the ranks then with the ranks later, over the trials with a figure in both.

        1: the order stayed; 0: it tells nothing. Source: Spearman 1904.
        """
        known = np.isfinite(self.then) & np.isfinite(self.later)
        ranks = _ranks(self.then[known]), _ranks(self.later[known])
        if known.sum() < _LEAST or not all(one.std() for one in ranks):
            return NoValue(f"fewer than {_LEAST} trials that differ in both parts")
        return float(np.corrcoef(*ranks)[0, 1])

    @property
    def beaten_by(self) -> float:
        """The share of the other trials that did better later than the winner; ties count half."""
        scores = self.later * (-1.0 if self.metric in LOWER_IS_BETTER else 1.0)
        scores = np.where(np.isfinite(scores), scores, -np.inf)
        own, others = scores[self.winner], np.delete(scores, self.winner)
        return float(np.mean((others > own) + (others == own) / 2)) if others.size else 0.0


def _ranks(values: Float64) -> Float64:
    """Ranks from 0; equals share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    shared: Float64 = (ends - 1 + ends - counts) / 2.0
    return shared[place]
