"""What a model said of orders it never saw, beside what these did.

The oldest two thirds of a sample are fitted, the newest third is held out. A figure of the model
and the same figure of what was held out differ by noise alone when the model is right: how much
noise there is, is told by drawing both parts again (stationary bootstrap), and all figures together
lie within it 95 times of 100 (Bonferroni).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from genesis.analytics.blocks import DRAWS, LEVEL, Generator, Interval, seeded, widened
from genesis.analytics.resampling import mean_block, stationary_picks
from genesis.analytics.samples import Float64
from genesis.analytics.values import NoValue

Indices = npt.NDArray[np.int64]

SAMPLES_MIN: Final = 60
"""Fewer than this are not fitted at all: a third of them must be held out."""
SHARES: Final = (0.1, 0.25, 0.5, 0.75, 0.9)


class Checked(NamedTuple):
    """One figure: what was predicted, what came, and where it should have come to lie."""

    name: str
    samples: int
    predicted: float
    realised: float
    low: float
    high: float

    @property
    def is_inside(self) -> bool:
        return self.low <= self.realised <= self.high


@dataclass(frozen=True, slots=True)
class Reliability:
    """rows: one per figure. fitted, held_out: how many orders (or messages) were in either part."""

    unit: str
    rows: tuple[Checked, ...]
    fitted: int
    held_out: int

    @property
    def is_reliable(self) -> bool:
        """Did everything come as predicted, as far as noise can tell?"""
        return all(row.is_inside for row in self.rows)

    @property
    def words(self) -> str:
        """The verdict in a sentence."""
        missed = [row.name for row in self.rows if not row.is_inside]
        tried = f"on {self.held_out:,} that were held out (fitted to {self.fitted:,})"
        if not missed:
            return f"as predicted {tried}"
        return f"not as predicted {tried}: {', '.join(missed)}"


def split(count: int) -> int:
    """How many of so many, the oldest, are fitted."""
    return count - count // 3


def checked(
    unit: str,
    names: Sequence[str],
    counts: Sequence[int],
    figures: tuple[Float64, Float64],
    drawn: tuple[Float64, Float64],
    sizes: tuple[int, int],
    block: float = 1.0,
) -> Reliability:
    """Predicted and realised `figures`, (k,) each, and both of samples `drawn` again, (draws, k).

    counts: how many held out each figure rests on. sizes: how many were fitted and held out. block:
    how many of them, on average, say the same: the intervals are widened for few independent ones.
    """
    predicted, realised = figures
    noise = (drawn[1] - realised) - (drawn[0] - predicted)
    tail = (1.0 - LEVEL) / 2.0 / len(names)
    low, high = np.nanquantile(noise, (tail, 1.0 - tail), axis=0)
    rows = []
    for at, (name, count) in enumerate(zip(names, counts, strict=True)):
        least = Interval(float(predicted[at] + low[at]), float(predicted[at] + high[at]))
        ends = widened(least, float(predicted[at]), max(3, int(count / block)))
        if unit.startswith("share"):
            ends = Interval(max(0.0, ends.low), min(1.0, ends.high))
        rows.append(Checked(name, count, float(predicted[at]), float(realised[at]), *ends))
    return Reliability(unit, tuple(rows), *sizes)


def share_reliability(sample: Float64, seed: int = 0) -> Reliability | NoValue:
    """Of (n,) numbers in the order they came: did later ones come as the older ones were spread?

    A figure is the share that lies at or below a quantile of the older ones.
    """
    if len(sample) < SAMPLES_MIN:
        return NoValue(f"{len(sample)} measured, at least {SAMPLES_MIN} are needed")
    cut = split(len(sample))
    older, newer = sample[:cut], sample[cut:]
    marks = np.unique(np.quantile(older, SHARES, method="inverted_cdf"))
    below = [part[:, None] <= marks for part in (older, newer)]
    figures = [part.mean(axis=0) for part in below]
    block, rng = block_of(older), seeded(seed)
    drawn = [_shares(part, picks_of(len(part), min(block, len(part)), rng)) for part in below]
    names = [f"{share:.0%}" for share in figures[0]]
    return checked(
        "share",
        names,
        [len(newer)] * len(names),
        (figures[0], figures[1]),
        (drawn[0], drawn[1]),
        (cut, len(newer)),
        block,
    )


def _shares(below: npt.NDArray[np.bool_], picks: Indices) -> Float64:
    return np.stack([column[picks].mean(axis=1) for column in below.T], axis=1)


def block_of(sample: Float64) -> float:
    """The mean length of blocks; 1 where none can be worked out."""
    block = mean_block(sample, None)
    return 1.0 if isinstance(block, NoValue) else block


def picks_of(count: int, block: float, rng: Generator, draws: int = DRAWS) -> Indices:
    """(draws, count): which of so many each draw consists of; what follows each other stays."""
    return np.concatenate(list(stationary_picks(count, count, draws, block, rng)))
