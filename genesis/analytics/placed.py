"""Were the moments of entry any better than moments drawn by chance?

The trades of a run are put elsewhere in the same market: each keeps how long it was held, what it
was worth and what it cost; their order and the time between them are drawn. So chance trades as
often, as long, as large and as dearly, and has the market's drift as well; what is left to compare
is when. A stop is a length of holding here: where chance puts the trade, it ends after as long.

Sources: Aronson 2006, "Evidence-Based Technical Analysis" (what a rule earns among its own
permutations); the p-value of a Monte Carlo test, the run itself among the draws: Barnard 1963.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from genesis.analytics.blocks import seeded
from genesis.analytics.samples import Float64, lacking, series
from genesis.analytics.values import NoValue
from genesis.errors import UsageError

DRAWS: Final = 1_000
_FEWEST: Final = 100
_TIE: Final = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class EntryOdds:
    """earned: by the run, in quote currency. drawn: (draws,) by chance. p_value: share of them, the
    run among them, that earned as much. trades: how many were placed.
    """

    earned: float
    drawn: Float64
    p_value: float
    trades: int

    @property
    def beaten_fraction(self) -> float:
        """The share of draws that earned less than the run; equals count for half."""
        tie = _TIE * max(1.0, abs(self.earned))
        below = np.count_nonzero(self.drawn < self.earned - tie)
        equal = np.count_nonzero(np.abs(self.drawn - self.earned) <= tie)
        return float((below + equal / 2) / self.drawn.size)


def random_entries(
    marks: npt.ArrayLike,
    entries: npt.ArrayLike,
    exits: npt.ArrayLike,
    worth: npt.ArrayLike,
    earned: npt.ArrayLike,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> EntryOdds | NoValue:
    """Compare trades with the same trades put elsewhere.

    marks: (n,) prices above 0. entries, exits: (m,) numbers of the marks at which each trade was
    opened and closed, oldest first, none open while another is. worth: (m,) quote currency at the
    entry. earned: (m,) net results; what a trade earned less than its marks did is its cost,
    wherever it is put. Long trades only.

    Raises:
        UsageError: wrong shapes, trades that overlap or lie outside of the marks, fewer than 100
            draws.
    """
    prices, size, own = series(marks, "marks"), series(worth, "worth"), series(earned, "earned")
    begun, ended = _numbers(entries, "entries"), _numbers(exits, "exits")
    if draws < _FEWEST:
        raise UsageError(f"draws must be at least {_FEWEST}, not {draws}")
    if len({begun.size, ended.size, size.size, own.size}) > 1:
        raise UsageError("entries, exits, worth and earned must have one value for each trade")
    if (why := lacking(prices, 2)) is not None:
        return why
    if begun.size == 0:
        return NoValue("there is no trade to put elsewhere")
    if (why := lacking(np.concatenate((size, own)), 1)) is not None:
        return why
    _check(prices, begun, ended)
    held = ended - begun
    free = prices.size - 1 - int(held.sum())
    if free == 0:
        return NoValue("it was in the market all the time: there is no other moment to enter")
    cost = size * (prices[ended] / prices[begun] - 1.0) - own
    drawn = _drawn(prices, held, size, cost, free, draws, seed)
    total = float(own.sum())
    tie = _TIE * max(1.0, abs(total))
    as_good = 1 + np.count_nonzero(drawn >= total - tie)
    return EntryOdds(total, drawn, float(as_good / (1 + draws)), int(begun.size))


def _drawn(
    prices: Float64,
    held: npt.NDArray[np.int64],
    size: Float64,
    cost: Float64,
    free: int,
    draws: int,
    seed: int,
) -> Float64:
    """(draws,) what the trades earn in a random order at random places."""
    rng, found, count = seeded(seed), np.empty(draws), held.size
    for number in range(draws):
        order = rng.permutation(count)
        lengths = held[order]
        waited = np.sort(rng.integers(0, free + 1, count))
        begun = waited + np.cumsum(lengths) - lengths
        growth = prices[begun + lengths] / prices[begun] - 1.0
        found[number] = size[order] @ growth - cost.sum()
    return found


def _numbers(values: npt.ArrayLike, name: str) -> npt.NDArray[np.int64]:
    found = np.asarray(values)
    if found.ndim != 1 or (found.size and not np.issubdtype(found.dtype, np.integer)):
        raise UsageError(f"{name} must be one column of whole numbers, shape (m,)")
    return found.astype(np.int64)


def _check(prices: Float64, begun: npt.NDArray[np.int64], ended: npt.NDArray[np.int64]) -> None:
    if prices.min() <= 0.0:
        raise UsageError("marks must be prices above 0")
    if begun[0] < 0 or ended.max() >= prices.size:
        raise UsageError(f"trades lie outside of the {prices.size} marks")
    if (ended < begun).any() or (begun[1:] < ended[:-1]).any():
        raise UsageError("trades must be in order, each closed before the next is opened")
