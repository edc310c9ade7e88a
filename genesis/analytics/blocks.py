"""The session-block bootstrap: whole sessions are drawn again, so what belongs together stays so.

The generator of random numbers is the caller's and seeded, so a report repeats to the same bytes.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Generator = np.random.Generator  # noqa: TID251  # the type of what callers pass in

DRAWS: Final = 2_000
LEVEL: Final = 0.95
_Z: Final = 1.959963985


def seeded(seed: int) -> Generator:
    """A generator that gives the same numbers for the same seed."""
    return np.random.default_rng(seed)  # noqa: TID251


class Interval(NamedTuple):
    """Where the figure lies with 95 % confidence."""

    low: float
    high: float

    @property
    def covers_zero(self) -> bool:
        return self.low <= 0.0 <= self.high


def drawn(blocks: int, draws: int, rng: Generator) -> npt.NDArray[np.float64]:
    """(draws, blocks): how often each block was drawn, with replacement, `blocks` at a time."""
    picks = rng.integers(0, blocks, size=(draws, blocks))
    flat = (picks + np.arange(draws)[:, None] * blocks).ravel()
    counts = np.bincount(flat, minlength=draws * blocks)
    return np.asarray(counts.reshape(draws, blocks), dtype=np.float64)


def interval_of(figures: npt.NDArray[np.float64]) -> Interval:
    """The middle 95 % of the figures of all draws."""
    tail = (1.0 - LEVEL) / 2 * 100
    low, high = np.percentile(figures, (tail, 100 - tail))
    return Interval(float(low), float(high))


def widened(interval: Interval, centre: float, blocks: int) -> Interval:
    """The interval about its centre, made honest for few blocks.

    Drawing again from a handful of blocks understates how much they differ: the spread is
    corrected as a sample variance is, and the normal quantile becomes Student's.
    """
    factor = np.sqrt(blocks / (blocks - 1)) * _student(blocks - 1) / _Z
    return Interval(
        float(centre - (centre - interval.low) * factor),
        float(centre + (interval.high - centre) * factor),
    )


def _student(freedom: int) -> float:
    """The two-sided 95 % quantile of Student's t, by its expansion about the normal one."""
    z, v = _Z, freedom
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / v + second / v**2 + third / v**3
